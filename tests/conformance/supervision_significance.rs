//! Significant children, whose end is that of their supervisor; and what can be changed while it runs.

use crate::supervised::{Crew, Order, has_ended, listed, ms, no_limit, run, run_dynamic, settle, supervisor};
use arbour::{
    AutoShutdown, CallError, ChildPolicy, ChildSpec, Restart, SpecError, Strategy, Supervisor,
    SupervisorBuilder, SupervisorHandle,
};
use std::time::Duration;
use tokio::time::sleep;

const MODES: [AutoShutdown; 3] =
    [AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant];
const ENDS: [Option<Order>; 4] = [None, Some(Order::Kill), Some(Order::Fail), Some(Order::End)];

/// Ends a child: by order, or by a stop of the administration.
async fn end(crew: &Crew, handle: &SupervisorHandle, name: &str, how: Option<Order>) {
    match how {
        Some(order) => crew.order(name, order).await,
        None => handle.stop_child(name).await.unwrap(),
    }
    sleep(ms(1_000)).await;
}

fn significant(crew: &Crew, name: &'static str) -> ChildSpec {
    crew.worker(name).restart(Restart::Transient).significant()
}

fn unheard(id: &str) -> CallError {
    CallError::Refused(SpecError::SignificantUnheard { id: id.into() })
}

/// Switches the mode while the supervisor runs.
async fn switch(handle: &SupervisorHandle, mode: AutoShutdown) {
    let mut config = handle.config().await.unwrap();
    config.auto_shutdown = mode;
    handle.reconfigure(config).await.unwrap();
    assert_eq!(handle.config().await.unwrap().auto_shutdown, mode);
}

fn with(mode: AutoShutdown) -> SupervisorBuilder {
    supervisor().auto_shutdown(mode)
}

/// After `from`, whose significant children are `a` and `b`, has become `never`: they stay, none is added, and
/// their ends count no more.
async fn becomes_never(from: AutoShutdown) {
    let crew = Crew::new();
    let app = with(from).child(significant(&crew, "a")).child(significant(&crew, "b"));
    run(app, async |handle| {
        switch(&handle, AutoShutdown::Never).await;
        assert_eq!(listed(&handle).await, ["a running", "b running"]);
        let refused = handle.start_child(significant(&crew, "c")).await.unwrap_err();
        assert_eq!(refused.reason, unheard("c"));
        crew.order("a", Order::End).await;
        crew.order("b", Order::End).await;
        assert_eq!(listed(&handle).await, ["a not running", "b not running"]);
        handle.restart_child("a").await.unwrap();
        handle.restart_child("b").await.unwrap();
        assert_eq!(listed(&handle).await, ["a running", "b running"]);
    })
    .await
    .1
    .unwrap();
}

mod supervisor {
    use super::*;

    #[arbour::test]
    async fn nonsignificant_temporary() {
        for mode in MODES {
            for how in ENDS {
                let crew = Crew::new();
                let app = with(mode).child(crew.worker("w").restart(Restart::Temporary));
                run(app, async |handle| {
                    end(&crew, &handle, "w", how).await;
                    assert!(!has_ended(&handle).await, "{mode:?} {how:?}");
                    assert!(listed(&handle).await.is_empty());
                })
                .await
                .1
                .unwrap();
            }
        }
    }

    #[arbour::test]
    async fn nonsignificant_transient() {
        for mode in MODES {
            for how in ENDS {
                let crew = Crew::new();
                let app = with(mode).child(crew.worker("w").restart(Restart::Transient));
                run(app, async |handle| {
                    end(&crew, &handle, "w", how).await;
                    assert!(!has_ended(&handle).await, "{mode:?} {how:?}");
                    let comes_back = matches!(how, Some(Order::Kill | Order::Fail));
                    let expected = if comes_back { "w running" } else { "w not running" };
                    assert_eq!(listed(&handle).await, [expected], "{mode:?} {how:?}");
                })
                .await
                .1
                .unwrap();
            }
        }
    }

