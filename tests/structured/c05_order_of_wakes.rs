//! C5: flags before wakes, the innermost first; depth and width cost no stack.

use crate::support::{Journal, everywhere, never, one_thread, poll_once, turns, until};
use arbour::{CancelScope, TaskGroup, cancelled, catch_cancel, shield, task_group};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// E18: a nested `catch_cancel` beside many branches gets its chance, whoever is woken first.
fn a_nested_node_gets_its_chance_beside(siblings: usize, times: usize) {
    everywhere(times, move || async move {
        let begun = Arc::new(AtomicUsize::new(0));
        let caught = Arc::new(AtomicUsize::new(0));
        let scope = CancelScope::new();
        let handle = scope.handle();
        let all_begun = Arc::clone(&begun);
        let other = tokio::spawn(async move {
            until(|| all_begun.load(Ordering::Acquire) == siblings + 1).await;
            handle.cancel("from another task");
        });
        let outcome = scope.run(async {
            let mut branches = FuturesUnordered::<BoxFuture<'_, ()>>::new();
            for _ in 0..siblings {
                branches.push(Box::pin(CancelScope::new().run(begins(&begun)).ignored()));
            }
            branches.push(Box::pin(async {
                if catch_cancel(begins(&begun)).await.is_err() {
                    caught.fetch_add(1, Ordering::Relaxed);
                }
                never::<()>().await;
            }));
            while branches.next().await.is_some() {}
        });
        assert!(outcome.await.is_err());
        assert_eq!(caught.load(Ordering::Relaxed), 1);
        other.await.unwrap();
    });
}

trait Ignored: Future + Sized {
    async fn ignored(self) {
        self.await;
    }
}
impl<F: Future> Ignored for F {}

async fn begins(begun: &AtomicUsize) {
    begun.fetch_add(1, Ordering::Release);
    never::<()>().await;
}

#[test]
fn a_nested_node_alone_gets_its_chance() {
    a_nested_node_gets_its_chance_beside(0, 100);
}

#[test]
fn a_nested_node_beside_a_hundred_others_gets_its_chance() {
    a_nested_node_gets_its_chance_beside(100, 30);
}

#[test]
fn a_nested_node_beside_ten_thousand_others_gets_its_chance() {
    a_nested_node_gets_its_chance_beside(10_000, 1);
}

#[test]
fn whoever_is_woken_sees_every_flag_set() {
    everywhere(20, || async {
        let outcome = task_group(async |group| {
            let children: Vec<_> = (0..50).map(|_| group.spawn_value(never::<()>())).collect();
            let scopes: Vec<_> = children.iter().map(|child| child.scope().unwrap()).collect();
            let watchers: Vec<_> = (0..50)
                .map(|_| {
                    let scopes = scopes.clone();
                    group.spawn_value(async move {
                        cancelled().await;
                        scopes.iter().all(|scope| scope.is_cancelled())
                    })
                })
                .collect();
            turns(5).await;
            group.cancel("everybody");
            shield(futures::future::join_all(watchers)).await
        });
        assert!(outcome.await.unwrap().into_iter().all(Result::unwrap));
    });
}

fn nested(depth: usize, innermost: Journal) -> BoxFuture<'static, ()> {
    if depth == 0 {
        return Box::pin(async move {
            let _guard = innermost.at_drop("innermost dropped");
            innermost.note("innermost begun");
            never::<()>().await;
        });
    }
    Box::pin(async move {
        let _ = CancelScope::new().run(nested(depth - 1, innermost)).await;
    })
}

/// Polling nested futures recurses in Rust, so their depth is bounded by the stack: here it has room for
/// what a debug build needs. What is shown is that cancelling and dropping need no more than polling.
fn on_a_large_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(32 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn a_chain_of_five_thousand_nested_bodies_is_cancelled() {
    on_a_large_stack(|| {
        one_thread().block_on(async {
            let journal = Journal::default();
            let scope = CancelScope::new();
            let handle = scope.handle();
            let mut running = Box::pin(scope.run(nested(5_000, journal.clone())));
            assert!(poll_once(&mut running).await.is_pending());
            handle.cancel("all of them");
            assert!(running.await.is_err());
            journal.is(["innermost begun", "innermost dropped"]);
        });
    });
}

#[test]
fn a_chain_of_five_thousand_nested_bodies_is_dropped() {
    on_a_large_stack(|| {
        one_thread().block_on(async {
            let journal = Journal::default();
            let mut running = nested(5_000, journal.clone());
            assert!(poll_once(&mut running).await.is_pending());
            drop(running);
            journal.is(["innermost begun", "innermost dropped"]);
        });
    });
}

/// Each child opens a group of its own and spawns the next.
fn descend(depth: usize, living: Arc<AtomicUsize>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let _guard = Living::new(&living);
        if depth > 0 {
            let _ = task_group(async move |group: TaskGroup| {
                group.spawn_value(descend(depth - 1, living));
                never::<()>().await;
            })
            .await;
        } else {
            never::<()>().await;
        }
    })
}

struct Living(Arc<AtomicUsize>);

impl Living {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

const DEEP: usize = 100_000;

#[test]
fn a_hundred_thousand_nested_tasks_are_cancelled() {
    one_thread().block_on(async {
        let living = Arc::new(AtomicUsize::new(0));
        let scope = CancelScope::new();
        let handle = scope.handle();
        let running = scope.run(descend(DEEP, Arc::clone(&living)));
        let cancel = async {
            until(|| living.load(Ordering::Relaxed) == DEEP + 1).await;
            handle.cancel("all of them");
        };
        assert!(tokio::join!(running, cancel).0.is_err());
        assert_eq!(living.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn a_hundred_thousand_nested_tasks_are_dropped() {
    one_thread().block_on(async {
        let living = Arc::new(AtomicUsize::new(0));
        let outcome = CancelScope::new().run(async {
            tokio::select! { biased;
                () = descend(DEEP, Arc::clone(&living)) => {}
                () = until(|| living.load(Ordering::Relaxed) == DEEP + 1) => {}
            }
        });
        outcome.await.unwrap();
        assert_eq!(living.load(Ordering::Relaxed), 0, "the scope around it waited for all");
    });
}
