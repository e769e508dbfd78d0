//! Dynamic supervisors: what their starts give, what they count, and how their children end.

use crate::supervised::{
    Crew, HOUR, Order, Switch, counted, has_ended, incarnations, ms, run, run_dynamic, settle, supervisor,
};
use arbour::{
    AutoShutdown, Backoff, BrokenLimit, CallError, ChildContext, ChildEnded, ChildPolicy, ChildSpec,
    ChildStart, DynamicSupervisor, DynamicSupervisorBuilder, ExitKind, Failure, Restart, RestartLimit,
    ScopeHandle, Shutdown, SpecError, Strategy, SupervisorError, SupervisorOutcome, stopping,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// What a start does; the cases are those of a `start_link` function.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    Ready,
    ReadyWithInfo,
    Declines,
    Fails,
    EndsEarly,
    Panics,
    IsCancelled,
}

async fn act(cx: ChildContext, doing: Doing) -> Result<(), Failure> {
    match doing {
        Doing::Ready => cx.ready(),
        Doing::ReadyWithInfo => cx.ready_with("info"),
        Doing::Declines => {
            cx.decline();
            return Ok(());
        }
        Doing::Fails => return Err(Failure::message("no luck")),
        Doing::EndsEarly => return Ok(()),
        Doing::Panics => panic!("no luck at all"),
        Doing::IsCancelled => {
            ScopeHandle::current().expect("a child has a scope").cancel("changed its mind");
            std::future::pending::<()>().await;
        }
    }
    stopping().await;
    Ok(())
}

fn acting() -> DynamicSupervisorBuilder<Doing> {
    DynamicSupervisor::builder("sup", act).policy(ChildPolicy::plain().reports_ready())
}

/// A supervisor whose children do at each start what is said at that time.
fn acting_as_told(told: &Arc<Mutex<Doing>>, crew: &Crew) -> DynamicSupervisorBuilder<&'static str> {
    let (told, crew) = (Arc::clone(told), crew.clone());
    let start = move |cx: ChildContext, name: &'static str| {
        let (doing, crew) = (*told.lock().unwrap(), crew.clone());
        async move {
            if doing != Doing::Ready {
                crew.note(format!("?{name}"));
                return act(cx, doing).await;
            }
            cx.ready();
            crew.work(name.to_owned(), Duration::ZERO).await
        }
    };
    let policy = ChildPolicy::plain().reports_ready().backoff(Backoff::none());
    DynamicSupervisor::builder("sup", start).policy(policy).limit(crate::supervised::two_in_an_hour())
}

/// A dynamic supervisor that gives up after so many restarts, and whose restarts fail: which end it comes to.
async fn restarts_fail(intensity: u32) -> (Vec<String>, SupervisorError) {
    let (told, crew) = (Arc::new(Mutex::new(Doing::Ready)), Crew::new());
    let app = acting_as_told(&told, &crew).limit(RestartLimit::new(intensity, HOUR).unwrap());
    let ((), outcome) = run_dynamic(app, async |handle| {
        handle.start_child("w").await.unwrap();
        settle().await;
        *told.lock().unwrap() = Doing::Fails;
        crew.order("w", Order::Fail).await;
        assert!(has_ended(handle.supervisor()).await);
    })
    .await;
    (crew.lines(), outcome.expect_err("unlike OTP's it ends abnormally"))
}

/// Stops a dynamic supervisor of three children with this rule: what they did meanwhile.
async fn stop_three(policy: ChildPolicy) -> Vec<String> {
    let crew = Crew::new();
    let ((), outcome) = run_dynamic(crew.dynamic(policy), async |handle| {
        for name in ["a", "b", "c"] {
            handle.start_child(name).await.unwrap();
        }
        settle().await;
        crew.lines();
    })
    .await;
    outcome.unwrap();
    crew.timed()
}

mod dynamic_supervisor_test {
    use super::*;

