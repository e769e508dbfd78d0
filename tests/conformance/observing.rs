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
