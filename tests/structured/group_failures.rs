//! How groups fail: what is recorded, what is cancelled, how it is found and printed.

use crate::support::{MS, everywhere, never, turns};
use arbour::{
    CancelScope, Cause, Failure, GroupError, TaskError, catch_cancel, shield, task_group, try_task_group,
};
use std::fmt;
use std::io;

#[derive(Debug, thiserror::Error)]
#[error("disk {0} is full")]
struct DiskFull(u32);

#[test]
fn a_failure_cancels_the_body_and_the_siblings_and_is_the_only_leaf() {
    everywhere(10, || async {
        let outcome = task_group(async |group| {
            group.spawn_value(never::<()>());
            group.task().name("writer").spawn(async { Err::<(), _>(DiskFull(1)) });
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(error.failures().len(), 1);
        assert_eq!(error.failures()[0].task(), Some("writer"));
        assert_eq!(error.find::<DiskFull>().unwrap().0, 1);
    });
}

#[test]
fn the_handle_and_the_group_show_the_same_failure() {
    everywhere(5, || async {
        let (put, take) = tokio::sync::oneshot::channel();
        let outcome = task_group(async |group| {
            let child = group.spawn(async { Err::<(), _>(DiskFull(2)) });
            arbour::shield(async { put.send(child.await).ok().unwrap() }).await;
        });
        let error = outcome.await.unwrap_err();
        let Err(TaskError::Failed(failure)) = take.await.unwrap() else { panic!("it failed") };
        assert!(failure.same(&error.failures()[0]));
    });
}

#[test]
fn a_second_child_that_fails_while_being_cancelled_is_a_leaf_too() {
    everywhere(20, || async {
        let outcome = task_group(async |group| {
            let (begins, begun) = tokio::sync::oneshot::channel();
            group.spawn(async {
                let wait = catch_cancel(async {
                    begins.send(()).unwrap();
                    never::<()>().await;
                });
                let _ = wait.await;
                Err::<(), _>(io::Error::other("second"))
            });
            group.spawn(async {
                begun.await.unwrap();
                Err::<(), _>(DiskFull(3))
            });
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(error.failures().len(), 2);
        assert!(error.failures()[0].downcast_ref::<DiskFull>().is_some());
        assert!(error.failures()[1].downcast_ref::<io::Error>().is_some());
    });
}

#[test]
fn a_bodys_error_and_a_childs_error_during_its_cancellation_are_both_leaves() {
    everywhere(10, || async {
        let outcome = try_task_group(async |group| {
            let (begins, begun) = tokio::sync::oneshot::channel();
            group.spawn(async {
                let wait = catch_cancel(async {
                    begins.send(()).unwrap();
                    never::<()>().await;
                });
                let _ = wait.await;
                Err::<(), _>(io::Error::other("child"))
            });
            begun.await.unwrap();
            Err::<(), _>(DiskFull(4))
        });
        let error = outcome.await.unwrap_err();
        assert!(error.find::<DiskFull>().is_some() && error.find::<io::Error>().is_some(), "{error}");
    });
}

#[test]
fn a_panic_is_a_failure_with_message_and_place() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            group.task().name("parser").spawn_value(async { panic!("line {}", 7) });
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        let failure = &error.failures()[0];
        assert!(failure.is_panic());
        assert!(failure.panic_location().unwrap().contains("group_failures.rs"), "{failure}");
        let text = failure.to_string();
        assert!(text.starts_with("parser: panicked at ") && text.ends_with(": line 7"), "{text}");
    });
}

#[test]
fn cancellations_are_never_leaves() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            group.spawn_value(never::<()>());
            group.cancel("enough");
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        assert!(matches!(&error, GroupError::Cancelled(cause) if *cause == Cause::from("enough")));
        assert!(error.failures().is_empty());
    });
}

#[test]
fn the_cancelled_siblings_know_who_failed() {
    everywhere(5, || async {
        let (put, take) = tokio::sync::oneshot::channel();
        let outcome = task_group(async |group| {
            let (begins, begun) = tokio::sync::oneshot::channel();
            group.spawn_value(async {
                let wait = catch_cancel(async {
                    begins.send(()).unwrap();
                    never::<()>().await;
                });
                put.send(wait.await.unwrap_err().cause).ok();
            });
            begun.await.unwrap();
            group.task().name("writer").spawn(async { Err::<(), _>(DiskFull(5)) });
        });
        outcome.await.unwrap_err();
        assert_eq!(take.await.unwrap().to_string(), "sibling writer failed");
    });
}

async fn mixed() -> GroupError {
    let outcome = task_group(async |group| {
        let inner = task_group(async |group| {
            group.task().name("leaf").spawn(async { Err::<(), _>(DiskFull(6)) });
        });
        group.task().name("branch").spawn(inner);
        turns(1).await;
    });
    outcome.await.unwrap_err()
}

#[test]
fn find_looks_into_nested_groups_and_it_prints_as_a_tree() {
    everywhere(5, || async {
        let error = mixed().await;
        assert_eq!(error.find::<DiskFull>().unwrap().0, 6);
        assert!(error.find::<fmt::Error>().is_none());
        assert_eq!(
            error.to_string(),
            "1 task failed\n- branch: 1 task failed\n  - branch/leaf: disk 6 is full"
        );
    });
}

