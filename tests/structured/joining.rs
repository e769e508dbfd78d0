//! `join!`, `try_join!`, `join_all`, `try_join_all`: each branch is a node of its own (C6).

use crate::support::{Journal, MS, OnDrop, everywhere, message, never, paused, turns};
use arbour::{
    CancelScope, Cause, ScopeHandle, catch_cancel, defer, join, join_all, shield, stream, try_join,
    try_join_all,
};
use futures::FutureExt;
use std::future::{pending, poll_fn, ready};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

#[test]
fn outputs_come_in_the_order_of_the_branches() {
    everywhere(3, || async {
        let slow = async {
            turns(5).await;
            1
        };
        assert_eq!(join!(slow, async { "two" }, ready(3.0)), (1, "two", 3.0));
        let later = |n: usize| async move {
            turns(5 - n).await;
            n
        };
        assert_eq!(join_all((0..5).map(later)).await, [0, 1, 2, 3, 4]);
        assert_eq!(join!(biased; ready('a')), ('a',));
        assert!(join_all(Vec::<std::future::Ready<u8>>::new()).await.is_empty());
    });
}

#[test]
fn of_a_cancelled_join_only_the_held_branch_lives_on() {
    paused(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let journal = Journal::default();
        let begin = Instant::now();
        let mut rounds = 0;
        let outcome = scope.run(async {
            join!(
                async {
                    shield(sleep(200 * MS)).await;
                    journal.note("shield done");
                    sleep(MS).await;
                    journal.note("never");
                },
                async {
                    let _dropped = journal.at_drop("neighbour dropped");
                    loop {
                        sleep(MS).await;
                        rounds += 1;
                    }
                },
                async {
                    sleep(10 * MS).await;
                    handle.cancel("ten milliseconds in");
                }
            );
        });
        assert!(outcome.await.is_err());
        journal.is(["neighbour dropped", "shield done"]);
        assert!(rounds <= 10, "{rounds} rounds: it went on after the cancellation");
        assert_eq!(begin.elapsed(), 200 * MS);
    });
}

#[test]
fn of_a_cancelled_join_all_only_the_held_branches_live_on() {
    paused(|| async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let journal = Journal::default();
        let outcome = scope.run(async {
            let branches = (0..4).map(|n| {
                let (journal, handle) = (journal.clone(), handle.clone());
                async move {
                    let _dropped = journal.at_drop("dropped");
                    match n {
                        0 => handle.cancel("first of all"),
                        2 => shield(sleep(20 * MS)).await,
                        _ => {}
                    }
                    if n == 2 {
                        journal.note("shield done");
                    }
                    never::<()>().await;
                }
            });
            join_all(branches).await;
        });
        assert!(outcome.await.is_err());
        journal.is(["dropped", "dropped", "dropped", "shield done", "dropped"]);
    });
}

#[test]
fn what_a_branch_defers_runs_at_the_end_of_the_branch() {
    everywhere(3, || async {
        let journal = Journal::default();
        join!(
            async {
                defer(journal.later("first branch ended"));
            },
            async {
                crate::support::until(|| journal.holds("first branch ended")).await;
                journal.note("second goes on");
            }
        );
        journal.is(["first branch ended", "second goes on"]);
    });
}

#[test]
fn a_value_that_is_ready_in_the_last_poll_is_given() {
    everywhere(3, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let (sender, receiver) = oneshot::channel();
        let outcome = scope.run(async {
            join!(receiver, async {
                turns(2).await;
                sender.send(5).unwrap();
                handle.cancel("after it was sent");
            })
            .0
        });
        assert_eq!(outcome.await, Ok(Ok(5)));
    });
}

#[test]
fn a_branch_that_is_cancelled_by_itself_ends_the_scope_around_for_the_same_cause() {
    everywhere(3, || async {
        let journal = Journal::default();
        let outcome = CancelScope::new().run(async {
            join!(shield(journal.later("held neighbour")), async {
                ScopeHandle::current().unwrap().cancel("no way on");
                never::<()>().await;
            });
            journal.note("code behind it");
        });
        assert_eq!(outcome.await.unwrap_err().cause, "no way on".into());
        journal.is(["held neighbour"]);
    });
}

#[test]
fn a_branch_that_is_cancelled_where_no_scope_is_around_is_a_panic_and_no_hang() {
    everywhere(1, || async {
        let joined = async {
            join!(pending::<()>(), async {
                ScopeHandle::current().unwrap().cancel("no way on");
                never::<()>().await;
            })
        };
        let caught = AssertUnwindSafe(joined).catch_unwind().await;
        assert!(message(caught).contains("a branch was cancelled (no way on)"));
    });
}

#[test]
fn a_join_that_lost_a_branch_ends_its_scope_also_when_the_cancellation_is_lifted() {
    paused(|| async {
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        let (cancel, lift) = (outer.handle(), inner.handle());
        let outcome = outer.run(async {
            let lost = inner.run(async {
                join!(pending::<()>(), shield(sleep(10 * MS)), async {
                    cancel.cancel("outer");
                });
            });
            let lifting = shield(async {
                sleep(5 * MS).await;
                lift.set_shield(true);
            });
            tokio::join!(lost, lifting).0
        });
        let inner = outcome.await.expect("it was held, and gives its value").unwrap_err();
        assert_eq!(inner.cause, "outer".into());
    });
}

#[test]
fn a_panic_goes_on_when_the_other_branches_have_ended() {
    everywhere(3, || async {
        let journal = Journal::default();
        let joined = async {
            join!(
                shield(journal.later("held neighbour")),
                async {
                    defer(journal.later("finalizer"));
                    never::<()>().await;
                },
                async {
                    turns(1).await;
                    panic!("out of cheese");
                }
            )
        };
        let caught = AssertUnwindSafe(joined).catch_unwind().await;
        assert_eq!(message(caught), "out of cheese");
        assert!(journal.holds("held neighbour") && journal.holds("finalizer"), "{journal:?}");
    });
}

