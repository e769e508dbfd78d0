//! Looking at a program from its test.

mod anyio_debugging {
    use arbour::testing::wait_all_tasks_blocked;
    use arbour::{shield, task_group};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::task::yield_now;

    #[arbour::test]
    async fn wait_all_tasks_blocked_cancelled_task() {
        let cleaned = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&cleaned);
        let group = task_group(async |group| {
            let child = group.spawn_value(async move {
                shield(async {
                    yield_now().await;
                    yield_now().await;
                    seen.store(true, Ordering::Relaxed);
                })
                .await;
                std::future::pending::<()>().await;
            });
            yield_now().await;
            child.cancel("it still has to run");
            assert!(!cleaned.load(Ordering::Relaxed));
            wait_all_tasks_blocked().await;
            assert!(cleaned.load(Ordering::Relaxed));
            assert!(child.is_finished());
        });
        group.await.unwrap();
    }
}
