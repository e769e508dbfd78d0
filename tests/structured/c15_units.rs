//! C15: a loop of ready awaits still yields and can be stopped; awaits that only wait cost nothing.

use crate::support::{everywhere, one_thread, poll_once, turns};
use arbour::stream::memory_stream;
use arbour::sync::{CapacityLimiter, Event};
use arbour::{
    CancelScope, cancelled, catch_cancel, checkpoint_if_cancelled, join_all, race, shield, task_group,
};
use futures::future::select_all;
use futures::{SinkExt, StreamExt};
use std::future::{poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::coop::has_budget_remaining;

/// More rounds than a loop makes that yields now and then, before somebody else has stopped it.
const ROUNDS: usize = 100_000;

/// Runs a loop of awaits that are ready at once beside a task that cancels it in its first turn.
fn is_stopped<F: Future<Output = ()>>(endless: impl FnOnce() -> F) {
    one_thread().block_on(async move {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let canceller = tokio::spawn(async move { handle.cancel("its turn has come") });
        scope.run(endless()).await.expect_err("the loop went on to its last round");
        canceller.await.unwrap();
    });
}

/// Awaits again and again; each time anew.
async fn again_and_again(mut one: impl AsyncFnMut()) {
    for _ in 0..ROUNDS {
        one().await;
    }
}

#[test]
fn loops_of_ready_sends_and_receives_are_stopped() {
    is_stopped(|| async {
        let (tx, rx) = memory_stream(1);
        for n in 0..ROUNDS {
            tx.send(n).await.unwrap();
            rx.recv().await.unwrap();
        }
    });
    is_stopped(|| async {
        let (tx, rx) = memory_stream(ROUNDS);
        (0..ROUNDS).for_each(|n| tx.try_send(n).unwrap());
        assert_eq!(rx.take(ROUNDS).count().await, ROUNDS);
    });
    is_stopped(|| async {
        let (mut tx, _rx) = memory_stream(ROUNDS);
        for n in 0..ROUNDS {
            tx.feed(n).await.unwrap();
        }
    });
    is_stopped(|| async {
        let (tx, _rx) = memory_stream::<()>(1);
        again_and_again(async || drop(tx.reserve().await.unwrap())).await;
    });
}

#[test]
fn loops_of_ready_synchronisation_are_stopped() {
    is_stopped(|| async {
        let event = Event::new();
        event.set();
        again_and_again(async || event.wait().await).await;
    });
    is_stopped(|| async {
        let limiter = CapacityLimiter::new(1);
        again_and_again(async || drop(limiter.acquire().await)).await;
    });
}

#[test]
fn loops_of_checkpoints_are_stopped() {
    is_stopped(|| again_and_again(async || checkpoint_if_cancelled().await));
}

#[test]
fn loops_that_open_scopes_shields_and_groups_are_stopped() {
    is_stopped(|| again_and_again(async || CancelScope::new().run(async {}).await.unwrap()));
    is_stopped(|| again_and_again(async || shield(async {}).await));
    is_stopped(|| again_and_again(async || catch_cancel(async {}).await.unwrap()));
    is_stopped(|| again_and_again(async || task_group(async |_| {}).await.unwrap()));
    is_stopped(|| {
        again_and_again(async || arbour::move_on_after(Duration::from_secs(9), async {}).await.unwrap())
    });
}

#[test]
fn loops_of_joins_and_races_of_what_is_ready_are_stopped() {
    is_stopped(|| again_and_again(async || drop(join_all([ready(()), ready(())]).await)));
    is_stopped(|| again_and_again(async || drop(race([ready(()), ready(())]).await)));
}

/// In a task without a scope around them each has units of its own, and none says when to yield.
#[test]
fn a_loop_of_outermost_scopes_yields_to_its_siblings() {
    one_thread().block_on(async {
        let turns_of_sibling = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns_of_sibling);
        let sibling = tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::SeqCst);
                turns(1).await;
            }
        });
        let looping = tokio::spawn(async {
            for _ in 0..1_000 {
                CancelScope::new().run(checkpoint_if_cancelled()).await.unwrap();
            }
        });
        looping.await.unwrap();
        sibling.abort();
        let turns = turns_of_sibling.load(Ordering::SeqCst);
        assert!(turns >= 1_000 / 128, "the sibling had {turns} turns");
    });
}