#[test]
fn the_first_error_cancels_the_other_branches_and_waits_for_them() {
    everywhere(3, || async {
        let journal = Journal::default();
        let failed: Result<((), (), ()), &str> = try_join!(
            async {
                shield(journal.later("held neighbour")).await;
                Err("second")
            },
            async {
                turns(1).await;
                Err("first")
            },
            async {
                let _dropped = journal.at_drop("neighbour dropped");
                never().await
            }
        );
        assert_eq!(failed, Err("first"));
        assert!(journal.holds("held neighbour") && journal.holds("neighbour dropped"), "{journal:?}");
        assert_eq!(try_join!(async { Ok::<_, ()>(1) }, async { Ok("two") }), Ok((1, "two")));
    });
}

#[test]
fn a_collection_gives_its_values_in_order_or_its_first_error() {
    everywhere(3, || async {
        let numbers = |fails: usize| {
            (0..4usize).map(move |n| async move {
                turns(4 - n).await;
                if n >= fails { Err(n) } else { Ok(n) }
            })
        };
        assert_eq!(try_join_all(numbers(9)).await, Ok(vec![0, 1, 2, 3]));
        assert_eq!(try_join_all(numbers(2)).await, Err(3), "the first to fail, not the first in order");
    });
}

#[test]
fn a_branch_that_spends_the_tasks_share_does_not_starve_the_next() {
    let greedy = || async {
        let (send, receive) = stream::memory_stream::<u8>(1);
        loop {
            send.send(1).await.unwrap();
            receive.recv().await.unwrap();
        }
    };
    let modest = || async {
        let (send, receive) = stream::memory_stream::<u8>(1);
        send.send(1).await.unwrap();
        receive.recv().await.unwrap();
        ScopeHandle::current().unwrap().cancel("got its share");
        never::<()>().await;
    };
    everywhere(1, || async move {
        let pair = CancelScope::new().run(async { join!(greedy(), modest()) });
        assert_eq!(pair.await.unwrap_err().cause, "got its share".into());
        let boxed: [std::pin::Pin<Box<dyn Future<Output = ()> + Send>>; 2] =
            [Box::pin(async move { greedy().await }), Box::pin(modest())];
        let many = CancelScope::new().run(join_all(boxed));
        assert_eq!(many.await.unwrap_err().cause, "got its share".into());
    });
}

#[test]
fn a_loop_of_ready_joins_is_stopped_by_a_cancellation() {
    everywhere(1, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.cancel("stop");
            loop {
                join!(ready(()), ready(()));
            }
        });
        let ended: Result<(), _> = outcome.await;
        assert!(ended.is_err());
    });
}

#[test]
fn only_branches_that_were_woken_are_polled() {
    const BRANCHES: usize = 2_000;
    everywhere(1, || async {
        let polls = AtomicUsize::new(0);
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..BRANCHES).map(|_| oneshot::channel::<usize>()).unzip();
        let counted = receivers.into_iter().map(|mut receiver| {
            let polls = &polls;
            poll_fn(move |cx| {
                polls.fetch_add(1, Ordering::Relaxed);
                receiver.poll_unpin(cx)
            })
        });
        let sending = async {
            for (n, sender) in senders.into_iter().enumerate() {
                sender.send(n).unwrap();
                turns(1).await;
            }
        };
        let (received, ()) = join!(join_all(counted), sending);
        assert!(received.into_iter().map(Result::unwrap).eq(0..BRANCHES));
        assert_eq!(polls.into_inner(), 2 * BRANCHES, "once to begin, once to end");
    });
}

#[test]
fn a_hundred_thousand_branches_are_cancelled_in_one_poll_each() {
    const BRANCHES: usize = 100_000;
    paused(|| async {
        let (polls, dropped) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let scope = CancelScope::new();
        let handle = scope.handle();
        let branch = |_| {
            let (polls, dropped) = (&polls, &dropped);
            let guard = OnDrop::new(move || {
                dropped.fetch_add(1, Ordering::Relaxed);
            });
            poll_fn(move |_| {
                let _guard = &guard;
                polls.fetch_add(1, Ordering::Relaxed);
                Poll::<()>::Pending
            })
        };
        let cancelling = async {
            turns(1).await;
            handle.cancel("all of them");
        };
        let outcome =
            scope.run(async { tokio::join!(join_all((0..BRANCHES).map(branch)), cancelling) }).await;
        assert!(outcome.is_err());
        assert_eq!((polls.into_inner(), dropped.into_inner()), (2 * BRANCHES, BRANCHES));
    });
}

#[test]
fn a_join_in_a_cancelled_scope_begins_and_each_branch_is_polled_once() {
    everywhere(3, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        scope.handle().cancel("before it begins");
        let noting = |name: &'static str| {
            let journal = journal.clone();
            async move {
                journal.note(name);
                never::<()>().await;
            }
        };
        let outcome = scope.run(async { join!(noting("one"), noting("two")) });
        assert!(outcome.await.is_err());
        journal.is(["one", "two"]);
    });
}

#[test]
fn joins_nest_and_are_caught_like_any_other_body() {
    everywhere(3, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            let caught = catch_cancel(async {
                join!(join_all([pending::<()>(), pending()]), async {
                    join!(pending::<()>(), async { handle.cancel("inside") })
                })
            });
            caught.await.map(drop)
        });
        let caught = outcome.await.expect("code behind a catch may return");
        assert!(matches!(caught.unwrap_err().cause, Cause::Explicit(_)));
    });
}
