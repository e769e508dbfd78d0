//! C2: an await that has begun delivers; one that has not is pending until the cancellation is lifted.

use crate::support::{Journal, everywhere, never, poll_once, tasks, turns, until};
use arbour::{CancelScope, Cause, cancelled, catch_cancel, shield, stopping, task_group};
use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::task::yield_now;

#[test]
fn five_hundred_begun_joins_in_a_cancelled_scope_all_deliver() {
    everywhere(3, || async {
        let sum = task_group(async |group| {
            let children: Vec<_> = (0..500u64).map(|n| group.spawn_value(async move { n })).collect();
            until(|| children.iter().all(arbour::TaskHandle::is_finished)).await;
            let scope = CancelScope::new();
            scope.handle().cancel("everything is ready");
            scope.run(join_all(children)).await.map(|all| all.into_iter().map(Result::unwrap).sum::<u64>())
        });
        assert_eq!(sum.await.unwrap().unwrap(), 499 * 500 / 2);
    });
}

#[test]
fn five_hundred_joins_begun_before_the_cancellation_deliver() {
    everywhere(3, || async {
        let sum = task_group(async |group| {
            let others = tasks();
            let (open, closed) = tokio::sync::watch::channel(false);
            let children: Vec<_> = (0..500u64)
                .map(|n| {
                    let mut gate = closed.clone();
                    group.spawn_value(async move {
                        gate.wait_for(|open| *open).await.unwrap();
                        n
                    })
                })
                .collect();
            let scope = CancelScope::new();
            let handle = scope.handle();
            let joined = scope.run(async move {
                let mut joined = join_all(children);
                assert!(poll_once(&mut joined).await.is_pending());
                open.send(true).unwrap();
                until(|| tasks() == others).await;
                handle.cancel("all were given their values");
                joined.await
            });
            joined.await.map(|all| all.into_iter().map(Result::unwrap).sum::<u64>())
        });
        assert_eq!(sum.await.unwrap().unwrap(), 499 * 500 / 2);
    });
}

#[test]
fn five_hundred_begun_waits_for_cancelled_all_resolve() {
    everywhere(3, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let waits = join_all((0..100).map(|_| cancelled()));
            tokio::join!(waits, async {
                turns(3).await;
                handle.cancel("all together");
            })
            .0
            .len()
        });
        assert_eq!(outcome.await.unwrap(), 100);
    });
}

#[test]
fn a_refused_await_has_no_effect() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let outcome = scope.run(catch_cancel(async { journal.note("begun") })).await;
        assert!(outcome.is_err());
        journal.is([]);
    });
}

#[test]
fn a_shield_put_on_later_wakes_the_refused_await() {
    everywhere(10, || async {
        let outer = CancelScope::new();
        outer.handle().cancel("outside");
        let outcome = outer.run(shield(async {
            let middle = CancelScope::new();
            let cancel_middle = middle.handle();
            let inner = CancelScope::new();
            let own = inner.handle();
            // The held branch keeps the middle body alive while the inner one waits.
            middle
                .run(async {
                    cancel_middle.cancel("middle");
                    let lift = shield(async {
                        turns(5).await;
                        own.set_shield(true);
                        turns(5).await;
                    });
                    let refused = inner.run(async {
                        tokio::join!(catch_cancel(async { "begun after all" }), shield(turns(6))).0
                    });
                    let (refused, ()) = tokio::join!(refused, lift);
                    refused.unwrap().unwrap()
                })
                .await
        }));
        assert_eq!(outcome.await.unwrap().unwrap(), "begun after all");
    });
}

#[test]
fn a_shield_put_on_later_wakes_the_refused_await_inside_futures_unordered() {
    everywhere(10, || async {
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let inner = CancelScope::new();
        let own = inner.handle();
        let outcome = outer.run(async {
            cancel.cancel("outside");
            let refused = inner.run(async {
                let mut all: FuturesUnordered<_> = FuturesUnordered::new();
                all.push(Box::pin(async { catch_cancel(async { "begun" }).await.unwrap() })
                    as futures::future::BoxFuture<'_, _>);
                all.push(Box::pin(shield(async {
                    turns(20).await;
                    "held"
                })));
                [all.next().await, all.next().await]
            });
            let lift = shield(async {
                turns(5).await;
                own.set_shield(true);
            });
            tokio::join!(refused, lift).0.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), [Some("begun"), Some("held")]);
    });
}

#[test]
fn cancelled_begins_in_a_cancelled_scope() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let outcome = scope.run(async {
            cancelled().await;
            stopping().await;
            "heard"
        });
        assert_eq!(outcome.await.unwrap(), "heard");
    });
}