#[test]
fn one_in_32_of_our_awaits_takes_from_the_budget_of_tokio() {
    everywhere(2, || async {
        let left_after = async |awaits: u32| {
            turns(1).await;
            for _ in 0..awaits {
                checkpoint_if_cancelled().await;
            }
            let mut left = 0;
            while has_budget_remaining() {
                tokio::task::consume_budget().await;
                left += 1;
            }
            left
        };
        let outcome = CancelScope::new().run(async { [left_after(0).await, left_after(100).await] });
        let [untouched, used] = outcome.await.unwrap();
        assert_eq!(untouched - used, 3);
    });
}

#[test]
fn where_the_budget_of_tokio_is_spent_ours_are_held_back_within_32() {
    everywhere(2, || async {
        let outcome = CancelScope::new().run(async {
            turns(1).await;
            while has_budget_remaining() {
                tokio::task::consume_budget().await;
            }
            for passed in 0.. {
                let mut next = pin!(checkpoint_if_cancelled());
                if poll_once(&mut next).await.is_pending() {
                    next.await;
                    return (passed, has_budget_remaining());
                }
            }
            unreachable!("one of them is held back")
        });
        let (passed, renewed) = outcome.await.unwrap();
        assert!(passed <= 32 && renewed, "{passed} awaits passed");
    });
}

/// Its units may be used up by what it polls for others, which is never held back itself.
#[test]
fn a_stranger_that_a_body_polls_is_not_held_back_and_the_body_goes_on_after_it() {
    one_thread().block_on(async {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let outcome = CancelScope::new().run(async move {
            let set = tokio::task::LocalSet::new();
            let mut awaits = Box::pin(async {
                for _ in 0..1_000 {
                    checkpoint_if_cancelled().await;
                }
            });
            let stranger = set.spawn_local(poll_fn(move |cx| {
                counted.fetch_add(1, Ordering::SeqCst);
                awaits.as_mut().poll(cx)
            }));
            set.run_until(stranger).await.unwrap();
            checkpoint_if_cancelled().await;
        });
        outcome.await.unwrap();
        assert_eq!(polls.load(Ordering::SeqCst), 1);
    });
}

/// Each is polled whenever one of them may be ready. Did they take units, those in front would use up
/// what the last ones need to begin, and the task would poll itself for ever.
#[test]
fn five_hundred_waits_that_are_polled_together_let_the_last_one_through_and_do_not_spin() {
    everywhere(3, || async {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let outcome = CancelScope::new().run(async move {
            let events: Vec<_> = (0..500).map(|_| Event::new()).collect();
            let mut any = select_all(events.iter().map(|event| Box::pin(event.wait())));
            let any = poll_fn(|cx| {
                counted.fetch_add(1, Ordering::SeqCst);
                Pin::new(&mut any).poll(cx)
            });
            let last = async {
                turns(50).await;
                events[499].set();
            };
            futures::future::join(any, last).await.0.1
        });
        assert_eq!(outcome.await.unwrap(), 499);
        assert!(polls.load(Ordering::SeqCst) < 70, "{polls:?}");
    });
}

#[test]
fn five_hundred_joins_that_are_polled_together_do_not_keep_an_await_from_beginning() {
    everywhere(3, || async {
        let outcome = task_group(async |group| {
            let children: Vec<_> = (0..500).map(|_| group.spawn_value(cancelled())).collect();
            let mut any = select_all(children);
            assert!(poll_once(&mut any).await.is_pending());
            let mut begins = pin!(checkpoint_if_cancelled());
            assert!(poll_once(&mut begins).await.is_ready(), "the joins took its unit");
            group.cancel("enough");
        });
        outcome.await.unwrap();
    });
}

#[test]
fn a_cancelled_body_begins_more_shields_than_a_poll_has_units() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let mut written = 0;
        let outcome = scope.run(async {
            for _ in 0..500 {
                shield(async { written += 1 }).await;
            }
        });
        outcome.await.unwrap();
        assert_eq!(written, 500);
    });
}

#[test]
fn a_loop_of_what_begins_in_a_cancelled_scope_is_ended() {
    is_stopped(|| again_and_again(async || cancelled().await));
    is_stopped(|| async {
        cancelled().await;
        again_and_again(async || shield(async {}).await).await;
    });
    is_stopped(|| async {
        let mut heard = cancelled();
        again_and_again(async || (&mut heard).await).await;
    });
}
