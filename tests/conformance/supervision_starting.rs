//! Starting children: those that decline, those that fail, and specifications that make no sense.

use crate::supervised::{
    Crew, HOUR, Order, Switch, counted, has_ended, incarnations, listed, ms, no_limit, run, run_dynamic,
    settle, supervisor,
};
use arbour::{
    AutoShutdown, Backoff, CallError, ChildContext, ChildEnded, ChildInfo, ChildPolicy, ChildSpec,
    ChildStart, DynamicSupervisor, DynamicSupervisorBuilder, DynamicSupervisorHandle, ExitKind, Failure,
    Refused, Restart, Shutdown, SpecError, Supervisor, SupervisorBuilder, SupervisorHandle, stopping,
    task_group,
};
use std::time::Duration;
use tokio::time::sleep;

/// A child that has nothing to do.
fn declining(name: &'static str) -> ChildSpec {
    let child = ChildSpec::new(name, |cx| async move {
        cx.decline();
        Ok::<(), Failure>(())
    });
    child.reports_ready()
}

/// A child that says it is ready and gives a number, then does as its worker.
fn informing(crew: &Crew, name: &'static str) -> ChildSpec {
    let crew = crew.clone();
    let child = ChildSpec::new(name, move |cx| {
        cx.ready_with(100 + cx.incarnation());
        crew.clone().work(name.to_owned(), Duration::ZERO)
    });
    child.reports_ready().backoff(Backoff::none())
}

/// A dynamic supervisor whose children decline when their argument says so.
fn declining_dynamic(crew: &Crew, restart: Restart) -> DynamicSupervisorBuilder<Option<&'static str>> {
    let crew = crew.clone();
    let start = move |cx: ChildContext, name: Option<&'static str>| {
        let crew = crew.clone();
        async move {
            let Some(name) = name else {
                cx.decline();
                return Ok::<(), Failure>(());
            };
            cx.ready();
            crew.work(name.to_owned(), Duration::ZERO).await
        }
    };
    DynamicSupervisor::builder("sup", start).policy(ChildPolicy::plain().restart(restart).reports_ready())
}

async fn declines(handle: &DynamicSupervisorHandle<Option<&'static str>>) {
    assert!(matches!(handle.start_child(None).await.unwrap(), ChildStart::Declined));
    assert!(handle.which_children().await.is_empty(), "nothing is stored");
    assert_eq!(counted(handle.supervisor()).await, (1, 0, 0, 0));
}

mod supervisor {
    use super::supervisor;
    use super::*;

    #[arbour::test]
    async fn sup_start_normal() {
        let (ended, outcome) = run(supervisor(), async |handle| {
            sleep(HOUR).await;
            has_ended(&handle).await
        })
        .await;
        assert!(!ended, "it runs until it is asked");
        outcome.unwrap();
    }

    /// A supervisor is made by a function that has no say in whether it runs: whoever wants one that may decline
    /// makes it in a child.
    #[arbour::test]
    async fn sup_start_ignore_init() {
        let crew = Crew::new();
        let inner = ChildSpec::new("inner", |cx| async move {
            let wanted: Vec<ChildSpec> = Vec::new();
            if wanted.is_empty() {
                cx.decline();
                return Ok(());
            }
            let inner = wanted.into_iter().fold(Supervisor::builder("inner"), SupervisorBuilder::child);
            inner.build()?.run().await.map_err(Failure::from)
        });
        let app = supervisor().child(crew.worker("bystander"));
        let (listed, outcome) = run(app, async |handle| {
            let start = handle.start_child(inner.reports_ready()).await.unwrap();
            assert!(matches!(start, ChildStart::Declined));
            sleep(ms(100)).await;
            assert_eq!(crew.lines(), ["+bystander"], "nobody hears of it");
            listed(&handle).await
        })
        .await;
        outcome.unwrap();
        assert_eq!(listed, ["bystander running", "inner not running"]);
    }

    #[arbour::test]
    async fn sup_start_ignore_child() {
        let crew = Crew::new();
        run(supervisor(), async |handle| {
            let start = handle.start_child(declining("first")).await.unwrap();
            assert!(start.child().is_none());
            assert!(handle.start_child(crew.worker("second")).await.unwrap().child().is_some());
            settle().await;
            assert_eq!(listed(&handle).await, ["first not running", "second running"]);
            assert_eq!(counted(&handle).await, (2, 1, 0, 2));
        })
        .await
        .1
        .unwrap();
        assert_eq!(crew.lines(), ["+second", "-second"]);
    }

