//! Tasks whose end somebody awaits: children of a group, and of a dynamic supervisor where they have policies.

use crate::supervised::{
    Crew, HOUR, Order, counted, incarnations, listed, ms, run, run_dynamic, settle, supervisor,
};
use arbour::{
    Actor, ActorSpec, CallError, ChildPolicy, ChildSpec, Context, DynamicSupervisor,
    DynamicSupervisorBuilder, Failure, GroupError, Reply, Restart, Shutdown, TaskError, TaskState,
    as_completed, fail_after, gather, map_concurrent, move_on_after, shield, stopping, task_group, tasks,
};
use futures::StreamExt;
use futures::future::BoxFuture;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();
const THREE: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// What a task of a dynamic supervisor does.
type Job = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A dynamic supervisor of tasks that are run once.
fn jobs() -> DynamicSupervisorBuilder<Job> {
    let start = |_, job: Job| async move {
        job().await;
        Ok::<(), Failure>(())
    };
    DynamicSupervisor::builder("jobs", start).policy(ChildPolicy::plain().restart(Restart::Temporary))
}

fn endless() -> Job {
    Arc::new(|| Box::pin(stopping()))
}

/// A job that gives its value by another way than its end.
fn answering(value: u32) -> (Job, oneshot::Receiver<u32>) {
    let (sender, answer) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let job = move || -> BoxFuture<'static, ()> {
        let sender = sender.lock().unwrap().take();
        Box::pin(async move {
            if let Some(sender) = sender {
                sender.send(value).expect("somebody waits");
            }
        })
    };
    (Arc::new(job), answer)
}

/// Gives the number after so many milliseconds.
async fn after(time: u64, number: u32) -> Result<u32, Failure> {
    sleep(ms(time)).await;
    Ok(number)
}

mod task_supervisor_test {
    use super::*;