    /// Names of children are given, not taken from the name of what they run.
    #[arbour::test]
    async fn multiple_supervisors_simple_child_spec() {
        let dynamic = |id: &str| ChildSpec::supervisor(id, || acting().build());
        run(supervisor().child(dynamic("one")).child(dynamic("two")), async |handle| {
            handle.start_child(dynamic("three")).await.unwrap();
            let refused = handle.start_child(dynamic("two")).await.unwrap_err();
            let two = handle.which_child("two").await.unwrap();
            let CallError::AlreadyStarted { slot, incarnation, .. } = refused.reason else {
                panic!("{refused}")
            };
            assert_eq!((slot, incarnation.number()), (two.child.slot(), 1));
            assert_eq!(counted(&handle).await, (3, 3, 3, 0));
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn set_default_options() {
        let app = DynamicSupervisor::builder("sup", act);
        run_dynamic(app, async |handle| {
            let config = handle.supervisor().config().await.unwrap();
            assert_eq!(config.strategy, Strategy::OneForOne);
            assert_eq!(config.auto_shutdown, AutoShutdown::Never);
            assert_eq!(config.limit, RestartLimit::new(3, ms(5_000)).unwrap());
            assert_eq!(handle.template().await.unwrap(), ChildPolicy::plain());
            for _ in 0..2_000 {
                handle.start_child(Doing::Ready).await.expect("there is no limit on their number");
            }
        })
        .await
        .1
        .unwrap();
    }

    /// What makes no sense is refused before there is a supervisor.
    #[arbour::test]
    async fn with_invalid_child_spec() {
        let late = acting().policy(ChildPolicy::plain().start_timeout(Duration::ZERO)).build();
        assert!(matches!(late.unwrap_err(), SpecError::ZeroStartTimeout { .. }));
        let permanent = acting().policy(ChildPolicy::plain().significant()).build();
        assert!(matches!(permanent.unwrap_err(), SpecError::SignificantPermanent { .. }));
        let policy = ChildPolicy::plain().restart(Restart::Temporary).significant();
        assert!(matches!(acting().policy(policy).build().unwrap_err(), SpecError::SignificantUnheard { .. }));
    }

    #[arbour::test]
    async fn with_different_returns() {
        run_dynamic(acting(), async |handle| {
            let plain = handle.start_child(Doing::Ready).await.unwrap();
            assert!(matches!(plain, ChildStart::Started { info: None, .. }));
            let told = handle.start_child(Doing::ReadyWithInfo).await.unwrap();
            assert_eq!(told.info::<&str>().as_deref(), Some(&"info"));
            assert!(matches!(handle.start_child(Doing::Declines).await.unwrap(), ChildStart::Declined));

            let failed = handle.start_child(Doing::Fails).await.unwrap_err();
            assert_eq!(failed.failure.as_ref().unwrap().to_string(), "no luck");
            assert!(failed.argument.is_none(), "it was used");
            let early = handle.start_child(Doing::EndsEarly).await.unwrap_err();
            let ended = ChildEnded::BeforeReady(ExitKind::Normal);
            assert!(matches!(early.reason, CallError::StartFailed { ended: how, .. } if how == ended));
            assert_eq!(counted(handle.supervisor()).await, (1, 2, 0, 2));
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn with_throw_error_exit() {
        run_dynamic(acting(), async |handle| {
            let kinds = [
                (Doing::Panics, ExitKind::Panicked),
                (Doing::Fails, ExitKind::Failed),
                (Doing::IsCancelled, ExitKind::Cancelled),
            ];
            for (doing, kind) in kinds {
                let refused = handle.start_child(doing).await.unwrap_err();
                let CallError::StartFailed { ended, .. } = refused.reason else { panic!("{refused}") };
                assert_eq!(ended, ChildEnded::BeforeReady(kind));
                let is_panic = refused.failure.as_ref().map(Failure::is_panic);
                assert_eq!(is_panic, (kind != ExitKind::Cancelled).then_some(kind == ExitKind::Panicked));
            }
            handle.start_child(Doing::Ready).await.expect("the supervisor lives");
            assert_eq!(counted(handle.supervisor()).await, (1, 1, 0, 1));
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn permanent_child_is_restarted_regardless_of_reason() {
        let crew = Crew::new();
        let app = crew.dynamic(ChildPolicy::plain()).limit(RestartLimit::new(3, HOUR).unwrap());
        run_dynamic(app, async |handle| {
            for (name, order) in [("a", Order::End), ("b", Order::Fail), ("c", Order::Drain)] {
                handle.start_child(name).await.unwrap();
                settle().await;
                crew.order(name, order).await;
            }
            assert_eq!(counted(handle.supervisor()).await, (1, 3, 0, 3));
            assert_eq!(incarnations(handle.supervisor()).await, [2, 2, 2]);
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn child_is_restarted_with_different_values() {
        for (doing, remains) in [(Doing::Declines, false), (Doing::Fails, true), (Doing::EndsEarly, true)] {
            let (told, crew) = (Arc::new(Mutex::new(Doing::Ready)), Crew::new());
            let retried = Backoff::new(ms(100), ms(100)).unwrap().jitter(false);
            let policy = ChildPolicy::plain().reports_ready().backoff(retried);
            run_dynamic(acting_as_told(&told, &crew).policy(policy), async |handle| {
                let child = handle.start_child("w").await.unwrap().child().unwrap();
                settle().await;
                *told.lock().unwrap() = doing;
                crew.order("w", Order::Fail).await;
                let counts = if remains { (1, 0, 0, 1) } else { (1, 0, 0, 0) };
                assert_eq!(counted(handle.supervisor()).await, counts, "{doing:?}");
                let is_restarting = handle.which_child(child).await.is_ok_and(|info| info.is_restarting());
                assert_eq!(is_restarting, remains, "{doing:?}");
            })
            .await
            .1
            .unwrap();
            assert_eq!(crew.lines(), ["+w", "!w", "?w"]);
        }
    }

    #[arbour::test]
    async fn restarting_on_init_children_counted_in_max_children() {
        let (told, crew) = (Arc::new(Mutex::new(Doing::Ready)), Crew::new());
        let retried = Backoff::new(HOUR, HOUR).unwrap();
        let policy = ChildPolicy::plain().reports_ready().backoff(retried);
        run_dynamic(acting_as_told(&told, &crew).policy(policy).max_children(1), async |handle| {
            let child = handle.start_child("w").await.unwrap().child().unwrap();
            settle().await;
            *told.lock().unwrap() = Doing::Fails;
            crew.order("w", Order::Fail).await;
            assert!(handle.which_child(child).await.unwrap().is_restarting());
            let refused = handle.start_child("v").await.unwrap_err();
            assert_eq!(refused.reason, CallError::TooManyChildren { max: 1 });
            assert_eq!(refused.argument, Some("v"), "handed back");

            handle.stop_child(child).await.unwrap();
            *told.lock().unwrap() = Doing::Ready;
            handle.start_child("v").await.expect("its place is free");
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn child_triggers_maximum_restarts() {
        let (lines, error) = restarts_fail(1).await;
        assert_eq!(lines, ["+w", "!w", "?w"]);
        let SupervisorError::Failed { outcome, failure, .. } = error else { panic!("{error}") };
        let limit = BrokenLimit::Supervisor(RestartLimit::new(1, HOUR).unwrap());
        assert!(matches!(outcome, SupervisorOutcome::GaveUp { limit: broken, .. } if broken == limit));
        assert_eq!(failure.unwrap().to_string(), "no luck");
    }

    #[arbour::test]
    async fn child_triggers_maximum_intensity_when_trying_again() {
        let (lines, error) = restarts_fail(10).await;
        assert_eq!(lines.iter().filter(|line| *line == "?w").count(), 10);
        assert!(error.to_string().contains("10 restarts"), "{error}");
    }

    #[arbour::test]
    async fn terminates_children_with_brutal_kill() {
        assert_eq!(
            stop_three(ChildPolicy::plain().shutdown(Shutdown::Abort)).await,
            ["xc@1", "xb@1", "xa@1"]
        );
    }

    /// A stop is an order, and what a child says on its way out is no failure of anybody; it is said all the same.
    #[arbour::test]
    async fn terminates_children_with_infinity_shutdown_and_abnormal_reason() {
        let crew = Crew::new();
        let notes = crew.clone();
        let start = move |_, name: &'static str| {
            let crew = notes.clone();
            async move {
                stopping().await;
                sleep(HOUR).await;
                crew.note(format!("{name} is sorry"));
                Err::<(), _>(Failure::message("sorry"))
            }
        };
        let policy = ChildPolicy::plain().shutdown(Shutdown::Wait);
        let app = DynamicSupervisor::builder("sup", start).policy(policy);
        let ((), outcome) = run_dynamic(app, async |handle| {
            for name in ["a", "b", "c"] {
                handle.start_child(name).await.unwrap();
            }
            settle().await;
        })
        .await;
        outcome.unwrap();
        let mut lines = crew.timed();
        lines.sort();
        assert_eq!(lines, ["a is sorry@3600001", "b is sorry@3600001", "c is sorry@3600001"]);
    }

    #[arbour::test]
    async fn terminates_children_with_expired_integer_shutdown() {
        let crew = Crew::new();
        let notes = crew.clone();
        let start = move |_, name: &'static str| {
            let crew = notes.clone();
            async move {
                match name {
                    "deaf" => crew.ignore(name.to_owned()).await,
                    _ => crew.work(name.to_owned(), Duration::ZERO).await,
                }
            }
        };
        let policy = ChildPolicy::plain().shutdown(Shutdown::After(ms(1))).clean_up(Duration::ZERO);
        let ((), outcome) =
            run_dynamic(DynamicSupervisor::builder("sup", start).policy(policy), async |handle| {
                for name in ["a", "deaf", "b"] {
                    handle.start_child(name).await.unwrap();
                }
                settle().await;
                crew.lines();
            })
            .await;
        outcome.unwrap();
        assert_eq!(crew.timed(), ["-b@1", "-a@1", "xdeaf@2"]);
    }

    #[arbour::test]
    async fn terminates_children_with_permanent_restart_and_normal_reason() {
        let policy = ChildPolicy::plain().restart(Restart::Permanent);
        assert_eq!(stop_three(policy).await, ["-c@1", "-b@1", "-a@1"], "none is started again");
    }

    #[arbour::test]
    async fn terminates_with_mixed_children() {
        let crew = Crew::new();
        let ((), outcome) = run_dynamic(crew.dynamic(ChildPolicy::plain()), async |handle| {
            let rules = [
                ("killed", Shutdown::Abort),
                ("timed", Shutdown::After(ms(1_000))),
                ("awaited", Shutdown::Wait),
            ];
            for (name, shutdown) in rules {
                let slow = crew.clone();
                let start = move |_, name: &'static str| slow.clone().work(name.to_owned(), ms(5_000));
                handle.replace_template(ChildPolicy::plain().shutdown(shutdown), start).await.unwrap();
                handle.start_child(name).await.unwrap();
            }
            settle().await;
            crew.lines();
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.timed(), ["xkilled@1", "xtimed@1001", "-awaited@5001"]);
    }

    #[arbour::test]
    async fn terminate_child_brutal_kill_integer() {
        let rules = [(Shutdown::Abort, "xw@1"), (Shutdown::After(ms(1_000)), "-w@1")];
        for (shutdown, line) in rules {
            let crew = Crew::new();
            run_dynamic(crew.dynamic(ChildPolicy::plain().shutdown(shutdown)), async |handle| {
                let child = handle.start_child("w").await.unwrap().child().unwrap();
                settle().await;
                handle.stop_child(child).await.unwrap();
                assert_eq!(crew.timed(), ["+w@0", line]);
                let gone = CallError::NoSuchSlot { slot: child.slot() };
                assert_eq!(handle.stop_child(child).await, Err(gone));
                assert_eq!(counted(handle.supervisor()).await, (1, 0, 0, 0));
            })
            .await
            .1
            .unwrap();
        }
    }

    #[arbour::test]
    async fn terminates_restarting_child() {
        let (crew, broken) = (Crew::new(), Switch::default());
        let (starting, fails) = (crew.clone(), broken.clone());
        let start = move |cx: ChildContext, name: &'static str| {
            let (crew, broken) = (starting.clone(), fails.clone());
            async move {
                crew.start_unless(&broken, &cx, name).await?;
                crew.work(name.to_owned(), Duration::ZERO).await
            }
        };
        let retried = Backoff::new(ms(100), ms(100)).unwrap().jitter(false);
        let policy = ChildPolicy::plain().reports_ready().backoff(retried);
        run_dynamic(DynamicSupervisor::builder("sup", start).policy(policy), async |handle| {
            let child = handle.start_child("w").await.unwrap().child().unwrap();
            settle().await;
            broken.set(Some(ms(0)));
            crew.order("w", Order::Fail).await;
            handle.stop_child(child).await.unwrap();
            sleep(HOUR).await;
            assert_eq!(crew.lines(), ["+w", "!w", "?w"], "the retry is cancelled");
            assert_eq!(counted(handle.supervisor()).await, (1, 0, 0, 0));
        })
        .await
        .1
        .unwrap();
    }
}
