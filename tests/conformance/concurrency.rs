//! Several things at once, checkpoints, sleeping and time limits.

mod anyio_concurrency_utils {
    use arbour::{Failure, GroupError, as_completed, gather, map_concurrent, task_group};
    use futures::StreamExt;
    use std::num::NonZeroUsize;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::sleep;

    const MANY: NonZeroUsize = NonZeroUsize::new(100).unwrap();

    async fn after(ms: u64) -> Result<u64, Failure> {
        sleep(Duration::from_millis(ms)).await;
        Ok(ms)
    }

    #[arbour::test]
    async fn gather_results_in_order() {
        assert_eq!(gather([30, 20, 10].map(after)).await.unwrap(), [30, 20, 10]);
    }

    #[arbour::test]
    async fn gather_propagates_exception() {
        let outcome = gather((0..3).map(async |n| if n == 1 { "x".parse::<u8>() } else { Ok(n) })).await;
        let Err(GroupError::Failed(failures)) = outcome else { panic!("it must fail") };
        assert_eq!(failures.len(), 1);
        assert!(failures[0].downcast_ref::<std::num::ParseIntError>().is_some());
    }

    #[arbour::test]
    async fn as_completed_ordering() {
        let order = task_group(async |group| {
            let handles = [30, 10, 20].map(|ms| group.spawn(after(ms)));
            let ended = as_completed(handles).map(|child| (child.index, child.outcome.unwrap()));
            ended.collect::<Vec<_>>().await
        });
        assert_eq!(order.await.unwrap(), [(1, 10), (2, 20), (0, 30)]);
    }

    /// Not an error in Arbour: nothing to wait for is a stream that has ended, and the loop round it is right.
    #[arbour::test]
    async fn as_completed_no_coroutines() {
        assert!(as_completed(Vec::<arbour::TaskHandle<()>>::new()).next().await.is_none());
    }

    #[arbour::test]
    async fn as_completed_propagates_exception() {
        let outcome = task_group(async |group| {
            let failing = group.spawn(async { Err::<(), _>(Failure::message("out of order")) });
            let endless = group.spawn_value(std::future::pending());
            let mut ended = as_completed([failing, endless]);
            while let Some(child) = ended.next().await {
                assert!(child.outcome.is_err());
            }
            panic!("the endless child never ends the loop");
        });
        let failed: Result<(), _> = outcome.await;
        assert_eq!(failed.unwrap_err().failures()[0].type_name(), "message");
    }

    #[arbour::test]
    async fn as_completed_early_exit() {
        let held = Arc::new(());
        let outcome = task_group(async |group| {
            let endless = [(); 2].map(|()| {
                let held = Arc::clone(&held);
                group.spawn_value(async move {
                    let _held = held;
                    std::future::pending().await
                })
            });
            let quick = group.spawn(after(1));
            let mut ended = as_completed(endless.into_iter().chain([quick]));
            ended.next().await.unwrap().index
        });
        assert_eq!(outcome.await.unwrap(), 2);
        assert_eq!(Arc::strong_count(&held), 1, "the others were cancelled, and have ended");
    }

    #[arbour::test]
    async fn map_results_ordering() {
        assert_eq!(map_concurrent([3, 1, 2], MANY, after).await.unwrap(), [3, 1, 2]);
    }

    #[arbour::test]
    async fn map_empty_args() {
        assert!(map_concurrent([], MANY, after).await.unwrap().is_empty());
    }
}

mod anyio_lowlevel {
    use arbour::CancelScope;
    use std::cell::Cell;

    #[arbour::test]
    async fn checkpoint_if_cancelled() {
        let others = Cell::new(0);
        let alone = async {
            for _ in 0..5 {
                arbour::checkpoint_if_cancelled().await;
            }
            others.get()
        };
        let (seen, ()) = CancelScope::new()
            .run(async { tokio::join!(biased; alone, async { others.set(1) }) })
            .await
            .unwrap();
        assert_eq!(seen, 0, "it let others run");
        let (scope, reached) = (CancelScope::new(), Cell::new(false));
        scope.handle().cancel("before it begins");
        let cancelled = scope.run(async {
            arbour::checkpoint_if_cancelled().await;
            reached.set(true);
        });
        assert!(cancelled.await.is_err() && !reached.get());
    }

    #[arbour::test]
    async fn cancel_shielded_checkpoint() {
        let (others, scope) = (Cell::new(0), CancelScope::new());
        scope.handle().cancel("before it begins");
        let outcome = scope.run(async {
            let yielding = async {
                arbour::cancel_shielded_checkpoint().await;
                others.get()
            };
            tokio::join!(biased; yielding, async { others.set(1) }).0
        });
        assert_eq!(outcome.await, Ok(1));
    }
}

