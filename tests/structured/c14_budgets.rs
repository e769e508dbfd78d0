//! C14: one time for all clean-up of a stop, set by whoever stops.

use crate::support::{Journal, MS, SECOND, never, paused, turns};
use arbour::{CancelScope, ScopeHandle, clean_up, current_deadline, defer, fail_after, shield, task_group};
use std::time::Duration;
use tokio::time::{Instant, advance, sleep};

/// Notes when it began, and when it has ended, after `time`.
fn taking(time: Duration, name: &'static str, journal: &Journal) -> impl Future<Output = ()> + Send + use<> {
    let journal = journal.clone();
    async move {
        journal.note(format!("{name} begins"));
        sleep(time).await;
        journal.note(format!("{name} ends"));
    }
}

fn handle() -> ScopeHandle {
    ScopeHandle::current().expect("a scope is current")
}

#[test]
fn clean_up_that_overruns_the_budget_is_dropped_and_the_scope_ends_then() {
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let outcome = scope.run(async {
            defer(taking(10 * SECOND, "finalizer", &journal));
            clean_up(taking(10 * SECOND, "clean-up", &journal));
            stop.cancel_within("stop", 3 * SECOND);
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(began.elapsed(), 3 * SECOND);
        // The finalizer's turn came when the budget was over: it was polled once.
        journal.is(["clean-up begins", "finalizer begins"]);
        assert_eq!(stop.lost_clean_ups(), 2);
    });
}

#[test]
fn clean_up_within_the_budget_is_whole() {
    paused(|| async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let outcome = scope.run(async {
            defer(taking(2 * SECOND, "finalizer", &journal));
            stop.cancel_within("stop", 3 * SECOND);
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is(["finalizer begins", "finalizer ends"]);
        assert_eq!(stop.lost_clean_ups(), 0);
    });
}

#[test]
fn depth_does_not_extend_the_budget() {
    fn nest(depth: usize, journal: Journal) -> futures::future::BoxFuture<'static, ()> {
        Box::pin(async move {
            let body = async {
                defer(taking(2 * SECOND, "finalizer", &journal));
                if depth > 0 {
                    nest(depth - 1, journal.clone()).await;
                }
                never::<()>().await;
            };
            let _ = CancelScope::new().run(body).await;
        })
    }
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let body = async {
            tokio::join!(nest(4, journal.clone()), async { stop.cancel_within("stop", 5 * SECOND) })
        };
        assert!(scope.run(body).await.is_err());
        assert_eq!(began.elapsed(), 5 * SECOND, "five times 2 s were wanted, 5 s were there");
        let ends = journal.entries().iter().filter(|entry| *entry == "finalizer ends").count();
        let begins = journal.entries().iter().filter(|entry| *entry == "finalizer begins").count();
        assert_eq!((begins, ends), (5, 2), "each began, what was not over in time was dropped");
    });
}

#[test]
fn an_inner_scope_may_shorten_the_budget_and_not_lengthen_it() {
    for (inner_budget, expected) in [(SECOND, 1), (60 * SECOND, 4)] {
        paused(|| async move {
            let journal = Journal::default();
            let began = Instant::now();
            let (outer, inner) = (CancelScope::new(), CancelScope::new());
            let (stop_outer, stop_inner) = (outer.handle(), inner.handle());
            let outcome = outer.run(async {
                let body = async {
                    defer(taking(600 * SECOND, "finalizer", &journal));
                    stop_inner.cancel_within("inner", inner_budget);
                    stop_outer.cancel_within("outer", 4 * SECOND);
                    never::<()>().await;
                };
                let _ = inner.run(body).await;
            });
            assert!(outcome.await.is_err());
            assert_eq!(began.elapsed(), expected * SECOND);
            journal.is(["finalizer begins"]);
        });
    }
}

#[test]
fn a_second_stop_may_shorten_the_budget_and_not_lengthen_it() {
    for (second, expected) in [(SECOND, 1), (600 * SECOND, 12)] {
        paused(|| async move {
            let journal = Journal::default();
            let began = Instant::now();
            let scope = CancelScope::new();
            let stop = scope.handle();
            let hurry = tokio::spawn({
                let stop = stop.clone();
                async move { stop.cancel_within("hurry", second) }
            });
            let outcome = scope.run(async {
                defer(taking(600 * SECOND, "finalizer", &journal));
                stop.cancel_within("stop", 12 * SECOND);
                never::<()>().await;
            });
            assert!(outcome.await.is_err());
            hurry.await.unwrap();
            assert_eq!(began.elapsed(), expected * SECOND);
        });
    }
}

