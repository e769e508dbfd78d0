//! A run that leaves something behind fails, and names it.

use arbour::sync::Event;
use arbour::testing::simulate;
use arbour::{CancelScope, clean_up, defer, task_group};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::sleep;

fn error_of<F: Future>(seed: u64, body: F) -> String {
    simulate(seed, body).result.err().map(|error| error.to_string()).unwrap_or_default()
}

/// Spawns a child by the name of `leaked` below a task that no scope knows.
async fn leaks_a_task() {
    tokio::spawn(task_group(async |group| {
        group.task().name("leaked").spawn_value(sleep(Duration::from_secs(60)));
    }));
    sleep(Duration::from_secs(1)).await;
}

#[test]
fn a_task_that_nobody_waited_for_is_found_and_named_under_every_seed() {
    for seed in 0..50 {
        assert_eq!(error_of(seed, leaks_a_task()), "left running outside of every scope: leaked");
    }
}

#[test]
fn a_task_that_has_ended_before_the_run_is_no_leak() {
    let late = async {
        leaks_a_task().await;
        sleep(Duration::from_secs(60)).await;
    };
    assert_eq!(error_of(0, late), "");
}

#[test]
fn clean_up_that_no_scope_runs_is_found_and_named() {
    let finalizes = async {
        tokio::spawn(async { defer(sleep(Duration::from_secs(60))) });
        sleep(Duration::from_secs(1)).await;
    };
    assert_eq!(error_of(0, finalizes), "left running outside of every scope: clean-up without a scope");
    let cleans_up = async {
        tokio::spawn(async { clean_up(sleep(Duration::from_secs(60))) });
        sleep(Duration::from_secs(1)).await;
    };
    assert_eq!(error_of(0, cleans_up), "left running outside of every scope: clean-up without a scope");
}

#[test]
fn a_wait_that_is_never_dropped_is_found_by_the_name_of_its_task() {
    static EVENT: std::sync::LazyLock<Event> = std::sync::LazyLock::new(Event::new);
    let forgets = async {
        let group = task_group(async |group| {
            group.task().name("forgetful").spawn_value(async {
                let mut wait = Box::pin(EVENT.wait());
                let waits = poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx).is_pending())).await;
                assert!(waits);
                std::mem::forget(wait);
            });
        });
        group.await.unwrap();
    };
    assert_eq!(error_of(0, forgets), "left waiting in some queue after they had ended: forgetful");
}

#[test]
fn what_a_scope_waits_for_is_no_leak_however_it_was_left() {
    let dropped = async {
        tokio::select! {
            biased;
            () = yield_now() => {}
            _ = CancelScope::new().run(async {
                defer(sleep(Duration::from_secs(1)));
                clean_up(sleep(Duration::from_secs(1)));
                std::future::pending::<()>().await;
            }) => {}
        }
    };
    assert_eq!(error_of(0, dropped), "");
}