mod anyio_eventloop {
    use arbour::{Cause, move_on_after};
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    const SECOND: Duration = Duration::from_secs(1);

    #[arbour::test]
    async fn sleep_until() {
        let begin = Instant::now();
        tokio::time::sleep_until(begin + 10 * SECOND).await;
        assert_eq!(begin.elapsed(), 10 * SECOND);
        tokio::time::sleep_until(begin).await;
        assert_eq!(begin.elapsed(), 10 * SECOND, "a time that has passed is not waited for");
    }

    /// Sleeping for ever is std's `pending`: it needs no name of ours, as cancellation is a drop.
    #[arbour::test]
    async fn sleep_forever() {
        let begin = Instant::now();
        let outcome = move_on_after(3600 * SECOND, std::future::pending::<()>()).await;
        assert_eq!(outcome.unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), 3600 * SECOND);
    }

    /// A `Duration` cannot be one of these: it is refused where it would be made.
    #[test]
    fn sleep_invalid_delay() {
        for invalid in [-1.0, f64::NEG_INFINITY, f64::NAN] {
            assert!(Duration::try_from_secs_f64(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn triooptions_clock() {
        let real = std::time::Instant::now();
        arbour::testing::block_on(async {
            let begin = Instant::now();
            sleep(10 * SECOND).await;
            assert_eq!(begin.elapsed(), 10 * SECOND);
        });
        assert!(real.elapsed() < 10 * SECOND, "it waited for real");
    }
}

mod trio_timeouts {
    use arbour::{
        CancelScope, Cause, ScopeHandle, current_deadline, fail_after, fail_at, move_on_after, move_on_at,
    };
    use std::future::pending;
    use std::time::Duration;
    use tokio::time::{Instant, sleep_until};

    const SECOND: Duration = Duration::from_secs(1);

    #[arbour::test]
    async fn sleep() {
        let begin = Instant::now();
        tokio::time::sleep(SECOND).await;
        assert_eq!(begin.elapsed(), SECOND);
        sleep_until(begin + 3 * SECOND).await;
        assert_eq!(begin.elapsed(), 3 * SECOND);
    }

    #[arbour::test]
    async fn move_on_after_moves_on_even_if_shielded() {
        let begin = Instant::now();
        let (outer, inner) = (CancelScope::new(), CancelScope::new().shield(true));
        let handle = outer.handle();
        let outcome = outer.run(async {
            handle.cancel("the shield keeps this out");
            inner.deadline((begin + SECOND).into_std()).run(pending::<()>()).await
        });
        assert_eq!(outcome.await.unwrap().unwrap_err().cause, Cause::Deadline);
        assert_eq!(begin.elapsed(), SECOND);
    }

    #[arbour::test]
    async fn fail() {
        let soon = || (Instant::now() + SECOND).into_std();
        assert_eq!(fail_after(SECOND, pending::<()>()).await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(fail_at(soon(), pending::<()>()).await.unwrap_err().cause, Cause::Deadline);
        assert_eq!(fail_after(SECOND, async { 1 }).await, Ok(1));
        assert_eq!(fail_at(soon(), async { 2 }).await, Ok(2));
    }

    /// Neither a `Duration` nor an `Instant` can be negative or not a number; a time that has passed ends the
    /// body after one poll, and one too long for the clock is no limit.
    #[arbour::test]
    async fn timeouts_raise_value_error() {
        for invalid in [-1.0, f64::NAN] {
            assert!(Duration::try_from_secs_f64(invalid).is_err(), "{invalid}");
        }
        let past = Instant::now().into_std();
        assert!(move_on_at(past, pending::<()>()).await.is_err());
        assert!(fail_at(past, pending::<()>()).await.is_err());
        assert!(move_on_after(Duration::ZERO, pending::<()>()).await.is_err());
        assert!(fail_after(Duration::ZERO, pending::<()>()).await.is_err());
        assert_eq!(move_on_after(Duration::MAX, async { current_deadline() }).await, Ok(None));
    }

    #[arbour::test]
    async fn timeout_deadline_on_entry() {
        let limited = move_on_after(SECOND, pending::<()>());
        tokio::time::sleep(10 * SECOND).await;
        let begin = Instant::now();
        assert!(limited.await.is_err());
        assert_eq!(begin.elapsed(), SECOND, "it counts from the first poll");
    }

    /// A relative limit is a future and has no deadline to ask for until it is polled; a scope that was given
    /// none says so.
    #[arbour::test]
    async fn invalid_access_unentered() {
        assert_eq!(CancelScope::new().handle().deadline(), None);
        let begin = Instant::now();
        let inside = move_on_after(SECOND, async { ScopeHandle::current().unwrap().deadline() }).await;
        assert_eq!(inside, Ok(Some((begin + SECOND).into_std())));
    }
}