#[test]
fn the_budget_counts_for_child_tasks_too() {
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        let notes = journal.clone();
        let outcome = task_group(async |group| {
            group.spawn_value(async move {
                defer(taking(60 * SECOND, "finalizer", &notes));
                never::<()>().await;
            });
            turns(2).await;
            group.scope().cancel_within("stop", 2 * SECOND);
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(began.elapsed(), 2 * SECOND);
        journal.is(["finalizer begins"]);
    });
}

#[test]
fn a_scope_that_ends_by_itself_has_five_seconds_from_when_its_children_are_gone() {
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        let outcome = task_group(async |group| {
            defer(taking(60 * SECOND, "finalizer", &journal));
            group.spawn_value(sleep(10 * SECOND));
        });
        outcome.await.unwrap();
        assert_eq!(began.elapsed(), 15 * SECOND);
        journal.is(["finalizer begins"]);
    });
}

#[test]
fn a_stop_with_a_long_budget_gives_inner_scopes_more_than_five_seconds() {
    paused(|| async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let outcome = scope.run(async {
            let inner = CancelScope::new().run(async {
                defer(taking(12 * SECOND, "finalizer", &journal));
                stop.cancel_within("stop", 15 * SECOND);
                never::<()>().await;
            });
            let _ = inner.await;
        });
        assert!(outcome.await.is_err());
        journal.is(["finalizer begins", "finalizer ends"]);
    });
}

#[test]
fn a_finalizer_reads_what_is_left_of_the_budget_as_its_deadline() {
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        let left = move || current_deadline().map(|at| Instant::from(at) - began);
        let note = |name: &'static str, journal: &Journal| {
            let journal = journal.clone();
            async move {
                sleep(SECOND).await;
                journal.note(format!("{name} {:?}", left().map(|left| left.as_secs())));
            }
        };
        let scope = CancelScope::new();
        let stop = scope.handle();
        let outcome = scope.run(async {
            defer(note("stopped", &journal));
            stop.cancel_within("stop", 3 * SECOND);
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        let inner = note("nested, with a nearer one of its own", &journal);
        CancelScope::new()
            .run(async {
                defer(note("by itself", &journal));
                defer(async move {
                    let _ = fail_after(2 * SECOND, inner).await;
                });
            })
            .await
            .unwrap();
        // The second scope began at 1 s: its own budget ends at 6 s, the nested deadline at 3 s.
        journal.is(["stopped Some(3)", "nested, with a nearer one of its own Some(3)", "by itself Some(6)"]);
    });
}

#[test]
fn the_end_of_the_budget_drops_shields_inside_clean_up() {
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let dropped = journal.at_drop("dropped");
        let outcome = scope.run(async {
            defer(async move {
                let _dropped = dropped;
                shield(never::<()>()).await;
            });
            stop.cancel_within("stop", SECOND);
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(began.elapsed(), SECOND);
        journal.is(["dropped"]);
    });
}

