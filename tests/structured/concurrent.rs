//! Children over collections and streams: bounds, orders, early exits, failures.

use crate::support::{MS, everywhere, never, paused, until};
use arbour::{
    Failure, GroupError, as_completed, for_each_concurrent, gather, map_concurrent, stream, task_group,
};
use futures::StreamExt;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::sleep;

fn at_once(limit: usize) -> NonZeroUsize {
    NonZeroUsize::new(limit).unwrap()
}

/// Counts how many run, and the most that did.
#[derive(Clone, Default)]
struct Load(Arc<(AtomicUsize, AtomicUsize)>);

impl Load {
    async fn carry<T>(self, time: u32, value: T) -> Result<T, Failure> {
        let now = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.1.fetch_max(now, Ordering::SeqCst);
        sleep(time * MS).await;
        self.0.0.fetch_sub(1, Ordering::SeqCst);
        Ok(value)
    }

    fn most(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

#[test]
fn a_concurrent_map_keeps_the_order_and_its_limit() {
    paused(|| async {
        let load = Load::default();
        let begin = tokio::time::Instant::now();
        let results = map_concurrent(0..20u32, at_once(4), |n| load.clone().carry(20 - n, n)).await;
        assert!(results.unwrap().into_iter().eq(0..20));
        assert_eq!(load.most(), 4);
        assert!(begin.elapsed() < 120 * MS, "{:?}: they did not run at once", begin.elapsed());
    });
}

#[test]
fn results_as_completed_are_not_held_up_by_a_slow_one() {
    paused(|| async {
        let load = Load::default();
        let order = task_group(async |group| {
            let items = futures::stream::iter([50, 1, 2, 3]);
            let results = group.map_as_completed(items, at_once(2), |ms| load.clone().carry(ms, ms));
            results.map(Result::unwrap).collect::<Vec<_>>().await
        });
        assert_eq!(order.await.unwrap(), [1, 2, 3, 50]);
        assert_eq!(load.most(), 2);
    });
}

#[test]
fn results_that_wait_for_an_earlier_one_keep_their_place() {
    paused(|| async {
        let begun = Arc::new(AtomicUsize::new(0));
        task_group(async |group| {
            let endless = futures::stream::iter(0..);
            let begins = Arc::clone(&begun);
            let mut results = pin!(group.map_concurrent(endless, at_once(3), move |n: u32| {
                begins.fetch_add(1, Ordering::SeqCst);
                async move {
                    if n == 0 {
                        never::<()>().await;
                    }
                    Ok::<_, Failure>(n)
                }
            }));
            let waited = tokio::time::timeout(100 * MS, results.next()).await;
            assert!(waited.is_err(), "the first never ends");
            assert_eq!(begun.load(Ordering::SeqCst), 3);
            group.cancel("enough");
        })
        .await
        .unwrap();
    });
}

#[test]
fn leaving_the_results_early_cancels_the_children_that_are_left() {
    everywhere(3, || async {
        let held = Arc::new(());
        let first = task_group(async |group| {
            let holds = Arc::clone(&held);
            let results = group.map_as_completed(futures::stream::iter(0..10), at_once(5), move |n: u32| {
                let held = Arc::clone(&holds);
                async move {
                    let _held = held;
                    if n != 3 {
                        never::<()>().await;
                    }
                    Ok::<_, Failure>(n)
                }
            });
            pin!(results).next().await.unwrap().unwrap()
        });
        assert_eq!(first.await.unwrap(), 3);
        assert_eq!(Arc::strong_count(&held), 1);
    });
}

#[test]
fn a_stream_is_taken_from_only_while_there_is_room() {
    paused(|| async {
        let (send, receive) = stream::memory_stream::<u32>(100);
        for n in 0..10 {
            send.try_send(n).unwrap();
        }
        drop(send);
        let most_taken = Arc::new(AtomicUsize::new(0));
        let load = Load::default();
        let queue = receive.clone();
        for_each_concurrent(receive, at_once(2), |_| {
            let left = queue.statistics().queued;
            let running = load.0.0.load(Ordering::SeqCst);
            most_taken.fetch_max(10 - left, Ordering::SeqCst);
            assert!(running < 2);
            load.clone().carry(1, ())
        })
        .await
        .unwrap();
        assert_eq!((load.most(), most_taken.load(Ordering::SeqCst)), (2, 10));
    });
}

#[test]
fn a_failure_names_its_item_and_cancels_the_others() {
    everywhere(3, || async {
        let outcome = gather((0..3).map(async |n| match n {
            1 => Err(Failure::message("disk full")),
            _ => {
                never::<()>().await;
                Ok(n)
            }
        }));
        let said = outcome.await.unwrap_err().to_string();
        assert!(
            said.starts_with("1 task failed\n- item 1 of the gather at tests/structured/concurrent.rs:"),
            "{said}"
        );
        assert!(said.ends_with(": disk full"), "{said}");
    });
}

#[test]
fn a_child_that_cancels_itself_cancels_the_gather_for_the_same_cause() {
    everywhere(3, || async {
        let outcome = gather([async {
            arbour::ScopeHandle::current().unwrap().cancel("no use");
            never::<()>().await;
            Ok::<_, Failure>(())
        }]);
        let Err(GroupError::Cancelled(cause)) = outcome.await else { panic!("nothing failed") };
        assert_eq!(cause, "no use".into());
    });
}

#[test]
fn children_go_on_while_the_consumer_is_busy() {
    everywhere(3, || async {
        let done = Arc::new(AtomicUsize::new(0));
        task_group(async |group| {
            let handles = (0..5).map(|_| {
                let done = Arc::clone(&done);
                group.spawn_value(async move { done.fetch_add(1, Ordering::SeqCst) })
            });
            let mut ended = as_completed(handles);
            ended.next().await.unwrap();
            until(|| done.load(Ordering::SeqCst) == 5).await;
            assert_eq!(ended.count().await, 4);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_map_whose_items_are_slow_to_come_waits_for_them_without_a_child() {
    everywhere(3, || async {
        let outcome = task_group(async |group| {
            let items = futures::stream::iter([1, 2]).then(async |item| {
                sleep(MS).await;
                item
            });
            let one = NonZeroUsize::new(1).unwrap();
            let results = group.map_concurrent(items, one, async |item| Ok::<_, Failure>(10 * item));
            results.map(Result::unwrap).collect::<Vec<_>>().await
        });
        assert_eq!(outcome.await.unwrap(), [10, 20]);
    });
}