    #[arbour::test]
    async fn significant_temporary() {
        let temporary = |crew: &Crew, name| crew.worker(name).restart(Restart::Temporary);
        for mode in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
            for how in ENDS {
                let crew = Crew::new();
                let app = with(mode)
                    .child(temporary(&crew, "a").significant())
                    .child(temporary(&crew, "b"))
                    .child(temporary(&crew, "c").significant());
                let ((), outcome) = run(app, async |handle| {
                    crew.lines();
                    end(&crew, &handle, "a", how).await;
                    let ends_all = mode == AutoShutdown::AnySignificant && how.is_some();
                    assert_eq!(has_ended(&handle).await, ends_all, "{mode:?} {how:?}");
                    if ends_all {
                        assert_eq!(crew.lines()[1..], ["-c", "-b"], "{mode:?} {how:?}");
                        return;
                    }
                    assert_eq!(listed(&handle).await, ["b running", "c running"]);
                    // A last significant child that is stopped by hand ends nothing either.
                    end(&crew, &handle, "c", how).await;
                    assert_eq!(has_ended(&handle).await, how.is_some(), "{mode:?} {how:?}");
                })
                .await;
                outcome.expect("an orderly end");
            }
        }
    }

    #[arbour::test]
    async fn significant_simple() {
        let crew = Crew::new();
        run_dynamic(crew.dynamic(ChildPolicy::plain()), async |handle| {
            let handle = handle.supervisor();
            let config = handle.config().await.unwrap();
            assert_eq!(config.auto_shutdown, AutoShutdown::Never);
            for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
                let mut other = config;
                other.auto_shutdown = auto_shutdown;
                let refused = CallError::Refused(SpecError::DynamicAutoShutdown { auto_shutdown });
                assert_eq!(handle.reconfigure(other).await, Err(refused));
            }
            handle.reconfigure(config).await.unwrap();
        })
        .await
        .1
        .unwrap();
        let significant = crew.dynamic(ChildPolicy::plain().restart(Restart::Transient).significant());
        assert!(matches!(significant.build().unwrap_err(), SpecError::SignificantUnheard { .. }));
    }

    #[arbour::test]
    async fn significant_bystander() {
        let cases = [
            (Strategy::OneForOne, vec!["xm", "+m"]),
            (Strategy::RestForOne, vec!["xm", "-z", "+m", "+z"]),
            (Strategy::OneForAll, vec!["xm", "-z", "-a", "+a", "+m", "+z"]),
        ];
        for mode in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
            for (strategy, expected) in &cases {
                let crew = Crew::new();
                let app = with(mode)
                    .strategy(*strategy)
                    .child(significant(&crew, "a"))
                    .child(crew.worker("m"))
                    .child(significant(&crew, "z"));
                run(app, async |handle| {
                    crew.lines();
                    end(&crew, &handle, "m", Some(Order::Kill)).await;
                    assert_eq!(crew.lines(), *expected, "{mode:?} {strategy:?}");
                    assert_eq!(listed(&handle).await, ["a running", "m running", "z running"]);
                })
                .await
                .1
                .unwrap();
            }
        }
    }

    #[arbour::test]
    async fn significant_escalation() {
        for inner_is_significant in [true, false] {
            let crew = Crew::new();
            let inside = crew.clone();
            let inner = ChildSpec::supervisor("b", move || {
                let inner = Supervisor::builder("b").auto_shutdown(AutoShutdown::AnySignificant);
                inner.child(significant(&inside, "c")).build()
            });
            let inner = inner.restart(Restart::Transient);
            let inner = if inner_is_significant { inner.significant() } else { inner };
            let app = with(AutoShutdown::AnySignificant).child(crew.worker("by")).child(inner);
            let ((), outcome) = run(app, async |handle| {
                crew.lines();
                end(&crew, &handle, "c", Some(Order::End)).await;
                assert_eq!(has_ended(&handle).await, inner_is_significant);
                if inner_is_significant {
                    assert_eq!(crew.lines(), ["!c", "-by"], "the inner one, then the outer one");
                } else {
                    assert_eq!(listed(&handle).await, ["by running", "b not running"]);
                    assert_eq!(crew.lines(), ["!c"]);
                }
            })
            .await;
            outcome.unwrap();
        }
    }

    /// A template is one function with one policy: none, or several, cannot be said. Living children keep the one
    /// they were made by, also when they are restarted.
    #[arbour::test]
    async fn code_change_simple() {
        let crew = Crew::new();
        let app = crew.dynamic(ChildPolicy::plain()).limit(no_limit());
        run_dynamic(app, async |handle| {
            let old = handle.start_child("a").await.unwrap().child().unwrap();
            let transient = ChildPolicy::plain().restart(Restart::Transient);
            let renamed = crew.clone();
            let start =
                move |_, name: &'static str| renamed.clone().work(format!("new {name}"), Duration::ZERO);
            let never = transient.start_timeout(Duration::ZERO);
            let refused = handle.replace_template(never, start.clone()).await.unwrap_err();
            assert!(matches!(refused, CallError::Refused(SpecError::ZeroStartTimeout { .. })));
            assert_eq!(handle.template().await.unwrap().restart, Restart::Permanent);

            handle.replace_template(transient, start).await.unwrap();
            let new = handle.start_child("b").await.unwrap().child().unwrap();
            settle().await;
            assert_eq!(crew.lines(), ["+a", "+new b"]);
            assert_eq!(handle.child_spec(old).await.unwrap().restart, Restart::Permanent);
            assert_eq!(handle.child_spec(new).await.unwrap(), transient);

            crew.order("a", Order::End).await;
            crew.order("new b", Order::End).await;
            assert_eq!(crew.lines(), ["!a", "+a", "!new b"]);
            assert!(handle.which_child(old).await.unwrap().is_running());
            assert!(handle.which_child(new).await.is_err());
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn significant_upgrade_never_any() {
        let crew = Crew::new();
        let app = with(AutoShutdown::Never).child(crew.worker("by"));
        let ((), outcome) = run(app, async |handle| {
            let refused = handle.start_child(significant(&crew, "s")).await.unwrap_err();
            assert_eq!(refused.reason, unheard("s"));
            switch(&handle, AutoShutdown::AnySignificant).await;
            handle.start_child(*refused.spec.unwrap()).await.unwrap();
            settle().await;
            end(&crew, &handle, "s", Some(Order::End)).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.lines(), ["+by", "+s", "!s", "-by"]);
    }

    #[arbour::test]
    async fn significant_upgrade_any_never() {
        becomes_never(AutoShutdown::AnySignificant).await;
    }

    #[arbour::test]
    async fn significant_upgrade_never_all() {
        let crew = Crew::new();
        let app = with(AutoShutdown::Never).child(crew.worker("by"));
        let ((), outcome) = run(app, async |handle| {
            let refused = handle.start_child(significant(&crew, "s")).await.unwrap_err();
            assert_eq!(refused.reason, unheard("s"));
            switch(&handle, AutoShutdown::AllSignificant).await;
            handle.start_child(significant(&crew, "s")).await.unwrap();
            handle.start_child(significant(&crew, "t")).await.unwrap();
            settle().await;
            end(&crew, &handle, "t", Some(Order::End)).await;
            assert_eq!(listed(&handle).await, ["by running", "s running", "t not running"]);
            end(&crew, &handle, "s", Some(Order::End)).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.lines(), ["+by", "+s", "+t", "!t", "!s", "-by"]);
    }

    #[arbour::test]
    async fn significant_upgrade_all_never() {
        becomes_never(AutoShutdown::AllSignificant).await;
    }

    #[arbour::test]
    async fn significant_upgrade_all_any() {
        let crew = Crew::new();
        let app = with(AutoShutdown::AllSignificant)
            .child(significant(&crew, "a"))
            .child(significant(&crew, "b"))
            .child(significant(&crew, "c"));
        let ((), outcome) = run(app, async |handle| {
            end(&crew, &handle, "a", Some(Order::End)).await;
            assert_eq!(listed(&handle).await, ["a not running", "b running", "c running"]);
            switch(&handle, AutoShutdown::AnySignificant).await;
            end(&crew, &handle, "b", Some(Order::End)).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.lines(), ["+a", "+b", "+c", "!a", "!b", "-c"]);
    }

    #[arbour::test]
    async fn significant_upgrade_child() {
        let crew = Crew::new();
        let plain = ChildPolicy::plain().restart(Restart::Transient);
        let app = with(AutoShutdown::Never)
            .child(crew.worker("by"))
            .child(crew.worker("w").restart(Restart::Transient));
        let ((), outcome) = run(app, async |handle| {
            let flip = async |policy| handle.reconfigure_child("w", policy).await;
            assert_eq!(flip(plain.significant()).await, Err(unheard("w")));
            switch(&handle, AutoShutdown::AnySignificant).await;
            flip(plain.significant()).await.unwrap();
            assert!(handle.child_spec("w").await.unwrap().significant);
            flip(plain).await.unwrap();
            crew.order("w", Order::End).await;
            assert_eq!(listed(&handle).await, ["by running", "w not running"], "it is harmless again");

            handle.restart_child("w").await.unwrap();
            flip(plain.significant()).await.unwrap();
            settle().await;
            crew.order("w", Order::End).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.lines(), ["+by", "+w", "!w", "+w", "!w", "-by"]);
    }
}
