//! Running a program: its turns, its error, its clock.

mod trio_run {
    use arbour::testing::wait_all_tasks_blocked;
    use arbour::{CancelScope, task_group};
    use std::future::poll_fn;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Mutex};
    use std::task::Poll;
    use std::time::Duration;
    use tokio::task::yield_now;
    use tokio::time::{Instant, advance, sleep};

    /// The steps that two tasks take which only yield, each in the way given.
    async fn steps_of_two<Y>(yielding: fn() -> Y) -> Vec<(&'static str, u32)>
    where
        Y: Future<Output = ()> + Send + 'static,
    {
        let record = Arc::new(Mutex::new(Vec::new()));
        let group = task_group(async |group| {
            for name in ["a", "b"] {
                let record = Arc::clone(&record);
                group.spawn_value(async move {
                    for step in 0..10 {
                        record.lock().unwrap().push((name, step));
                        yielding().await;
                    }
                });
            }
        });
        group.await.unwrap();
        Arc::into_inner(record).unwrap().into_inner().unwrap()
    }

    /// Wakes itself and waits.
    async fn turn() {
        let mut yielded = false;
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Who yields by waking itself goes to the end of the line. Tokio's own `yield_now` goes there only
    /// when the round is over, and turns its order round: each still takes one step in each round.
    #[arbour::test]
    async fn basic_interleave() {
        let record = steps_of_two(turn).await;
        let alternating: Vec<_> = (0..10).flat_map(|step| [("a", step), ("b", step)]).collect();
        assert_eq!(record, alternating);
        let mut rounds = steps_of_two(yield_now).await;
        rounds.chunks_mut(2).for_each(<[_]>::sort_unstable);
        assert_eq!(rounds, alternating);
    }

    #[test]
    fn initial_task_error() {
        #[derive(Debug, PartialEq)]
        struct Lost(u32);
        assert_eq!(arbour::run(async { Err::<(), _>(Lost(7)) }), Ok(Err(Lost(7))));
    }

    /// The mistake is one in the program and no outcome to handle: it is a panic.
    #[test]
    fn run_nesting() {
        let nested = arbour::run(async { catch_unwind(AssertUnwindSafe(|| arbour::run(async {}))) });
        let refused = nested.unwrap().unwrap_err();
        let message =
            refused.downcast_ref::<String>().map(String::as_str).or(refused.downcast_ref().copied());
        assert!(message.unwrap().contains("runtime from within a runtime"), "{message:?}");
    }

    #[arbour::test]
    async fn current_time_with_mock_clock() {
        let begin = Instant::now();
        std::thread::yield_now();
        wait_all_tasks_blocked().await;
        assert_eq!(Instant::now(), begin);
        advance(Duration::from_secs(5)).await;
        assert_eq!(Instant::now(), begin + Duration::from_secs(5));
        sleep(Duration::from_secs(2)).await;
        assert_eq!(Instant::now(), begin + Duration::from_secs(7));
    }

    /// In Rust an await that has nothing to wait for does not yield: an empty group is ready at once, and
    /// a loop of such groups yields when the units of its task are spent. It is no point of cancellation.
    #[arbour::test]
    async fn trivial_yields() {
        let turns = Arc::new(Mutex::new(0_u32));
        let counting = Arc::clone(&turns);
        let group = task_group(async |group| {
            let other = group.spawn_value(async move {
                loop {
                    *counting.lock().unwrap() += 1;
                    yield_now().await;
                }
            });
            let scope = CancelScope::new();
            let handle = scope.handle();
            let passed = scope.run(async {
                handle.cancel("an empty group does not mind");
                task_group(async |_| {}).await.unwrap();
                assert_eq!(*turns.lock().unwrap(), 0, "an empty group must not wait for others");
                "passed"
            });
            assert_eq!(passed.await, Ok("passed"));
            other.cancel("seen");
        });
        group.await.unwrap();
    }
}
