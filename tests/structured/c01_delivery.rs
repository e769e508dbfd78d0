//! C1: the flag is read before the poll; what is ready is delivered; a level, not an edge.

use crate::support::{Journal, everywhere, never, turns};
use arbour::{CancelScope, ScopeHandle, cancelled, catch_cancel};
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

#[test]
fn a_value_sent_in_the_poll_that_cancels_is_delivered() {
    everywhere(20, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let (sender, receiver) = oneshot::channel();
            tokio::join!(receiver, async {
                sender.send(5).unwrap();
                handle.cancel("now");
            })
            .0
        });
        assert_eq!(outcome.await.unwrap().unwrap(), 5);
    });
}

#[test]
fn a_value_that_arrives_together_with_the_cancellation_is_delivered() {
    everywhere(20, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let (sender, receiver) = oneshot::channel();
        let other = tokio::spawn(async move {
            turns(2).await;
            sender.send(7).unwrap();
            handle.cancel("right after");
        });
        assert_eq!(scope.run(receiver).await.unwrap().unwrap(), 7);
        other.await.unwrap();
    });
}

#[test]
fn a_poll_that_began_uncancelled_drops_nothing() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut polls = 0;
        let outcome = scope.run(std::future::poll_fn(|cx| {
            polls += 1;
            if polls == 1 {
                handle.cancel("in the middle of a poll");
                cx.waker().wake_by_ref();
                return std::task::Poll::Pending;
            }
            std::task::Poll::Ready("the next poll")
        }));
        assert_eq!(outcome.await.unwrap(), "the next poll");
    });
}

#[test]
fn locals_are_dropped_in_reverse_order() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        scope.handle().cancel("before it began");
        let outcome = scope
            .run(async {
                let _first = journal.at_drop("first");
                let _second = journal.at_drop("second");
                never::<()>().await;
            })
            .await;
        assert_eq!(outcome.unwrap_err().to_string(), "cancelled: before it began");
        journal.is(["second", "first"]);
    });
}

#[test]
fn each_later_await_ends_the_body_too() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope
            .run(async {
                handle.cancel("a level");
                let _ = catch_cancel(never::<()>()).await;
                journal.note("after a refused await");
            })
            .await;
        assert!(outcome.is_err());
        journal.is([]);
    });
}

#[test]
fn code_without_an_unready_await_goes_on_to_its_value() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("too late");
            std::future::ready(1).await + async { 2 }.await
        });
        assert_eq!(outcome.await.unwrap(), 3);
    });
}

#[test]
fn a_loop_that_catches_every_time_is_ended_and_does_not_spin() {
    everywhere(10, || async {
        let rounds = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&rounds);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope
            .run(async move {
                handle.cancel("swallow me");
                loop {
                    let _ = catch_cancel(never::<()>()).await;
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .await;
        outcome.map(|never: std::convert::Infallible| never).unwrap_err();
        assert_eq!(rounds.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn a_loop_over_cancelled_is_ended() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async move {
            handle.cancel("spin on me");
            loop {
                cancelled().await;
            }
        });
        outcome.await.map(|never: std::convert::Infallible| never).unwrap_err();
    });
}

#[test]
fn a_shield_put_on_in_the_poll_that_began_cancelled_keeps_the_body() {
    everywhere(5, || async {
        let outer = CancelScope::new();
        let outside = outer.handle();
        let inner = CancelScope::new();
        let own = inner.handle();
        let outcome = outer.run(async {
            inner
                .run(async {
                    outside.cancel("outside");
                    // The next poll begins cancelled, puts the shield on, and ends pending.
                    let mut polls = 0;
                    std::future::poll_fn(|cx| {
                        polls += 1;
                        match polls {
                            1 => std::task::Poll::Pending,
                            2 => {
                                own.set_shield(true);
                                cx.waker().wake_by_ref();
                                std::task::Poll::Pending
                            }
                            _ => std::task::Poll::Ready("went on"),
                        }
                    })
                    .await
                })
                .await
                .unwrap()
        });
        assert_eq!(outcome.await.unwrap(), "went on");
    });
}

#[test]
fn foreign_futures_inside_futures_unordered_are_delivered_when_ready() {
    everywhere(10, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..100).map(|_| oneshot::channel()).unzip();
            let mut all: FuturesUnordered<_> = receivers.into_iter().collect();
            let give = async {
                yield_now().await;
                for (n, sender) in senders.into_iter().enumerate() {
                    sender.send(n).unwrap();
                }
                handle.cancel("with everything given");
            };
            let take = async {
                let mut taken = 0;
                while all.next().await.is_some() {
                    taken += 1;
                }
                taken
            };
            tokio::join!(take, give).0
        });
        assert_eq!(outcome.await.unwrap(), 100);
    });
}

#[test]
fn a_ready_foreign_future_is_delivered_though_the_budget_of_tokio_is_spent() {
    everywhere(10, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let (sender, mut receiver) = mpsc::unbounded_channel();
            (0..SPENT).for_each(|number| sender.send(number).unwrap());
            cancel_and_yield(&handle).await;
            for _ in 0..SPENT {
                receiver.recv().await.unwrap();
            }
            "all of them"
        });
        assert_eq!(outcome.await.unwrap(), "all of them");
    });
}

#[test]
fn a_scope_inside_is_delivered_too_though_the_budget_of_tokio_is_spent() {
    everywhere(10, || async {
        let outer = CancelScope::new();
        let handle = outer.handle();
        let outcome = outer.run(async {
            let (sender, receiver) = oneshot::channel();
            sender.send(3).unwrap();
            let inner = CancelScope::new().run(async {
                cancel_and_yield(&handle).await;
                spend_the_budget().await;
                receiver.await.unwrap()
            });
            inner.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), 3);
    });
}

#[test]
fn a_body_that_waits_is_dropped_though_it_has_spent_the_budget_of_tokio() {
    everywhere(10, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            cancel_and_yield(&handle).await;
            spend_the_budget().await;
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
    });
}

#[test]
fn a_loop_of_ready_foreign_awaits_is_ended() {
    everywhere(10, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            cancel_and_yield(&handle).await;
            loop {
                tokio::task::consume_budget().await;
            }
        });
        outcome.await.map(|never: std::convert::Infallible| never).unwrap_err();
    });
}

/// More than tokio lets a task do in one poll.
const SPENT: usize = 300;

/// Cancels, and lets the next poll be the first that begins cancelled.
async fn cancel_and_yield(handle: &ScopeHandle) {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        handle.cancel("with much that is ready");
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Does as much as tokio lets a task do in one poll, and ends in that poll.
async fn spend_the_budget() {
    while tokio::task::coop::has_budget_remaining() {
        tokio::task::consume_budget().await;
    }
}

#[test]
fn the_first_cause_is_kept() {
    everywhere(2, || async {
        let scope = CancelScope::new();
        let handle: ScopeHandle = scope.handle();
        handle.cancel("first");
        handle.cancel("second");
        assert_eq!(handle.cause().unwrap().to_string(), "first");
        assert_eq!(scope.run(never::<()>()).await.unwrap_err().cause.to_string(), "first");
    });
}
