//! Scopes that are made lazily, where there is more than one task, and a clock.
//!
//! What is installed here tells tasks apart by a number that each test sets, and its time comes at once.
#![cfg(not(arbour_loom))]

use arbour_primitives::scope::runtime::{Runtime, install};
use arbour_primitives::scope::{CancelScope, Cause, ScopeHandle, lazily};
use futures::executor::block_on;
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

thread_local! {
    static TASK: Cell<u64> = const { Cell::new(1) };
}

fn install_tasks() {
    install(Runtime {
        task_id: || TASK.get(),
        spawn: Err,
        now: Instant::now,
        sleep_until: |_| Box::pin(async {}),
        carry: |future| future,
        charge: |_| Poll::Ready(()),
        is_spent: || false,
    });
}

/// Polls `future` as code of another task.
async fn as_task<F: Future>(task: u64, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let before = TASK.replace(task);
        let polled = future.as_mut().poll(cx);
        TASK.set(before);
        polled
    })
    .await
}

fn current_id() -> Option<u64> {
    ScopeHandle::current().map(|scope| scope.id())
}

fn nodes_inside(around: &ScopeHandle) -> usize {
    around.survey().len()
}

#[test]
fn code_of_another_task_does_not_ask_for_it() {
    install_tasks();
    let body = async {
        let around = ScopeHandle::current().unwrap();
        let body = async {
            as_task(2, async { assert_eq!(current_id(), None) }).await;
            assert_eq!(nodes_inside(&around), 0, "a stranger asked in vain");
            let own = current_id();
            assert!(own.is_some() && own != Some(around.id()));
            as_task(2, async { assert_eq!(current_id(), None) }).await;
        };
        lazily(body).await.unwrap();
    };
    block_on(CancelScope::new().run(body)).unwrap();
}

#[test]
fn that_of_another_task_stands_outside_of_the_scope_in_which_it_is_polled() {
    install_tasks();
    let body = async {
        let around = ScopeHandle::current().unwrap();
        let body = async {
            let theirs = as_task(2, lazily(async { ScopeHandle::current().unwrap() })).await.unwrap();
            assert!(!theirs.is_inside(&around));
            assert_eq!(nodes_inside(&around), 0, "nobody of this task has asked");
        };
        lazily(body).await.unwrap();
    };
    block_on(CancelScope::new().run(body)).unwrap();
}

#[test]
fn a_deadline_that_is_set_inside_ends_it() {
    install_tasks();
    let body = async {
        let outcome = lazily(async {
            ScopeHandle::current().unwrap().set_deadline(Some(Instant::now()));
            pending::<()>().await;
        });
        outcome.await.unwrap_err().cause
    };
    let scope = CancelScope::new();
    let around = scope.handle();
    assert_eq!(block_on(scope.run(body)).unwrap(), Cause::Deadline);
    assert!(!around.is_cancelled());
}
