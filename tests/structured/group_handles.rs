//! Task handles: the outcome, and ending one child alone.

use crate::support::{Journal, everywhere, never, turns, until};
use arbour::{Cause, Failure, TaskError, catch_cancel, defer, shield, task_group};

#[test]
fn the_outcome_of_a_child_moves_out_of_its_handle() {
    everywhere(5, || async {
        let value = task_group(async |group| {
            let boxed = group.spawn(async { Ok::<_, Failure>(Box::new(5)) });
            boxed.await.unwrap()
        });
        assert_eq!(*value.await.unwrap(), 5);
    });
}

#[test]
fn a_dropped_handle_leaves_its_child_to_the_group() {
    everywhere(5, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| drop(group.spawn_value(inside.later("child"))));
        outcome.await.unwrap();
        journal.is(["child"]);
    });
}

#[test]
fn cancel_ends_this_child_alone_and_is_no_failure_of_the_group() {
    everywhere(10, || async {
        let outcome = task_group(async |group| {
            let other = group.spawn_value(turns(10));
            let child = group.spawn_value(never::<()>());
            child.cancel("not needed");
            let ended = child.await;
            other.await.unwrap();
            ended
        });
        let Err(TaskError::Cancelled(cause)) = outcome.await.unwrap() else { panic!("it was cancelled") };
        assert_eq!(cause, Cause::from("not needed"));
    });
}

#[test]
fn a_cancelled_child_cleans_up_before_its_outcome_is_there() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let outcome = task_group(async move |group| {
            let deferred = inside.clone();
            let child = group.spawn_value(async move {
                defer(deferred.later("child's finalizer"));
                never::<()>().await;
            });
            child.cancel("now");
            assert!(child.await.is_err());
            inside.note("joined");
        });
        outcome.await.unwrap();
        journal.is(["child's finalizer", "joined"]);
    });
}

#[test]
fn abort_ends_a_child_through_its_shields_and_is_no_failure_of_the_group() {
    everywhere(10, || async {
        let outcome = task_group(async |group| {
            let child = group.spawn_value(shield(never::<()>()));
            turns(2).await;
            child.abort("at once");
            child.await
        });
        assert!(outcome.await.unwrap().is_err());
    });
}

#[test]
fn a_child_that_catches_its_cancellation_gives_its_value() {
    everywhere(10, || async {
        let outcome = task_group(async |group| {
            let (begins, begun) = tokio::sync::oneshot::channel();
            let child = group.spawn_value(async {
                let caught = catch_cancel(async {
                    begins.send(()).unwrap();
                    never::<()>().await;
                });
                caught.await.unwrap_err().cause
            });
            begun.await.unwrap();
            child.cancel("with notice");
            child.await.unwrap()
        });
        assert_eq!(outcome.await.unwrap(), Cause::from("with notice"));
    });
}

#[test]
fn names_and_states_can_be_read_at_any_time() {
    everywhere(3, || async {
        let outcome = task_group(async |group| {
            let named = group.task().name("reader").spawn_value(turns(2));
            let placed = group.spawn_value(async {});
            assert_eq!(named.name(), "reader");
            assert!(placed.name().contains("group_handles.rs"), "{}", placed.name());
            assert_ne!(named.id(), placed.id());
            until(|| named.is_finished() && placed.is_finished()).await;
            named.cancel("too late");
            named.await.unwrap();
        });
        outcome.await.unwrap();
    });
}

#[test]
#[expect(clippy::async_yields_async, reason = "what is handed out is awaited elsewhere")]
fn a_child_whose_runtime_has_gone_says_that_it_was_aborted() {
    let gone = crate::support::one_thread();
    let group = std::sync::Arc::new(std::sync::Mutex::new(None));
    let put = std::sync::Arc::clone(&group);
    let child = gone.block_on(async {
        let mut running = Box::pin(task_group(async move |group| {
            *put.lock().unwrap() = Some(group.spawn_value(never::<()>()));
            never::<()>().await;
        }));
        assert!(crate::support::poll_once(&mut running).await.is_pending());
        group.lock().unwrap().take().unwrap()
    });
    drop(gone);
    assert!(matches!(arbour::testing::block_on(child), Err(TaskError::Aborted | TaskError::Cancelled(_))));
}
