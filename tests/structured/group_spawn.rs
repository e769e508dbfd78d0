//! Task groups: spawning, into open, finished and cancelled groups.

use crate::support::{Journal, everywhere, never, turns, until};
use arbour::{CancelScope, Failure, ScopeHandle, TaskError, TaskGroup, TaskHandle, defer, task_group};
use std::io;

#[test]
fn a_group_ends_when_its_body_and_all_children_have() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            for _ in 0..3 {
                group.spawn_value(inside.later("child"));
            }
            "body"
        });
        assert_eq!(outcome.await.unwrap(), "body");
        journal.is(["child"; 3]);
    });
}

#[test]
fn spawning_never_runs_the_child_inside_the_call() {
    everywhere(5, || async {
        let thread = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let inside = std::sync::Arc::clone(&thread);
        let outcome = task_group(async move |group| {
            thread_local! { static SPAWNING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) }; }
            SPAWNING.set(true);
            group.spawn_value(async move {
                inside.store(SPAWNING.get(), std::sync::atomic::Ordering::Relaxed);
            });
            SPAWNING.set(false);
        });
        outcome.await.unwrap();
        assert!(!thread.load(std::sync::atomic::Ordering::Relaxed));
    });
}

#[test]
fn spawning_into_a_finished_group_gives_not_started_and_try_spawn_hands_the_future_back() {
    everywhere(5, || async {
        let group = task_group(async |group| group).await.unwrap();
        assert!(matches!(group.spawn_value(async {}).await, Err(TaskError::NotStarted)));
        assert!(matches!(group.spawn(async { Ok::<_, Failure>(()) }).await, Err(TaskError::NotStarted)));
        let back = group.try_spawn(async { Ok::<_, Failure>(5) }).unwrap_err();
        assert_eq!(back.await.unwrap(), 5);
    });
}

#[test]
fn a_group_takes_children_until_its_first_finalizer_begins() {
    everywhere(5, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let late = group.clone();
            defer(async move {
                let refused = late.spawn_value(async {}).await;
                inside.note(refused.unwrap_err().to_string());
            });
            group.clone().spawn_value(async move {
                turns(5).await;
                group.spawn_value(async {}).await.unwrap();
            });
        });
        outcome.await.unwrap();
        journal.is(["task was not started: its group has finished"]);
    });
}

#[test]
fn a_child_spawned_into_a_cancelled_group_is_cancelled_from_the_start() {
    everywhere(5, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            group.cancel("before it");
            group.spawn_value(async move {
                inside.note(format!("{}", ScopeHandle::current().unwrap().is_cancelled()));
                never::<()>().await;
                inside.note("went on");
            });
        });
        outcome.await.unwrap();
        journal.is(["true"]);
    });
}

#[test]
fn a_body_that_finished_gives_its_value_though_the_group_was_cancelled() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            group.spawn_value(never::<()>());
            group.cancel("enough");
            "value"
        });
        assert_eq!(outcome.await.unwrap(), "value");
    });
}

#[test]
fn children_spawn_into_their_own_group_and_the_group_is_their_parent() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let inner = group.clone();
            let child = group.spawn_value(async move { inner.spawn_value(async { 3 }).await.unwrap() });
            child.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), 3);
    });
}

#[test]
#[expect(clippy::async_yields_async, reason = "what is handed out is awaited elsewhere")]
fn the_parent_of_a_child_is_the_group_not_the_scope_that_called_spawn() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let scope = CancelScope::new();
            let cancel = scope.handle();
            let child = scope.run(async { group.spawn_value(turns(5)) }).await.unwrap();
            cancel.cancel("the caller");
            child.await
        });
        outcome.await.unwrap().unwrap();
    });
}

#[test]
fn a_handle_does_not_keep_its_group_open_and_counts_what_lives() {
    everywhere(5, || async {
        let kept = task_group(async |group| {
            assert!(group.is_empty());
            group.spawn_value(turns(3));
            group.spawn_value(turns(3));
            assert!(group.len() <= 2);
            until(|| group.is_empty()).await;
            group
        });
        assert_eq!(kept.await.unwrap().len(), 0);
    });
}

#[test]
fn a_thread_outside_of_the_runtime_may_spawn() {
    everywhere(3, || async {
        let outcome = task_group(async |group| {
            let outside = group.clone();
            let spawned = std::thread::spawn(move || outside.spawn_value(async { 11 })).join().unwrap();
            spawned.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), 11);
    });
}

#[test]
fn an_empty_group_inside_a_cancelled_scope_is_left_with_its_value() {
    everywhere(3, || async {
        let scope = CancelScope::new();
        scope.handle().cancel("before");
        assert_eq!(scope.run(task_group(async |_| 1)).await.unwrap().unwrap(), 1);
    });
}

#[test]
fn report_to_handle_keeps_a_failure_from_the_group() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let child = group
                .task()
                .name("probe")
                .report_to_handle()
                .spawn(async { Err::<(), _>(io::Error::other("unreachable")) });
            let Err(TaskError::Failed(failure)) = child.await else { panic!("it fails") };
            assert_eq!(failure.task(), Some("probe"));
            turns(3).await;
            failure.to_string()
        });
        assert_eq!(outcome.await.unwrap(), "probe: unreachable");
    });
}

/// A body takes its group by value, so its future has a name and generic code can ask that it be `Send`.
fn serve<F, Fut>(group: &TaskGroup, body: F) -> TaskHandle<Fut::Output>
where
    F: FnOnce(TaskGroup) -> Fut + Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    group.spawn_value(async move { task_group(body).await.unwrap() })
}

#[test]
fn generic_code_spawns_a_body_that_it_was_given() {
    everywhere(1, || async {
        let outcome = task_group(async |group| {
            let served = serve(&group, async |inner| inner.spawn_value(async { 7 }).await.unwrap());
            served.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), 7);
    });
}