    #[arbour::test]
    async fn sup_start_ignore_temporary_child_start_child() {
        let crew = Crew::new();
        run(supervisor(), async |handle| {
            let start = handle.start_child(declining("first").restart(Restart::Temporary)).await.unwrap();
            assert!(start.child().is_none());
            assert_eq!(counted(&handle).await, (0, 0, 0, 0), "no slot is kept");
            handle.start_child(crew.worker("second")).await.unwrap();
            settle().await;
            assert_eq!(listed(&handle).await, ["second running"]);
            assert_eq!(counted(&handle).await, (1, 1, 0, 1));
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn sup_start_ignore_temporary_child_start_child_simple() {
        let crew = Crew::new();
        let app = declining_dynamic(&crew, Restart::Temporary);
        run_dynamic(app, async |handle| {
            declines(&handle).await;
            let child = handle.start_child(Some("second")).await.unwrap().child().unwrap();
            let children = handle.which_children().await;
            assert_eq!(children.iter().map(|info| info.child).collect::<Vec<_>>(), [child]);
            assert_eq!(counted(handle.supervisor()).await, (1, 1, 0, 1));
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn sup_start_ignore_permanent_child_start_child_simple() {
        let crew = Crew::new();
        let app = declining_dynamic(&crew, Restart::Permanent);
        let ((), outcome) = run_dynamic(app, async |handle| {
            declines(&handle).await;
            sleep(HOUR).await;
            assert!(handle.which_children().await.is_empty(), "it is not tried again");
        })
        .await;
        outcome.unwrap();
        assert!(crew.lines().is_empty());
    }

    #[arbour::test]
    async fn sup_start_restart_child_returns_error() {
        let crew = Crew::new();
        let again = crew.clone();
        let child = ChildSpec::new("child", move |cx| {
            assert!(cx.incarnation() == 1, "no second time");
            cx.ready();
            again.clone().work("child".to_owned(), Duration::ZERO)
        });
        let app = supervisor().child(crew.worker("bystander")).child(child.reports_ready());
        run(app, async |handle| {
            handle.stop_child("child").await.unwrap();
            let Refused { reason, failure, spec, .. } = handle.restart_child("child").await.unwrap_err();
            let ended = ChildEnded::BeforeReady(ExitKind::Panicked);
            assert_eq!(reason, CallError::StartFailed { id: "child".into(), ended });
            assert!(failure.unwrap().to_string().ends_with("no second time") && spec.is_none());
            assert_eq!(listed(&handle).await, ["bystander running", "child not running"]);
            sleep(HOUR).await;
            assert_eq!(listed(&handle).await, ["bystander running", "child not running"]);
        })
        .await
        .1
        .unwrap();
        assert_eq!(crew.lines(), ["+bystander", "+child", "-child", "-bystander"]);
    }

    /// The specification of a child that was started is used up: the error names the child and has its failure.
    #[arbour::test]
    async fn sup_start_child_returns_error() {
        run(supervisor(), async |handle| {
            let broken = ChildSpec::new("broken", |_| async { Err::<(), _>(Failure::message("no disk")) });
            let refused = handle.start_child(broken.reports_ready()).await.unwrap_err();
            let text =
                "child `broken` did not start: it failed before it was ready; its last failure: no disk";
            assert_eq!(refused.to_string(), text);

            let silent = ChildSpec::new("silent", |_| async { Ok::<(), Failure>(()) });
            let refused = handle.start_child(silent.reports_ready()).await.unwrap_err();
            assert_eq!(
                refused.to_string(),
                "child `silent` did not start: it ended normally before it was ready"
            );
            assert!(refused.failure.is_none());
            assert_eq!(counted(&handle).await, (0, 0, 0, 0), "no slot is kept");
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn sup_start_map_simple() {
        let crew = Crew::new();
        let policy = ChildPolicy::plain().restart(Restart::Transient);
        let stranger = run_dynamic(crew.dynamic(policy), async |handle| {
            handle.start_child("stranger").await.unwrap().child().unwrap()
        })
        .await
        .0;
        run_dynamic(crew.dynamic(policy), async |handle| {
            let whole = handle.template().await.unwrap();
            assert_eq!((whole.restart, whole.shutdown), (Restart::Transient, Shutdown::After(ms(5_000))));
            for name in ["a", "b", "c"] {
                let child = handle.start_child(name).await.unwrap().child().unwrap();
                assert_eq!(handle.child_spec(child).await.unwrap(), whole);
            }
            assert_eq!(
                handle.child_spec(stranger).await,
                Err(CallError::NoSuchSlot { slot: stranger.slot() })
            );
        })
        .await
        .1
        .unwrap();
    }

    /// A specification without a name or a start does not compile; what can be said wrongly has an error of its own.
    #[arbour::test]
    async fn sup_start_map_faulty_specs() {
        let crew = Crew::new();
        let twice = supervisor().child(crew.worker("a")).child(crew.worker("a")).build();
        let late = supervisor().child(crew.worker("a").start_timeout(Duration::ZERO)).build();
        let unheard = supervisor().child(crew.worker("a").restart(Restart::Transient).significant()).build();
        assert_eq!(twice.unwrap_err(), SpecError::DuplicateId { id: "a".into() });
        assert_eq!(late.unwrap_err(), SpecError::ZeroStartTimeout { id: "a".into() });
        assert_eq!(unheard.unwrap_err(), SpecError::SignificantUnheard { id: "a".into() });
        assert!(crew.lines().is_empty(), "nothing was started");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the name is taken by incarnation {}", .holder.incarnation)]
    struct NameTaken {
        holder: ChildInfo,
    }

    #[arbour::test]
    async fn already_started_outside_supervisor() {
        let crew = Crew::new();
        let other = Supervisor::builder("other").child(crew.worker("logger")).build().unwrap();
        let outside = other.handle();
        let known = outside.clone();
        let late = ChildSpec::new("logger", move |_| {
            let outside = known.clone();
            async move {
                let holder = outside.which_child("logger").await?;
                Err::<(), _>(Failure::from(NameTaken { holder }))
            }
        });
        task_group(async |group| {
            group.spawn(other.run());
            run(supervisor(), async |handle| {
                let refused = handle.start_child(late.reports_ready()).await.unwrap_err();
                let taken = refused.failure.unwrap();
                let taken: &NameTaken = taken.downcast_ref().expect("the error comes back as it is");
                assert_eq!(taken.holder, outside.which_child("logger").await.unwrap());
                assert!(handle.which_children().await.is_empty());
            })
            .await
            .1
            .unwrap();
            assert_eq!(crew.lines(), ["+logger"], "the outsider is not touched");
            outside.request_stop();
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn extra_return() {
        let crew = Crew::new();
        run(supervisor().child(informing(&crew, "a")), async |handle| {
            assert_eq!(listed(&handle).await, ["a running"]);
            handle.stop_child("a").await.unwrap();
            let again = handle.restart_child("a").await.unwrap();
            assert_eq!(again.info::<u64>().as_deref(), Some(&102));
            assert_eq!(again.info::<u8>(), None, "of another type there is none");

            let started = handle.start_child(informing(&crew, "b")).await.unwrap();
            assert_eq!(started.info::<u64>().as_deref(), Some(&101));
            assert_eq!(started.child().unwrap(), handle.which_child("b").await.unwrap().child);
            assert_eq!(counted(&handle).await, (2, 2, 0, 2));

            crew.order("b", Order::Fail).await;
            assert_eq!(handle.which_child("b").await.unwrap().incarnation, 2);
            handle.stop_child("b").await.unwrap();
            handle.delete_child("b").await.unwrap();
            assert_eq!(listed(&handle).await, ["a running"]);
        })
        .await
        .1
        .unwrap();
        assert_eq!(crew.lines(), ["+a", "-a", "+a", "+b", "!b", "+b", "-b", "-a"]);
    }

    #[arbour::test]
    async fn child_specs_map() {
        let crew = Crew::new();
        let refuse = |spec: ChildSpec, auto_shutdown| {
            supervisor().auto_shutdown(auto_shutdown).child(spec).build().unwrap_err()
        };
        let id = || "a".into();
        let (never, any) = (AutoShutdown::Never, AutoShutdown::AnySignificant);
        let significant = |restart| crew.worker("a").restart(restart).significant();
        assert_eq!(
            refuse(significant(Restart::Transient), never),
            SpecError::SignificantUnheard { id: id() }
        );
        assert_eq!(
            refuse(significant(Restart::Permanent), any),
            SpecError::SignificantPermanent { id: id() }
        );
        assert_eq!(
            refuse(crew.worker("a").start_timeout(ms(0)), any),
            SpecError::ZeroStartTimeout { id: id() }
        );
        let twice = supervisor().child(crew.worker("a")).child(crew.deaf_worker("a")).build();
        assert_eq!(twice.unwrap_err(), SpecError::DuplicateId { id: id() });

        let stops = [Shutdown::Abort, Shutdown::After(ms(0)), Shutdown::After(ms(5_000)), Shutdown::Wait];
        for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
            for stop in stops {
                for (mark, auto_shutdown) in [(false, never), (false, any), (true, any)] {
                    let spec = crew.worker("a").restart(restart).shutdown(stop).reports_ready();
                    let spec = if mark && restart != Restart::Permanent { spec.significant() } else { spec };
                    assert!(supervisor().auto_shutdown(auto_shutdown).child(spec).build().is_ok());
                }
            }
        }
    }

    /// Listed in the order of start, the oldest first.
    #[arbour::test]
    async fn which_children() {
        let crew = Crew::new();
        let agree = async |handle: &SupervisorHandle| {
            for info in handle.which_children().await {
                assert_eq!(handle.which_child(&*info.id).await.unwrap(), info);
            }
            let unknown = CallError::NotFound { id: "ghost".into() };
            assert_eq!(handle.which_child("ghost").await.unwrap_err(), unknown);
            listed(handle).await
        };
        run(supervisor(), async |handle| {
            assert!(agree(&handle).await.is_empty());
            handle.start_child(crew.worker("b")).await.unwrap();
            assert_eq!(agree(&handle).await, ["b running"]);
            handle.start_child(crew.worker("a")).await.unwrap();
            assert_eq!(agree(&handle).await, ["b running", "a running"]);
            handle.stop_child("b").await.unwrap();
            assert_eq!(agree(&handle).await, ["b not running", "a running"]);
            handle.delete_child("b").await.unwrap();
            assert_eq!(agree(&handle).await, ["a running"]);
        })
        .await
        .1
        .unwrap();
    }

    /// A child is looked up by what its start gave; a name is the wrong kind of key.
    #[arbour::test]
    async fn which_children_simple_one_for_one() {
        let crew = Crew::new();
        run_dynamic(crew.dynamic(ChildPolicy::plain()), async |handle| {
            let first = handle.start_child("a").await.unwrap().child().unwrap();
            let second = handle.start_child("b").await.unwrap().child().unwrap();
            assert_eq!(handle.which_child(first).await.unwrap().child, first);
            assert_eq!(handle.which_child(second).await.unwrap().child, second);
            handle.stop_child(first).await.unwrap();
            let gone = CallError::NoSuchSlot { slot: first.slot() };
            assert_eq!(handle.which_child(first).await.unwrap_err(), gone);
            assert!(handle.which_child(second).await.unwrap().is_running());
            let by_name = handle.supervisor().stop_child("b").await;
            assert_eq!(by_name, Err(CallError::Dynamic { id: "b".into() }));
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn count_children() {
        let app = DynamicSupervisor::builder("sup", |_, (): ()| async {
            stopping().await;
            Ok::<(), Failure>(())
        });
        run_dynamic(app, async |handle| {
            let mut children = Vec::new();
            for n in [1_000, 2_000] {
                while children.len() < n {
                    children.push(handle.start_child(()).await.unwrap().child().unwrap());
                }
                assert_eq!(handle.which_children().await.len(), n);
                assert_eq!(counted(handle.supervisor()).await, (1, n, 0, n));
            }
            for child in children {
                handle.stop_child(child).await.unwrap();
            }
            assert_eq!(counted(handle.supervisor()).await, (1, 0, 0, 0));
            assert!(handle.which_children().await.is_empty());
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn count_restarting_children() {
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
        let app = DynamicSupervisor::builder("sup", start)
            .policy(ChildPolicy::plain().reports_ready().backoff(retried))
            .limit(no_limit());
        run_dynamic(app, async |handle| {
            let mut children = Vec::new();
            for name in ["a", "b", "c"] {
                children.push(handle.start_child(name).await.unwrap().child().unwrap());
            }
            for name in ["a", "b", "c"] {
                crew.order(name, Order::Fail).await;
            }
            assert_eq!(counted(handle.supervisor()).await, (1, 3, 0, 3));
            assert_eq!(incarnations(handle.supervisor()).await, [2, 2, 2]);
            broken.set(Some(ms(0)));
            crew.order("a", Order::Fail).await;
            crew.order("b", Order::Fail).await;
            for _ in 0..5 {
                sleep(ms(70)).await;
                assert_eq!(counted(handle.supervisor()).await, (1, 1, 0, 3), "while they are retried");
            }
            broken.set(None);
            sleep(ms(100)).await;
            assert_eq!(counted(handle.supervisor()).await, (1, 3, 0, 3));
            for left in [(1, 2, 0, 2), (1, 1, 0, 1), (1, 0, 0, 0)] {
                handle.stop_child(children.pop().unwrap()).await.unwrap();
                assert_eq!(counted(handle.supervisor()).await, left);
            }
        })
        .await
        .1
        .unwrap();
    }
}
