//! Five thousand scopes, one inside the other, in one task.
//!
//! A poll of nested futures is a recursion in Rust, whoever wrote them, and so is their drop; in a debug
//! build five thousand need some megabytes for it. Nothing of ours comes on top: to cancel or abort them
//! needs no more than a small stack, and to end them no more than a poll of them did.

use super::ending::{End, Hanging, time_to};
use super::living::Living;
use super::measure::{ends_in_linear_time, on_a_small_stack, on_a_stack_of};
use arbour::testing::block_on;
use arbour::{CancelScope, defer};
use std::future::pending;
use std::task::{Context, Poll, Waker};
use tokio::task::yield_now;

const SCOPES: usize = 5_000;

/// Room for five thousand polls of a debug build, which take about eight megabytes, several times over.
const DEEP_STACK: usize = 32 << 20;

fn nest(scopes: usize, living: Living) -> Hanging {
    Box::pin(async move {
        let Some(rest) = scopes.checked_sub(1) else { return pending().await };
        let _life = living.one_more();
        let _ = CancelScope::new().run(nest(rest, living)).await;
    })
}

/// As above; each scope has a finalizer that awaits.
fn nest_with_finalizers(scopes: usize, living: Living) -> Hanging {
    Box::pin(async move {
        let Some(rest) = scopes.checked_sub(1) else { return pending().await };
        let life = living.one_more();
        defer(async {
            yield_now().await;
            drop(life);
        });
        let _ = CancelScope::new().run(nest_with_finalizers(rest, living)).await;
    })
}

#[test]
fn cancelling_five_thousand_scopes_deep_is_linear() {
    on_a_stack_of(DEEP_STACK, || ends_in_linear_time(End::Cancel, SCOPES, nest));
}

#[test]
fn dropping_five_thousand_scopes_deep_is_linear() {
    on_a_stack_of(DEEP_STACK, || ends_in_linear_time(End::Drop, SCOPES, nest));
}

#[test]
fn the_finalizers_of_five_thousand_scopes_that_were_dropped_run_without_them() {
    on_a_stack_of(DEEP_STACK, || _ = block_on(time_to(End::Drop, SCOPES, nest_with_finalizers)));
}

#[test]
fn five_thousand_scopes_are_cancelled_from_a_small_stack() {
    let living = Living::default();
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut running = Box::pin(scope.run(nest(SCOPES, living.clone())));
    on_a_stack_of(DEEP_STACK, move || {
        assert!(running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(living.count(), SCOPES);
        on_a_small_stack(move || handle.cancel("from a small stack"));
        let outcome = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(outcome, Poll::Ready(Err(_))), "one poll ends all of them");
        assert_eq!(living.count(), 0);
    });
}