#[test]
fn a_shielded_section_of_the_body_is_finished_after_the_budget() {
    paused(|| async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let outcome = scope.run(async {
            defer(taking(SECOND, "finalizer", &journal));
            stop.cancel_within("stop", SECOND);
            shield(async {
                sleep(8 * SECOND).await;
                let inside = CancelScope::new().run(async { defer(taking(SECOND, "shielded", &journal)) });
                inside.await.unwrap();
            })
            .await;
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        // What is inside the shield was not stopped: it has its own budget. The scope's is over.
        journal.is(["shielded begins", "shielded ends", "finalizer begins"]);
    });
}

#[test]
fn what_has_not_begun_is_polled_once_each_and_later_clean_up_is_refused() {
    paused(|| async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let (late, stop_now) = (journal.clone(), stop.clone());
        let outcome = scope.run(async {
            defer({
                let journal = journal.clone();
                async move { journal.note("ready at once") }
            });
            defer(taking(SECOND, "first", &journal));
            stop.cancel("stop");
            clean_up(async move {
                stop_now.end_clean_up();
                clean_up(late.later("too late"));
                defer(late.later("too late"));
            });
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is(["first begins", "ready at once"]);
        assert_eq!(stop.lost_clean_ups(), 3);
    });
}

#[test]
fn a_hundred_clean_ups_that_have_not_begun_are_each_polled_once() {
    paused(|| async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let stop = scope.handle();
        let outcome = scope.run(async {
            for _ in 0..100 {
                let journal = journal.clone();
                clean_up(async move {
                    journal.note("begun");
                    loop {
                        tokio::task::yield_now().await;
                    }
                });
            }
            stop.cancel("stop");
            stop.end_clean_up();
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!((journal.len(), stop.lost_clean_ups()), (100, 100));
    });
}

#[test]
fn clean_up_beside_a_body_that_runs_has_no_limit_until_its_scope_ends() {
    paused(|| async {
        let journal = Journal::default();
        CancelScope::new()
            .run(async {
                clean_up(taking(8 * SECOND, "beside", &journal));
                sleep(10 * SECOND).await;
                journal.note("body ends");
            })
            .await
            .unwrap();
        journal.is(["beside begins", "beside ends", "body ends"]);
    });
}

#[test]
fn a_scope_that_foreign_code_drops_has_its_budget_too() {
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        CancelScope::new()
            .run(async {
                let inner = CancelScope::new().run(async {
                    defer(taking(60 * SECOND, "finalizer", &journal));
                    never::<()>().await;
                });
                assert!(tokio::time::timeout(10 * MS, inner).await.is_err());
            })
            .await
            .unwrap();
        assert_eq!(began.elapsed(), 5 * SECOND + 10 * MS);
        journal.is(["finalizer begins"]);
    });
}

#[test]
fn a_stop_that_comes_while_a_finalizer_runs_shortens_it() {
    paused(|| async {
        let journal = Journal::default();
        let began = Instant::now();
        let outer = CancelScope::new();
        let stop = outer.handle();
        let stopper = tokio::spawn(async move {
            sleep(SECOND).await;
            stop.cancel_within("stop", SECOND);
        });
        let outcome = outer.run(async {
            CancelScope::new().run(async { defer(taking(60 * SECOND, "finalizer", &journal)) }).await
        });
        let _ = outcome.await;
        stopper.await.unwrap();
        assert_eq!(began.elapsed(), 2 * SECOND);
        journal.is(["finalizer begins"]);
    });
}

#[test]
fn the_time_that_was_set_can_be_read_inside_and_outside() {
    paused(|| async {
        let began = Instant::now();
        let scope = CancelScope::new();
        let stop = scope.handle();
        assert_eq!(stop.clean_up_until(), None);
        let inner_saw = Journal::default();
        let outcome = scope.run(async {
            stop.cancel_within("stop", 7 * SECOND);
            stop.cancel_within("later", 9 * SECOND);
            let inner = CancelScope::new().run(async {
                let until = handle().clean_up_until().map(|until| Instant::from(until) - began);
                inner_saw.note(format!("{until:?}"));
                never::<()>().await;
            });
            let _ = inner.await;
        });
        assert!(outcome.await.is_err());
        inner_saw.is(["Some(7s)"]);
    });
}

/// With `rest`, each of them takes a while; without, none of them ever waits for anything.
fn for_ever(rest: Option<Duration>) {
    defer(async move {
        if let Some(rest) = rest {
            sleep(rest).await;
        }
        for_ever(rest);
    });
}

#[test]
fn finalizers_that_defer_for_ever_let_others_run_and_end_with_the_budget() {
    for rest in [None, Some(MS)] {
        paused(|| async move {
            let began = Instant::now();
            let clock = tokio::spawn(async {
                turns(3).await;
                advance(2 * SECOND).await;
            });
            let scope = CancelScope::new();
            let stop = scope.handle();
            let outcome = scope.run(async {
                for_ever(rest);
                stop.cancel_within("stop", 2 * SECOND);
                never::<()>().await;
            });
            assert!(outcome.await.is_err());
            clock.await.unwrap();
            assert_eq!(began.elapsed(), 2 * SECOND);
        });
    }
}
