//! Nothing of a scope is left when everything has ended: counted for the whole process, so the tests
//! of this binary take turns.
#![forbid(unsafe_code)]

use arbour::bridge::{adopt, cancel_on};
use arbour::testing::{block_on, cancel_at_every_await, drop_at_every_await, living_scopes};
use arbour::{
    CancelScope, Failure, catch_cancel, clean_up, defer, defer_local, fail_after, first_ok, gather, join,
    join_all, local_group, race, shield, task_group, try_join,
};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

static TURN: Mutex<()> = Mutex::new(());

/// Waits for this test's turn; the count is zero at its beginning and at its end.
struct Turn(#[expect(dead_code, reason = "it is held, not read")] MutexGuard<'static, ()>);

impl Turn {
    fn take() -> Self {
        let turn = Self(TURN.lock().unwrap_or_else(PoisonError::into_inner));
        assert_eq!(living_scopes(), 0, "the test before has left scopes behind");
        turn
    }
}

/// Uses every tool once, with awaits between.
async fn everything() {
    defer(yield_now());
    clean_up(yield_now());
    let group = task_group(async |group| {
        group.spawn_value(async {
            defer(yield_now());
            shield(yield_now()).await;
            std::future::pending::<()>().await;
        });
        let ready = group.start(|ready| async move {
            yield_now().await;
            ready.started(1);
            Ok::<_, Failure>(())
        });
        let _ = ready.await;
        let _ = catch_cancel(fail_after(Duration::from_secs(1), yield_now())).await;
        drop(CancelScope::new());
        group.cancel("enough");
        std::future::pending::<()>().await;
    });
    assert!(group.await.is_err());
}

/// Several things at once in every way there is.
async fn everything_at_once() {
    let work = async || {
        defer(yield_now());
        yield_now().await;
        Ok::<_, Failure>(())
    };
    let _ = join!(work(), async { try_join!(work(), work()) }, join_all([work(), work()]));
    let _ = race!(async { work().await.is_ok() }, async { first_ok([work(), work()]).await.is_ok() });
    let _ = gather([work(), work()]).await;
    let _ = cancel_on(CancellationToken::new(), adopt(tokio::spawn(yield_now()))).await;
    let local = local_group(async |group| {
        defer_local(yield_now());
        group.spawn_value(yield_now()).await.is_ok()
    });
    let _ = local.await;
}

#[test]
fn nothing_is_left_of_several_things_at_once_at_any_poll() {
    let _turn = Turn::take();
    assert!(drop_at_every_await(everything_at_once, |run| assert_eq!(living_scopes(), 0, "{run:?}")) > 2);
    assert!(cancel_at_every_await(everything_at_once, |run| assert_eq!(living_scopes(), 0, "{run:?}")) > 2);
}

#[test]
fn nothing_is_left_after_a_drop_at_any_poll() {
    let _turn = Turn::take();
    assert!(drop_at_every_await(everything, |run| assert_eq!(living_scopes(), 0, "{run:?}")) > 4);
}

#[test]
fn nothing_is_left_after_a_cancellation_at_any_poll() {
    let _turn = Turn::take();
    assert!(cancel_at_every_await(everything, |run| assert_eq!(living_scopes(), 0, "{run:?}")) > 4);
}

#[test]
fn nothing_is_left_of_a_thousand_groups_dropped_in_a_loop_that_still_runs() {
    let _turn = Turn::take();
    let server = CancelScope::new().run(async {
        for _ in 0..1000 {
            let dropped = tokio::time::timeout(Duration::from_millis(1), everything_for_ever());
            assert!(dropped.await.is_err());
        }
        while living_scopes() > 1 {
            yield_now().await;
        }
    });
    block_on(server).unwrap();
    assert_eq!(living_scopes(), 0);
}

async fn everything_for_ever() {
    everything().await;
    let group = task_group(async |group| {
        defer(yield_now());
        group.spawn_value(std::future::pending::<()>());
        std::future::pending::<()>().await;
    });
    assert!(group.await.is_ok());
}

#[test]
fn nothing_is_left_when_a_runtime_is_dropped_with_everything_running() {
    let _turn = Turn::take();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.spawn(everything_for_ever());
    runtime.block_on(async {
        for _ in 0..50 {
            yield_now().await;
        }
    });
    drop(runtime);
    assert_eq!(living_scopes(), 0);
}