#[test]
fn split_and_only_get_types_back() {
    let make = || {
        let failures = vec![Failure::from(DiskFull(7)), Failure::from(io::Error::other("gone"))];
        GroupError::Failed(failures)
    };
    let (full, rest) = make().split::<DiskFull>();
    assert_eq!(full.len(), 1);
    assert!(rest.unwrap().find::<io::Error>().is_some());
    assert_eq!(make().only::<DiskFull>().unwrap_err().failures().len(), 2);
    assert_eq!(GroupError::Failed(full).only::<DiskFull>().unwrap().len(), 1);
    let cancelled = GroupError::Cancelled(Cause::Shutdown);
    let (none, whole) = cancelled.split::<DiskFull>();
    assert!(none.is_empty() && matches!(whole, Some(GroupError::Cancelled(Cause::Shutdown))));
}

#[test]
fn a_child_cancelled_with_its_group_inside_an_outer_cancellation_lets_the_outer_catch() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(task_group(async move |group| {
            group.spawn_value(never::<()>());
            handle.cancel("outer");
            never::<()>().await;
        }));
        assert_eq!(outcome.await.unwrap_err().cause, Cause::from("outer"));
    });
}

/// The child is woken first and may end before the body is polled: the join is then ready, and its `Cancelled`
/// must not become a failure of the group by way of `?`.
#[test]
fn a_deadline_around_a_group_is_no_failure_of_the_group_however_its_tasks_are_polled() {
    everywhere(20, || async {
        let outcome = arbour::fail_after(MS, async {
            try_task_group(async |group| {
                let child = group.spawn_value(std::future::pending::<()>());
                child.await?;
                Ok::<_, arbour::TaskError>(())
            })
            .await
        });
        assert_eq!(outcome.await.unwrap_err().cause, arbour::Cause::Deadline);
    });
}

/// Awaited where nothing is cancelled, the outcome is given as ever.
#[test]
fn a_cancelled_join_is_given_where_its_scope_is_not_cancelled() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let child = group.spawn_value(std::future::pending::<()>());
            child.cancel("alone");
            child.await
        });
        assert!(
            matches!(outcome.await.unwrap(), Err(arbour::TaskError::Cancelled(cause)) if cause == "alone".into())
        );
    });
}

#[test]
fn split_find_and_only_look_into_groups_inside() {
    everywhere(3, || async {
        let parse = |text: &'static str| text.parse::<u32>().map(drop);
        let outcome = task_group(async |outer| {
            outer.task().name("inner").spawn(task_group_of(vec![
                Err(Failure::from(parse("seven").unwrap_err())),
                Err(Failure::message("broken")),
            ]));
            outer.task().name("flat").spawn(async move { parse("eight") });
            turns(20).await;
        });
        let error = outcome.await.unwrap_err();
        assert!(error.find::<std::num::ParseIntError>().is_some());
        let Err(error) = error.only::<std::num::ParseIntError>() else { panic!("a message is among them") };
        let (found, rest) = error.split::<std::num::ParseIntError>();
        assert!(!found.is_empty() && found.iter().all(|failure| failure.path().is_some()), "{found:?}");
        let rest = rest.expect("the message is left").to_string();
        assert_eq!(rest, "1 task failed\n- inner: 1 task failed\n  - inner/second: broken");
    });
}

/// A group whose children, named for their order, all fail before one of them is heard of.
async fn task_group_of(outcomes: Vec<Result<(), Failure>>) -> Result<(), arbour::GroupError> {
    task_group(async |group| {
        let names = ["first", "second", "third"];
        for (name, outcome) in names.into_iter().zip(outcomes) {
            group.task().name(name).spawn(shield(async move {
                turns(2).await;
                outcome
            }));
        }
        shield(turns(10)).await;
    })
    .await
}

#[test]
fn a_body_that_panics_cancels_its_children_with_that_as_the_cause() {
    everywhere(5, || async {
        let (tell, told) = tokio::sync::oneshot::channel();
        let outcome = std::panic::AssertUnwindSafe(task_group(async |group| {
            let (begin, begun) = tokio::sync::oneshot::channel();
            group.spawn_value(async {
                let caught = catch_cancel(async {
                    begin.send(()).unwrap();
                    never::<()>().await;
                });
                tell.send(caught.await.unwrap_err().cause).unwrap();
            });
            begun.await.unwrap();
            panic!("the body gives up");
        }));
        let payload = futures::FutureExt::catch_unwind(outcome).await.unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"the body gives up"));
        assert!(matches!(told.await.unwrap(), Cause::SiblingFailed(_)));
    });
}

#[test]
fn a_panic_of_the_body_goes_on_though_a_child_has_failed_before() {
    everywhere(5, || async {
        let outcome = std::panic::AssertUnwindSafe(task_group(async |group| {
            let failed = group.spawn(async { Err::<(), _>(DiskFull(5)) });
            shield(async { failed.await.unwrap_err() }).await;
            panic!("and the body, too");
        }));
        let payload = futures::FutureExt::catch_unwind(outcome).await.unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"and the body, too"));
    });
}
