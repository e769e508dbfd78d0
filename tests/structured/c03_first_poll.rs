//! C3: our cancellation polls a body at least once; foreign code may drop it unpolled.

use crate::support::{Journal, everywhere, never, one_thread, paused, poll_once, turns};
use arbour::{CancelScope, Failure, TaskError, task_group};

#[test]
fn a_scope_cancelled_before_it_begins_polls_its_body_once() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let outcome = scope.run(async {
            let _guard = journal.at_drop("guard let go");
            journal.note("took hold");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is(["took hold", "guard let go"]);
    });
}

#[test]
fn a_scope_that_begins_in_a_cancelled_place_polls_its_body_once() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        let outcome = scope.run(CancelScope::new().run(CancelScope::new().run(async {
            journal.note("took hold");
            never::<()>().await;
        })));
        assert!(outcome.await.is_err());
        journal.is(["took hold"]);
    });
}

#[test]
fn children_cancelled_before_their_first_poll_are_polled_once() {
    everywhere(20, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            for _ in 0..100 {
                let journal = inside.clone();
                group.spawn_value(async move {
                    journal.note("took hold");
                    never::<()>().await;
                });
            }
            group.cancel("at once");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(journal.len(), 100);
    });
}

#[test]
fn a_child_whose_runtime_ends_is_dropped_unpolled_and_its_values_are_dropped() {
    let journal = Journal::default();
    let noted = journal.clone();
    let runtime = one_thread();
    let (put, take) = std::sync::mpsc::channel();
    runtime.spawn(async move {
        let _ = task_group(async move |group| {
            let held = noted.at_drop("dropped");
            group.spawn(async move {
                noted.note("polled");
                drop(held);
                Ok::<_, Failure>(())
            });
            put.send(group.clone()).unwrap();
            std::thread::yield_now();
            never::<()>().await;
        })
        .await;
    });
    runtime.block_on(tokio::task::yield_now());
    let group = take.recv().unwrap();
    drop(runtime);
    assert!(group.is_empty(), "{group:?}");
    assert!(journal.holds("dropped"));
}

#[test]
fn a_scope_dropped_unpolled_by_foreign_code_leaves_nothing() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let held = journal.at_drop("dropped");
        let body = async {
            journal.note("polled");
            drop(held);
        };
        tokio::select! { biased; () = async {} => {} _ = scope.run(body) => {} }
        journal.is(["dropped"]);
        handle.cancel("has ended");
        turns(1).await;
    });
}

/// On one thread: another one might poll the child before it is aborted.
#[test]
fn a_child_aborted_before_its_first_poll_is_dropped_unpolled_and_its_values_are_dropped() {
    paused(|| async {
        let journal = Journal::default();
        let noted = journal.clone();
        let outcome = task_group(async move |group| {
            let held = noted.at_drop("dropped");
            let child = group.spawn_value(async move {
                drop(held);
                noted.note("polled");
            });
            child.abort("at once");
            assert!(matches!(child.await, Err(TaskError::Aborted)));
        });
        outcome.await.unwrap();
        journal.is(["dropped"]);
    });
}

#[test]
fn a_child_spawned_when_its_runtime_has_ended_is_dropped_unpolled_and_its_values_are_dropped() {
    let journal = Journal::default();
    let runtime = one_thread();
    let (put, take) = std::sync::mpsc::channel();
    let mut running = Box::pin(task_group(async move |group| {
        put.send(group.clone()).unwrap();
        never::<()>().await;
    }));
    assert!(runtime.block_on(poll_once(&mut running)).is_pending());
    drop(runtime);
    let group = take.recv().unwrap();
    let (held, noted) = (journal.at_drop("dropped"), journal.clone());
    let child = group.spawn_value(async move {
        drop(held);
        noted.note("polled");
    });
    assert!(matches!(arbour::testing::block_on(child), Err(TaskError::Aborted)));
    assert!(group.is_empty(), "{group:?}");
    journal.is(["dropped"]);
}
