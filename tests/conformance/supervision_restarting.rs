//! Who comes back after an end of its own, alone or with its siblings, and when the supervisor gives up.

use crate::supervised::{
    Crew, HOUR, Order, Switch, counted, has_ended, incarnations, listed, ms, no_limit, run, run_dynamic,
    settle, supervisor, two_in_an_hour,
};
use arbour::{
    Backoff, BrokenLimit, CallError, ChildContext, ChildPolicy, ChildSpec, DynamicSupervisor, Failure,
    Restart, RestartLimit, Strategy, SupervisorError, SupervisorOutcome, stopping,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Asserts that the supervisor gave up on this child because of its own limit: no orderly end, unlike in OTP.
#[track_caller]
fn gave_up_on(id: &str, outcome: Result<(), SupervisorError>) -> SupervisorError {
    let error = outcome.expect_err("it gave up");
    let SupervisorError::Failed { outcome, .. } = &error else { panic!("{error}") };
    let SupervisorOutcome::GaveUp { id: blamed, limit: BrokenLimit::Supervisor(_), .. } = outcome else {
        panic!("{error}")
    };
    assert_eq!(&**blamed, id);
    error
}

/// A child of this kind, told to end in this way: which run it is in afterwards, or that its slot is gone.
async fn after(restart: Restart, order: Order) -> Option<(u64, bool)> {
    let crew = Crew::new();
    let (found, outcome) = run(supervisor().child(crew.worker("w").restart(restart)), async |handle| {
        crew.order("w", order).await;
        sleep(HOUR).await;
        handle.which_child("w").await.ok().map(|info| (info.incarnation, info.is_running()))
    })
    .await;
    outcome.unwrap();
    found
}

mod supervisor {
    use super::supervisor;
    use super::*;

    /// Whoever is drained by an outsider and ends has ended in good order; so has one that just returns.
    #[arbour::test]
    async fn transient_shutdown() {
        for order in [Order::Drain, Order::End] {
            assert_eq!(after(Restart::Transient, order).await, Some((1, false)), "{order:?}");
        }
    }

    #[arbour::test]
    async fn temporary_shutdown() {
        for order in [Order::Drain, Order::End] {
            assert_eq!(after(Restart::Temporary, order).await, None, "{order:?}");
        }
        let crew = Crew::new();
        run(supervisor().child(crew.worker("w").restart(Restart::Temporary)), async |handle| {
            crew.order("w", Order::Drain).await;
            handle.start_child(crew.worker("w")).await.expect("the name is free");
        })
        .await
        .1
        .unwrap();
        assert_eq!(crew.lines(), ["+w", "-w", "+w", "-w"]);
    }

    #[arbour::test]
    async fn permanent_abnormal() {
        for order in [Order::Fail, Order::Panic, Order::Kill] {
            assert_eq!(after(Restart::Permanent, order).await, Some((2, true)), "{order:?}");
        }
    }

    #[arbour::test]
    async fn transient_abnormal() {
        for order in [Order::Fail, Order::Panic, Order::Kill] {
            assert_eq!(after(Restart::Transient, order).await, Some((2, true)), "{order:?}");
        }
    }

    #[arbour::test]
    async fn temporary_bystander() {
        for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
            let crew = Crew::new();
            let app = supervisor()
                .strategy(strategy)
                .child(crew.worker("p"))
                .child(crew.slow_worker("t", ms(10)).restart(Restart::Temporary));
            run(app, async |handle| {
                crew.order("p", Order::End).await;
                sleep(HOUR).await;
                assert_eq!(listed(&handle).await, ["p running"], "{strategy:?}");
                assert_eq!(crew.timed(), ["+p@0", "+t@0", "!p@1", "-t@11", "+p@11"]);
            })
            .await
            .1
            .unwrap();
        }
    }

    #[arbour::test]
    async fn multiple_restarts() {
        let crew = Crew::new();
        let app = supervisor().limit(RestartLimit::new(1, ms(1_000)).unwrap()).child(crew.worker("w"));
        run(app, async |handle| {
            crew.order("w", Order::Fail).await;
            for _ in 0..3 {
                sleep(ms(2_100)).await;
                crew.order("w", Order::Fail).await;
            }
            assert_eq!(incarnations(&handle).await, [5]);
        })
        .await
        .1
        .unwrap();
        let lived =
            ["+w@0", "!w@1", "+w@1", "!w@2102", "+w@2102", "!w@4203", "+w@4203", "!w@6304", "+w@6304"];
        assert_eq!(crew.timed()[..9], lived);
    }

    #[arbour::test]
    async fn one_for_all() {
        let crew = Crew::new();
        let app = supervisor()
            .strategy(Strategy::OneForAll)
            .child(crew.slow_worker("a", ms(10)))
            .child(crew.slow_worker("b", ms(10)));
        let ((), outcome) = run(app, async |handle| {
            crew.order("a", Order::Fail).await;
            sleep(ms(100)).await;
            assert_eq!(crew.timed(), ["+a@0", "+b@0", "!a@1", "-b@11", "+a@11", "+b@11"]);
            assert_eq!(incarnations(&handle).await, [2, 2]);
            crew.order("b", Order::Fail).await;
            sleep(ms(100)).await;
            crew.order("a", Order::Fail).await;
            sleep(ms(100)).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        let error = gave_up_on("a", outcome);
        assert_eq!(error.failure().unwrap().to_string(), "a failed");
        assert_eq!(crew.timed(), ["!b@102", "-a@112", "+a@112", "+b@112", "!a@203", "-b@213"]);
    }

    #[arbour::test]
    async fn one_for_all_escalation() {
        let (crew, broken) = (Crew::new(), Switch::default());
        let app = supervisor()
            .strategy(Strategy::OneForAll)
            .limit(RestartLimit::new(4, HOUR).unwrap())
            .child(crew.worker("a"))
            .child(crew.worker_that_may_break("b", &broken));
        let ((), outcome) = run(app, async |handle| {
            broken.set(Some(ms(0)));
            crew.order("a", Order::Fail).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        gave_up_on("b", outcome);
        let each = ["+a", "?b", "-a"];
        let whole = ["+a", "+b", "!a", "-b"].into_iter().chain([each; 4].into_iter().flatten());
        assert_eq!(crew.lines(), whole.collect::<Vec<_>>(), "the first restart and three more");
    }

    #[arbour::test]
    async fn rest_for_one() {
        let crew = Crew::new();
        let app = supervisor()
            .strategy(Strategy::RestForOne)
            .child(crew.slow_worker("1", ms(10)))
            .child(crew.slow_worker("2", ms(10)))
            .child(crew.slow_worker("3", ms(10)));
        let ((), outcome) = run(app, async |handle| {
            crew.order("2", Order::Fail).await;
            sleep(ms(98)).await;
            assert_eq!(crew.timed(), ["+1@0", "+2@0", "+3@0", "!2@1", "-3@11", "+2@11", "+3@11"]);
            assert_eq!(incarnations(&handle).await, [1, 2, 2]);
            assert_eq!(counted(&handle).await, (3, 3, 0, 3));
            crew.order("3", Order::Fail).await;
            crew.order("2", Order::Fail).await;
            sleep(ms(100)).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        gave_up_on("2", outcome);
        assert_eq!(crew.timed(), ["!3@100", "+3@100", "!2@101", "-3@111", "-1@121"]);
    }

    #[arbour::test]
    async fn rest_for_one_escalation() {
        let (crew, broken) = (Crew::new(), Switch::default());
        let app = supervisor()
            .strategy(Strategy::RestForOne)
            .limit(RestartLimit::new(4, HOUR).unwrap())
            .child(crew.worker("1"))
            .child(crew.worker_that_may_break("2", &broken));
        let ((), outcome) = run(app, async |handle| {
            broken.set(Some(ms(0)));
            crew.order("1", Order::Fail).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        gave_up_on("2", outcome);
        let lines = ["+1", "+2", "!1", "-2", "+1", "?2", "?2", "?2", "?2", "-1"];
        assert_eq!(crew.lines(), lines, "the start that fails stands alone: those before it stay up");
    }

    /// Giving up is a failure with the limit and the child's last failure, not an exit with `shutdown`.
    #[arbour::test]
    async fn simple_one_for_one() {
        let crew = Crew::new();
        let ((), outcome) = run_dynamic(crew.dynamic(ChildPolicy::plain()), async |handle| {
            handle.start_child("a").await.unwrap();
            handle.start_child("b").await.unwrap();
            settle().await;
            crew.order("a", Order::Fail).await;
            assert_eq!(incarnations(handle.supervisor()).await, [2, 1]);
            assert_eq!(counted(handle.supervisor()).await, (1, 2, 0, 2));
            crew.order("b", Order::Panic).await;
            crew.order("a", Order::Fail).await;
            assert!(has_ended(handle.supervisor()).await);
        })
        .await;
        let error = gave_up_on("0", outcome);
        assert_eq!(error.failure().unwrap().to_string(), "a failed");
        assert_eq!(crew.lines(), ["+a", "+b", "!a", "+a", "!b", "+b", "!a", "-b"]);
    }

    #[arbour::test]
    async fn simple_one_for_one_extra() {
        let crew = Crew::new();
        let starting = crew.clone();
        let app = DynamicSupervisor::builder("sup", move |cx, name: &'static str| {
            cx.ready_with(format!("{name} in run {}", cx.incarnation()));
            starting.clone().work(name.to_owned(), Duration::ZERO)
        });
        let app =
            app.policy(ChildPolicy::plain().reports_ready().backoff(Backoff::none())).limit(two_in_an_hour());
        let ((), outcome) = run_dynamic(app, async |handle| {
            let started = handle.start_child("a").await.unwrap();
            assert_eq!(started.info::<String>().unwrap().as_str(), "a in run 1");
            handle.start_child("b").await.unwrap();
            settle().await;
            for name in ["a", "b", "a"] {
                assert_eq!(counted(handle.supervisor()).await, (1, 2, 0, 2));
                crew.order(name, Order::Fail).await;
            }
            assert!(has_ended(handle.supervisor()).await);
        })
        .await;
        gave_up_on("0", outcome);
    }

    #[arbour::test]
    async fn order_of_children() {
        let crew = Crew::new();
        let names = ["three", "one", "five", "two", "four"];
        let app = names.iter().fold(supervisor().strategy(Strategy::RestForOne), |app, name| {
            app.child(crew.slow_worker(name, ms(10)))
        });
        let ((), outcome) = run(app, async |handle| {
            assert_eq!(crew.lines(), ["+three", "+one", "+five", "+two", "+four"]);
            crew.order("five", Order::Fail).await;
            sleep(ms(98)).await;
            let turn = ["!five@1", "-four@11", "-two@21", "+five@21", "+two@21", "+four@21"];
            assert_eq!(crew.timed(), turn);
            assert_eq!(incarnations(&handle).await, [1, 1, 2, 2, 2]);
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.timed(), ["-four@110", "-two@120", "-five@130", "-one@140", "-three@150"]);
    }

    /// Between two tries the child is listed as restarting; it may not be counted as running.
    #[arbour::test]
    async fn hanging_restart_loop() {
        let (crew, broken) = (Crew::new(), Switch::default());
        let id = || "w".into();
        let app = supervisor().limit(no_limit()).child(crew.worker_that_may_break("w", &broken));
        let ((), outcome) = run(app, async |handle| {
            broken.set(Some(ms(2_000)));
            crew.order("w", Order::Fail).await;
            for _ in 0..3 {
                sleep(ms(2_000)).await;
                let again = handle.start_child(crew.worker("w")).await.unwrap_err();
                assert_eq!(again.reason, CallError::AlreadyPresent { id: id() });
                let restart = handle.restart_child("w").await.unwrap_err();
                assert_eq!(restart.reason, CallError::Restarting { id: id() });
                assert_eq!(handle.delete_child("w").await, Err(CallError::Restarting { id: id() }));
                assert_eq!(listed(&handle).await, ["w restarting"]);
                assert_eq!(counted(&handle).await, (1, 0, 0, 1));
            }
            handle.stop_child("w").await.unwrap();
            assert_eq!(listed(&handle).await, ["w not running"]);
            sleep(HOUR).await;
            assert_eq!(
                crew.timed(),
                ["+w@0", "!w@1", "?w@2001", "?w@4001", "?w@6001"],
                "the loop is cancelled"
            );

            broken.set(None);
            handle.restart_child("w").await.unwrap();
            settle().await;
            assert_eq!(listed(&handle).await, ["w running"]);
            broken.set(Some(ms(2_000)));
            crew.order("w", Order::Fail).await;
            sleep(ms(3_000)).await;
            handle.request_stop();
            let asked = crew.time();
            while !has_ended(&handle).await {
                settle().await;
            }
            assert!(crew.time() - asked <= 2, "at once");
        })
        .await;
        outcome.unwrap();
    }

    #[arbour::test]
    async fn hanging_restart_loop_rest_for_one() {
        let (crew, broken) = (Crew::new(), Switch::default());
        let app = supervisor()
            .strategy(Strategy::RestForOne)
            .limit(no_limit())
            .child(crew.worker("1"))
            .child(crew.worker_that_may_break("2", &broken))
            .child(crew.worker("3"));
        let ((), outcome) = run(app, async |handle| {
            broken.set(Some(ms(2_000)));
            crew.order("2", Order::Fail).await;
            for _ in 0..3 {
                sleep(ms(2_000)).await;
                assert_eq!(listed(&handle).await, ["1 running", "2 restarting", "3 not running"]);
                assert_eq!(incarnations(&handle).await[0], 1);
                assert_eq!(counted(&handle).await, (3, 1, 0, 3));
                let delete = handle.delete_child("2").await;
                assert_eq!(delete, Err(CallError::Restarting { id: "2".into() }));
            }
            handle.stop_child("2").await.unwrap();
            sleep(HOUR).await;
            assert_eq!(listed(&handle).await, ["1 running", "2 not running", "3 not running"]);

            broken.set(None);
            handle.restart_child("2").await.unwrap();
            handle.restart_child("3").await.unwrap();
            settle().await;
            assert_eq!(listed(&handle).await, ["1 running", "2 running", "3 running"]);
            broken.set(Some(ms(2_000)));
            crew.lines();
            crew.order("2", Order::Fail).await;
            sleep(ms(3_000)).await;
            assert_eq!(crew.lines(), ["!2", "-3", "?2"]);
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.lines(), ["-1"], "what loops is given up at once");
    }

    #[arbour::test]
    async fn hanging_restart_loop_simple() {
        let (crew, broken) = (Crew::new(), Switch::default());
        let (starting, fails) = (crew.clone(), broken.clone());
        let start = move |cx: ChildContext, name: &'static str| {
            let (crew, broken) = (starting.clone(), fails.clone());
            async move {
                crew.start_unless(&broken, &cx, name).await?;
                crew.work(name.to_owned(), Duration::ZERO).await
            }
        };
        let app = DynamicSupervisor::builder("sup", start)
            .policy(ChildPolicy::plain().reports_ready().backoff(Backoff::none()))
            .limit(no_limit());
        let ((), outcome) = run_dynamic(app, async |handle| {
            let child = handle.start_child("w").await.unwrap().child().unwrap();
            settle().await;
            broken.set(Some(ms(2_000)));
            crew.order("w", Order::Fail).await;
            for _ in 0..3 {
                sleep(ms(2_000)).await;
                assert!(handle.which_child(child).await.unwrap().is_restarting());
                assert_eq!(counted(handle.supervisor()).await, (1, 0, 0, 1));
                let id = || "0".into();
                let restart = handle.supervisor().restart_child("0").await.unwrap_err();
                assert_eq!(restart.reason, CallError::Dynamic { id: id() });
                assert_eq!(handle.supervisor().delete_child("0").await, Err(CallError::Dynamic { id: id() }));
            }
            handle.stop_child(child).await.expect("it is known by what its first start gave");
            assert_eq!(counted(handle.supervisor()).await, (1, 0, 0, 0));

            broken.set(None);
            handle.start_child("v").await.unwrap();
            settle().await;
            broken.set(Some(ms(2_000)));
            crew.order("v", Order::Fail).await;
            sleep(ms(3_000)).await;
            assert_eq!(counted(handle.supervisor()).await, (1, 0, 0, 1));
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.lines(), ["+w", "!w", "?w", "?w", "?w", "+v", "!v", "?v"]);
    }

    /// What each of them keeps is looked at by whether the argument is still there, not by the size of a heap.
    #[arbour::test]
    async fn simple_one_for_one_corruption() {
        let app = DynamicSupervisor::builder("sup", |_, argument: Arc<Vec<u64>>| async move {
            let crashes = argument.is_empty();
            drop(argument);
            if crashes {
                return Err(Failure::message("empty"));
            }
            stopping().await;
            Ok(())
        });
        let app = app.policy(ChildPolicy::plain().restart(Restart::Temporary));
        run_dynamic(app, async |handle| {
            handle.start_child(Arc::default()).await.unwrap();
            settle().await;
            assert!(handle.which_children().await.is_empty(), "it has crashed");
            let argument = Arc::new(vec![0; 50_000]);
            let watched = Arc::downgrade(&argument);
            handle.start_child(argument).await.unwrap();
            settle().await;
            assert_eq!(counted(handle.supervisor()).await, (1, 1, 0, 1), "it runs");
            assert_eq!(watched.strong_count(), 0, "and nobody but the child ever had its argument");
        })
        .await
        .1
        .unwrap();
    }

    /// What a start owns belongs to the slot, so that it goes with the slot of a temporary child and stays with that
    /// of any other. A start that wants to be called once may give its argument away at that call.
    #[arbour::test]
    async fn do_not_save_start_parameters_for_temporary_children() {
        for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
            for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
                let argument = Arc::new(vec![0_u64; 50_000]);
                let watched = Arc::downgrade(&argument);
                run(supervisor().strategy(strategy), async |handle| {
                    for n in 0..100 {
                        let mut given = (restart == Restart::Temporary).then(|| argument.clone());
                        let kept = argument.clone();
                        let child = ChildSpec::new(n.to_string(), move |_| {
                            let argument = given.take().unwrap_or_else(|| kept.clone());
                            async move {
                                drop(argument);
                                stopping().await;
                                Ok::<(), Failure>(())
                            }
                        });
                        handle.start_child(child.restart(restart)).await.unwrap();
                    }
                    settle().await;
                    assert_eq!(watched.strong_count(), 101, "{restart:?}: while they run");
                    for n in 0..100 {
                        handle.stop_child(n.to_string()).await.unwrap();
                    }
                    settle().await;
                    let kept = if restart == Restart::Temporary { 0 } else { 100 };
                    assert_eq!(watched.strong_count(), 1 + kept, "{strategy:?} {restart:?}");
                })
                .await
                .1
                .unwrap();
            }
        }
    }

    #[arbour::test]
    async fn do_not_save_child_specs_for_temporary_children() {
        #[derive(Debug, PartialEq)]
        enum Then {
            Started,
            Present,
            Free,
        }
        for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
            for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
                for order in [Some(Order::Kill), Some(Order::End), Some(Order::Fail), None] {
                    let crew = Crew::new();
                    let app = supervisor().strategy(strategy).child(crew.worker("w").restart(restart));
                    let (then, outcome) = run(app, async |handle| {
                        match order {
                            Some(order) => crew.order("w", order).await,
                            None => handle.stop_child("w").await.unwrap(),
                        }
                        match handle.start_child(crew.worker("w")).await.map_err(|refused| refused.reason) {
                            Ok(_) => Then::Free,
                            Err(CallError::AlreadyStarted { .. }) => Then::Started,
                            Err(CallError::AlreadyPresent { .. }) => Then::Present,
                            Err(other) => panic!("{other}"),
                        }
                    })
                    .await;
                    outcome.unwrap();
                    let expected = match (restart, order) {
                        (Restart::Temporary, _) => Then::Free,
                        (_, None) | (Restart::Transient, Some(Order::End)) => Then::Present,
                        _ => Then::Started,
                    };
                    assert_eq!(then, expected, "{strategy:?} {restart:?} {order:?}");
                }
            }
        }
    }
}