    /// The result is in the handle, and nowhere else.
    #[arbour::test]
    async fn async_spawns_tasks_under_the_supervisor() {
        task_group(async |group| {
            let mut task = group.task().name("summing").spawn(after(10, 3));
            settle().await;
            let tree = tasks();
            let (id, seen) = (group.scope().id(), tree.find("summing").expect("it is listed"));
            assert_eq!((seen.parent, seen.name.as_deref()), (Some(id), Some("summing")));
            assert_eq!((&mut task).await.unwrap(), 3);
            assert_eq!((task.state(), group.len()), (TaskState::Finished, 0));
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn async_with_custom_shutdown() {
        task_group(async |group| {
            let (tell, told) = oneshot::channel();
            let inner = group.task().report_to_handle().spawn(async {
                let inner = task_group(async move |inner| {
                    let task = inner.spawn_value(async { shield(std::future::pending::<()>()).await });
                    assert!(tell.send((task, inner.scope())).is_ok(), "somebody waits");
                    std::future::pending::<()>().await;
                });
                inner.await
            });
            let (task, scope) = told.await.unwrap();
            settle().await;
            scope.abort("the supervisor is shut down");
            assert!(matches!(task.await, Err(TaskError::Aborted)));
            inner.await.unwrap_err();
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn raises_when_max_children_is_reached() {
        run_dynamic(jobs().max_children(1), async |handle| {
            handle.start_child(endless()).await.unwrap();
            let (job, answer) = answering(7);
            let refused = handle.start_child(job).await.unwrap_err();
            assert_eq!(refused.reason, CallError::TooManyChildren { max: 1 });
            assert_eq!(counted(handle.supervisor()).await, (1, 1, 0, 1), "nothing is left of it");
            drop(refused);
            answer.await.expect_err("the job was handed back, and is gone with the refusal");
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn start_child_1_with_custom_restart() {
        let crew = Crew::new();
        run_dynamic(crew.dynamic(ChildPolicy::plain().restart(Restart::Permanent)), async |handle| {
            handle.start_child("task").await.unwrap();
            settle().await;
            crew.order("task", Order::Drain).await;
            assert_eq!(incarnations(handle.supervisor()).await, [2]);
            assert_eq!(crew.lines(), ["+task", "-task", "+task"]);
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn terminate_child_2() {
        run_dynamic(jobs(), async |handle| {
            let child = handle.start_child(endless()).await.unwrap().child().unwrap();
            handle.stop_child(child).await.unwrap();
            assert!(handle.which_children().await.is_empty());
            let gone = CallError::NoSuchSlot { slot: child.slot() };
            assert_eq!(handle.stop_child(child).await, Err(gone));
        })
        .await
        .1
        .unwrap();
    }

    /// A wait that is given up takes nothing along: the result stays in the handle, and comes once.
    #[arbour::test]
    async fn await_demonitors_and_unalias_on_timeout() {
        task_group(async |group| {
            let mut task = group.spawn(after(50, 3));
            fail_after(Duration::ZERO, &mut task).await.expect_err("there is no time");
            assert_eq!(task.state(), TaskState::Running, "the task goes on");
            sleep(ms(100)).await;
            assert_eq!(task.await.unwrap(), 3);
        })
        .await
        .unwrap();
    }

    /// Whoever awaits gets the failure as a value with the task's name; whoever hands it on with `?` ends with it.
    #[arbour::test]
    async fn await_exits_on_task_throw_error_exit() {
        let outcome: Result<(), GroupError> = task_group(async |group| {
            let fails = group.task().name("fails").report_to_handle();
            let fails = fails.spawn(async { Err::<(), _>(Failure::message("no luck")) });
            let TaskError::Failed(failure) = fails.await.unwrap_err() else { panic!("it failed") };
            assert_eq!((failure.task(), failure.to_string().as_str()), (Some("fails"), "fails: no luck"));

            let panics = group.task().name("panics").report_to_handle();
            let panics =
                panics.spawn(async { if true { panic!("no luck at all") } else { Ok::<(), Failure>(()) } });
            let TaskError::Failed(failure) = panics.await.unwrap_err() else { panic!("it panicked") };
            assert!(failure.is_panic() && failure.to_string().ends_with("no luck at all"), "{failure}");

            let leaves = group.task().name("leaves").spawn_value(std::future::pending::<()>());
            leaves.cancel("not wanted");
            assert_eq!(leaves.await.unwrap_err().to_string(), "task was cancelled: not wanted");
        })
        .await;
        outcome.unwrap();
        let outcome = arbour::try_task_group(async |group| {
            let task = group.task().name("fails").report_to_handle();
            task.spawn(async { Err::<u32, _>(Failure::message("no luck")) }).await
        });
        assert!(outcome.await.unwrap_err().to_string().contains("fails: no luck"));
    }

    #[arbour::test]
    async fn async_stream_streams_without_leaking_slowest_first() {
        task_group(async |group| {
            let began = Instant::now();
            let items = futures::stream::iter([300_u64, 200, 100]);
            let results =
                group.map_concurrent(items, THREE, |time| after(time, u32::try_from(time).unwrap()));
            let results: Vec<_> = results.map(Result::unwrap).collect().await;
            assert_eq!(results, [300, 200, 100], "in the order of the items");
            assert_eq!(began.elapsed(), ms(300), "all at once");
            assert!(group.is_empty());
        })
        .await
        .unwrap();
    }

    /// An item whose failure is to be one entry among others gives it as a value: one that fails its task ends the
    /// others, as any child of a group does.
    #[arbour::test]
    async fn async_stream_with_exits() {
        let attempt = async |n: u64| {
            sleep(ms(10 * (4 - n))).await;
            if n.is_multiple_of(2) { Err(format!("{n} is even")) } else { Ok(n) }
        };
        let entries = map_concurrent([1, 2, 3], THREE, |n| async move { Ok::<_, Failure>(attempt(n).await) });
        assert_eq!(entries.await.unwrap(), [Ok(1), Err("2 is even".to_owned()), Ok(3)]);
        let failing =
            map_concurrent([1, 2, 3], THREE, |n| async move { attempt(n).await.map_err(Failure::message) });
        assert!(failing.await.unwrap_err().to_string().contains("2 is even"));
    }

    #[arbour::test]
    async fn raises_an_error_if_max_children_is_reached_with_clean_stream_shutdown() {
        run_dynamic(jobs().max_children(2), async |handle| {
            let outcome = map_concurrent([1, 2, 3], THREE, |_| {
                let handle = handle.clone();
                async move {
                    handle.start_child(endless()).await.map_err(|refused| refused.reason)?;
                    sleep(HOUR).await;
                    Ok::<(), Failure>(())
                }
            });
            let began = Instant::now();
            let error = outcome.await.unwrap_err();
            let reason = error.find::<CallError>().expect("the refusal comes out");
            assert_eq!(*reason, CallError::TooManyChildren { max: 2 });
            assert_eq!(began.elapsed(), Duration::ZERO, "the others are not waited for");
            assert_eq!(counted(handle.supervisor()).await, (1, 2, 0, 2));
            for child in handle.which_children().await {
                handle.stop_child(child.child).await.unwrap();
            }
            assert!(
                tasks().iter().all(|task| task.name.as_deref().is_none_or(|name| !name.starts_with("item")))
            );
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn with_timeout_and_zip_input_on_exit() {
        let entries = map_concurrent([10_u64, 500, 20], TWO, |time| async move {
            Ok::<_, Failure>((time, move_on_after(ms(100), sleep(ms(time))).await.is_ok()))
        });
        assert_eq!(entries.await.unwrap(), [(10, true), (500, false), (20, true)]);
    }
}

mod task_test {
    use super::*;

    #[arbour::test]
    async fn await_many_exits_immediately_when_any_task_exits() {
        let began = Instant::now();
        let tasks: Vec<BoxFuture<'static, Result<u32, Failure>>> = vec![
            Box::pin(after(3_600_000, 1)),
            Box::pin(async {
                sleep(ms(10)).await;
                Err(Failure::message("no luck"))
            }),
            Box::pin(after(3_600_000, 3)),
        ];
        gather(tasks).await.unwrap_err();
        assert_eq!(began.elapsed(), ms(10));
        assert_eq!(gather([after(30, 1), after(10, 2), after(20, 3)]).await.unwrap(), [1, 2, 3]);
    }

    #[arbour::test]
    async fn yield_many_limit_on_timeout() {
        task_group(async |group| {
            let began = Instant::now();
            let spawn =
                |time| group.task().report_to_handle().spawn(after(time, u32::try_from(time).unwrap()));
            let first: Vec<_> = as_completed([300_u64, 100, 200].map(spawn))
                .take(2)
                .map(|ended| ended.outcome.unwrap())
                .collect()
                .await;
            assert_eq!((first, began.elapsed()), (vec![100, 200], ms(200)), "as soon as there are two");

            let (mut left, ignored, killed) = (spawn(500), spawn(500), spawn(500));
            fail_after(ms(100), &mut left).await.expect_err("none has ended");
            drop(ignored);
            killed.abort("it takes too long");
            assert_eq!(group.len(), 2 + 1, "what is left or ignored goes on, the third is told");
            assert!(matches!(killed.await, Err(TaskError::Aborted)));
            assert_eq!(left.await.unwrap(), 500);
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn shutdown_returns_ok_result_when_reply_in_queue() {
        task_group(async |group| {
            let ended = group.spawn(after(0, 3));
            settle().await;
            ended.cancel("too late");
            assert_eq!(ended.await.unwrap(), 3, "a result that is there wins");

            let asked = group.spawn(after(1_000, 3));
            settle().await;
            asked.cancel("no more");
            assert!(matches!(asked.await, Err(TaskError::Cancelled(_))));

            let failing = group.task().report_to_handle();
            let failing = failing.spawn(async { Err::<(), _>(Failure::message("no luck")) });
            settle().await;
            failing.cancel("too late");
            assert!(matches!(failing.await, Err(TaskError::Failed(_))));

            let deaf = group.spawn_value(shield(std::future::pending::<()>()));
            settle().await;
            deaf.cancel("no more");
            sleep(ms(100)).await;
            assert_eq!(deaf.state(), TaskState::Cancelling);
            deaf.abort("its time is over");
            assert!(matches!(deaf.await, Err(TaskError::Aborted)));
        })
        .await
        .unwrap();
    }
}

mod supervisor_test {
    use super::*;

    /// Counts what it is asked.
    struct Stack(u32);

    impl Actor for Stack {
        type Message = Reply<u32>;

        async fn handle(&mut self, reply: Reply<u32>, _: &mut Context<Self>) -> Result<(), Failure> {
            self.0 += 1;
            reply.send(self.0);
            Ok(())
        }
    }

    #[arbour::test]
    async fn child_life_cycle() {
        let (stack, child): (_, ChildSpec) = ActorSpec::new("stack", || Stack(0)).build();
        let (_, outcome) = run(supervisor(), async |handle| {
            handle.start_child(child.shutdown(Shutdown::After(ms(100)))).await.unwrap();
            assert_eq!(stack.ask(|reply| reply).await, Ok(1));
            assert_eq!(listed(&handle).await, ["stack running"]);
            assert_eq!(counted(&handle).await, (1, 1, 0, 1));
            assert_eq!(handle.delete_child("stack").await, Err(CallError::Running { id: "stack".into() }));

            handle.stop_child("stack").await.unwrap();
            assert_eq!(listed(&handle).await, ["stack not running"]);
            handle.restart_child("stack").await.unwrap();
            assert_eq!(stack.ask(|reply| reply).await, Ok(1), "a new one");

            handle.stop_child("stack").await.unwrap();
            handle.delete_child("stack").await.unwrap();
            assert_eq!(counted(&handle).await, (0, 0, 0, 0));
            stack.ask(|reply| reply).await.expect_err("there is no such child any more");
        })
        .await;
        outcome.unwrap();
    }
}
