//! What a program can see of its tasks, and values that they share.

mod anyio_lowlevel {
    use arbour::{scoped_value, task_group};
    use std::sync::atomic::{AtomicU32, Ordering};

    scoped_value! {
        /// A variable of one run: set around the root's body, changed by whoever runs in there.
        static COUNTER: AtomicU32;
    }

    /// Adds one from two children, and tells what the variable is then.
    async fn count() -> u32 {
        task_group(async |group| {
            for _ in 0..2 {
                let child = group
                    .spawn_value(async { COUNTER.with(|counter| counter.fetch_add(1, Ordering::Relaxed)) });
                child.await.unwrap().unwrap();
            }
        })
        .await
        .unwrap();
        COUNTER.with(|counter| counter.load(Ordering::Relaxed)).unwrap()
    }

    #[test]
    fn runvar_get_set() {
        assert_eq!(arbour::run(COUNTER.scope(AtomicU32::new(5), count())), Ok(7));
        assert_eq!(arbour::run(async { COUNTER.is_set() }), Ok(false));
        assert_eq!(arbour::run(COUNTER.scope(AtomicU32::new(0), count())), Ok(2));
    }

    scoped_value! {
        static FIRST: u32;
        static SECOND: u32;
    }

    /// There is no token that could be used on another variable: the end of a scope puts back the value of its own
    /// variable, and of no other.
    #[arbour::test]
    async fn runvar_reset_token_used_on_wrong_runvar() {
        let body = FIRST.scope(
            1,
            SECOND.scope(2, async {
                FIRST
                    .scope(10, async { assert_eq!((FIRST.cloned(), SECOND.cloned()), (Ok(10), Ok(2))) })
                    .await;
                assert_eq!((FIRST.cloned(), SECOND.cloned()), (Ok(1), Ok(2)));
                SECOND
                    .scope(20, async { assert_eq!((FIRST.cloned(), SECOND.cloned()), (Ok(1), Ok(20))) })
                    .await;
                assert_eq!((FIRST.cloned(), SECOND.cloned()), (Ok(1), Ok(2)));
            }),
        );
        body.await;
        assert!(!FIRST.is_set() && !SECOND.is_set());
    }

    mod other {
        arbour::scoped_value! {
            pub(super) static FIRST: u32;
        }
    }

    #[arbour::test]
    async fn runvar_runvar_does_not_share_storage_by_name() {
        let seen = FIRST.scope(1, async {
            let before = other::FIRST.cloned().ok();
            other::FIRST
                .scope(2, async move { (before, FIRST.cloned().ok(), other::FIRST.cloned().ok()) })
                .await
        });
        assert_eq!(seen.await, (None, Some(1), Some(2)));
    }
}

mod anyio_taskgroups {
    use arbour::{CancelScope, Cancelled, Cause, Failure, ScopeHandle, TaskError, task_group, tasks};
    use std::future::pending;
    use tokio::task::yield_now;

    /// The number of what a task, known by its name, hangs under.
    fn parent_of(name: &str) -> Option<u64> {
        tasks().find(name).unwrap_or_else(|| panic!("{name} lives")).parent
    }

    #[arbour::test]
    async fn start_soon_parent_id() {
        let outcome = task_group(async |group| {
            let spawner = group.clone();
            let in_child = group.spawn_value(async move {
                spawner.task().name("spawned by a sibling").spawn_value(pending::<()>());
                ScopeHandle::current().expect("a child has a scope").id()
            });
            let sibling = in_child.await.unwrap();
            let parent = parent_of("spawned by a sibling");
            assert_eq!(parent, Some(group.scope().id()));
            assert_ne!(parent, Some(sibling));
            group.cancel("seen");
        });
        outcome.await.unwrap();
    }

    /// A starting child has no name of its own to be found by: its number is known to itself.
    #[arbour::test]
    async fn start_parent_id() {
        let parent = |id: u64| tasks().iter().find(|task| task.id == id).expect("it lives").parent;
        let outcome = task_group(async |group| {
            let caller = CancelScope::new();
            let caller_id = caller.handle().id();
            let start = group.start(|ready| async move {
                let own = ScopeHandle::current().expect("a child has a scope").id();
                let before = parent(own);
                ready.started((own, before));
                pending::<Result<(), Failure>>().await
            });
            let (own, before) = caller.run(start).await.unwrap().unwrap().value;
            assert_eq!((before, parent(own)), (Some(caller_id), Some(group.scope().id())));
            group.cancel("seen");
        });
        outcome.await.unwrap();
    }

    /// The first cause is kept, with its words; a sibling that failed is named. Who called `cancel` is not noted: a
    /// scope may be cancelled from any thread, and the caller says in the reason what is worth knowing.
    #[arbour::test]
    async fn cancel_reason() {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let cancelled = scope.run(async {
            handle.cancel("the client has gone");
            handle.cancel("too late");
            pending::<()>().await;
        });
        assert_eq!(cancelled.await, Err(Cancelled::new(Cause::from("the client has gone"))));
        let outcome = task_group(async |group| {
            let waiting = group.task().report_to_handle().spawn(pending::<Result<(), Failure>>());
            let failing = async {
                yield_now().await;
                Err::<(), _>(Failure::message("broken"))
            };
            group.task().name("the culprit").spawn(failing);
            arbour::shield(waiting).await
        });
        let Err(error) = outcome.await else { panic!("a child failed") };
        assert_eq!(error.failures()[0].task(), Some("the culprit"));
        let sibling = CancelScope::new();
        let sibling_handle = sibling.handle();
        let told = task_group(async |group| {
            let told = sibling_handle.clone();
            group.task().name("witness").spawn_value(sibling.run(pending::<()>()));
            yield_now().await;
            group.task().name("the culprit").spawn(async { Err::<(), _>(Failure::message("broken")) });
            arbour::cancelled().await;
            assert_eq!(told.cause(), Some(Cause::SiblingFailed("the culprit".into())));
        });
        assert!(told.await.is_err());
        let cancelled = TaskError::Cancelled(Cause::from("why"));
        assert_eq!(cancelled.to_string(), "task was cancelled: why");
    }
}

mod trio_run {
    use arbour::{Failure, task_group};

    #[arbour::test]
    async fn spawn_name() {
        let outcome = task_group(async |group| {
            let named = group.task().name("by its name").spawn_value(async {});
            let line = line!() + 1;
            let unnamed = group.spawn_value(async {});
            assert_eq!(named.name(), "by its name");
            assert_eq!(unnamed.name(), format!("task spawned at {}:{line}", file!()));
            let failing = group.task().name("fails").report_to_handle();
            let failed = failing.spawn(async { Err::<(), _>(Failure::message("broken")) }).await;
            assert_eq!(failed.unwrap_err().to_string(), "task failed: fails: broken");
        });
        outcome.await.unwrap();
    }
}
