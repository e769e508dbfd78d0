//! The handles of children: how far a child has come, what came of it.

use crate::support::{Journal, MS, never, poll_once, soon, turns};
use arbour::{Failure, TaskError, TaskState, task_group};
use std::io;
use tokio::sync::oneshot;
use tokio::time::sleep;

mod anyio_taskgroups {
    use super::*;

    /// The value is given once, because it moves out; a handle that was not asked has it still when the
    /// group has ended.
    #[arbour::test]
    async fn createtask_return_value() {
        let mut kept = None;
        let outcome = task_group(async |group| {
            let mut asked = group.spawn_value(async { "asked inside" });
            assert!(matches!(asked.try_join(), Err(TaskError::NotFinished)));
            assert_eq!(asked.await.unwrap(), "asked inside");
            kept = Some(group.spawn_value(async { "asked outside" }));
        });
        outcome.await.unwrap();
        let mut kept = kept.unwrap();
        assert_eq!(kept.state(), TaskState::Finished);
        assert_eq!(kept.try_join().unwrap(), "asked outside");
    }

    #[arbour::test]
    async fn createtask_exception() {
        let (put, take) = oneshot::channel();
        let outcome = task_group(async |group| {
            let mut child = group.spawn(async { Err::<(), _>(io::Error::other("the original")) });
            assert!(matches!(child.try_join(), Err(TaskError::NotFinished)));
            put.send(child.await.unwrap_err()).unwrap();
            never::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        let joined = take.await.unwrap();
        assert!(joined.to_string().starts_with("task failed: "), "{joined}");
        let TaskError::Failed(failure) = joined else { panic!("it failed") };
        assert_eq!(failure.downcast_ref::<io::Error>().unwrap().to_string(), "the original");
        assert!(failure.same(&error.failures()[0]) && error.failures().len() == 1, "{error}");
    }

    #[arbour::test]
    async fn createtask_cancel() {
        for before_its_first_poll in [true, false] {
            let journal = Journal::default();
            let inside = journal.clone();
            let outcome = task_group(async move |group| {
                let mut child = group.spawn_value(async move {
                    inside.note("begins");
                    sleep(MS).await;
                    inside.note("behind its first await");
                });
                assert_eq!(child.state(), TaskState::Running);
                if !before_its_first_poll {
                    turns(2).await;
                }
                child.cancel("this one");
                assert_eq!(child.state(), TaskState::Cancelling);
                child.wait().await;
                assert_eq!(child.state(), TaskState::Finished);
                let told = child.try_join().unwrap_err();
                assert_eq!(told.to_string(), "task was cancelled: this one");
                let mut second = group.spawn_value(never::<()>());
                second.cancel("the second");
                let awaited = (&mut second).await;
                assert!(matches!(awaited, Err(TaskError::Cancelled(cause)) if cause == "the second".into()));
                assert!(!group.scope().is_cancelled());
            });
            outcome.await.unwrap();
            journal.is(["begins"]);
        }
    }

    #[arbour::test]
    async fn createtask_wait() {
        let outcome = task_group(async |group| {
            let slow = async {
                sleep(MS).await;
                Ok::<_, Failure>("value")
            };
            let mut gives = group.task().report_to_handle().spawn(slow);
            let failing = async {
                sleep(MS).await;
                Err::<(), _>(Failure::message("as told"))
            };
            let mut fails = group.task().report_to_handle().spawn(failing);
            let mut cancelled = group.spawn_value(never::<()>());
            assert!(poll_once(&mut Box::pin(gives.wait())).await.is_pending());
            soon(gives.wait()).await;
            soon(fails.wait()).await;
            cancelled.cancel("the third way to end");
            soon(cancelled.wait()).await;
            assert!(poll_once(&mut Box::pin(gives.wait())).await.is_ready(), "at once, once it has ended");
            assert_eq!(gives.await.unwrap(), "value");
            assert!(matches!(fails.await, Err(TaskError::Failed(_))));
            assert!(matches!(cancelled.await, Err(TaskError::Cancelled(_))));
        });
        outcome.await.unwrap();
    }
}