#[test]
fn a_shield_begins_in_a_cancelled_scope() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let outcome = scope.run(async {
            shield(turns(3)).await;
            "finished"
        });
        assert_eq!(outcome.await.unwrap(), "finished");
    });
}

#[test]
fn scopes_and_groups_open_in_a_cancelled_scope() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let outcome = scope.run(async {
            let inner = CancelScope::new().run(async { 1 }).await.unwrap();
            let group = task_group(async |group| {
                group.spawn_value(async {});
                2
            });
            inner + group.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), 3);
    });
}

#[test]
fn without_a_scope_cancelled_is_pending_for_ever() {
    everywhere(2, || async {
        let mut waiting = cancelled();
        for _ in 0..10 {
            assert!(poll_once(&mut waiting).await.is_pending());
        }
    });
}

#[test]
fn awaits_outside_of_every_scope_are_not_charged() {
    everywhere(2, || async {
        for n in 0..1000 {
            assert_eq!(CancelScope::new().run(async move { n }).await.unwrap(), n);
        }
    });
}

#[test]
fn cancelled_tells_of_a_cancellation_from_outside_and_the_cause_can_be_read() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let listen = shield(CancelScope::new().run(async { 0 }));
            let inner = CancelScope::new();
            let inside = inner.handle();
            let heard = inner.run(async move {
                cancelled().await;
                inside.cause()
            });
            tokio::join!(listen, heard, async {
                yield_now().await;
                handle.cancel("storm");
            })
            .1
        });
        assert_eq!(outcome.await.unwrap().unwrap(), Some(Cause::from("storm")));
    });
}

#[test]
fn stopping_hears_a_drain_and_cancelled_does_not() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let inside = async {
                let mut hears = cancelled();
                stopping().await;
                poll_once(&mut hears).await.is_pending()
            };
            tokio::join!(inside, async {
                yield_now().await;
                handle.drain();
            })
            .0
        });
        assert!(outcome.await.unwrap());
        assert!(handle.is_draining() && !handle.is_cancelled());
    });
}

/// Whoever shields a section relays the drain to it, in its own order: a supervisor does.
#[test]
fn a_drain_stops_at_a_shield_and_a_scope_that_begins_behind_it_does_not_hear_it_either() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            shield(async {
                let mut hears = stopping();
                assert!(poll_once(&mut hears).await.is_pending());
                handle.drain();
                let inner = CancelScope::new().run(async { poll_once(&mut stopping()).await.is_pending() });
                poll_once(&mut hears).await.is_pending() && inner.await.unwrap()
            })
            .await
        });
        assert!(outcome.await.unwrap());
    });
}

#[test]
fn a_join_that_is_dropped_and_begun_again_loses_nothing() {
    everywhere(5, || async {
        let value = task_group(async |group| {
            let (go, gate) = tokio::sync::oneshot::channel();
            let mut child = group.spawn_value(async { gate.await.unwrap() });
            tokio::select! { biased; _ = &mut child => unreachable!("the gate is closed"), () = yield_now() => {} }
            go.send(9).unwrap();
            child.await.unwrap()
        });
        assert_eq!(value.await.unwrap(), 9);
    });
}

#[test]
fn the_lifting_of_a_cancellation_by_a_move_wakes_the_refused_await() {
    everywhere(5, || async {
        let outer = CancelScope::new();
        let cancel = outer.handle();
        let (put, take) = tokio::sync::oneshot::channel();
        let outcome = outer.run(async {
            cancel.cancel("here only");
            let mut parked = Box::pin(CancelScope::new().run(shielded_then_refused()));
            assert!(poll_once(&mut parked).await.is_pending());
            put.send(parked).ok().unwrap();
        });
        outcome.await.unwrap();
        assert_eq!(take.await.unwrap().await.unwrap(), "begun elsewhere");
    });
}

async fn shielded_then_refused() -> &'static str {
    let refused = catch_cancel(async { "begun elsewhere" });
    let (refused, ()) = tokio::join!(refused, shield(turns(1)));
    match refused {
        Ok(begun) => begun,
        Err(_) => never().await,
    }
}
