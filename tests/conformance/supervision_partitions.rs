//! Partition supervisors: which partition a key leads to, and how many there are.

use crate::supervised::{Crew, counted, listed, run, settle, supervisor};
use arbour::{
    CallError, ChildSpec, Failure, NoPartitions, PartitionError, PartitionSupervisor,
    PartitionSupervisorHandle, ResizeError, Restart, SpecError, stopping, task_group,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// So many partitions whose targets are their indices.
fn partitions(number: usize) -> PartitionSupervisor<usize> {
    let make = |index| {
        let child = ChildSpec::new("partition", |_| async {
            stopping().await;
            Ok::<(), Failure>(())
        });
        (index, child)
    };
    PartitionSupervisor::builder("parts", number, make).build().unwrap()
}

async fn with_partitions<T: Clone>(
    supervisor: PartitionSupervisor<T>,
    body: impl AsyncFnOnce(PartitionSupervisorHandle<T>),
) {
    let handle = supervisor.handle();
    task_group(async |group| {
        let running = group.spawn(arbour::Supervisor::from(supervisor).run());
        settle().await;
        body(handle.clone()).await;
        handle.supervisor().request_stop();
        running.await.unwrap();
    })
    .await
    .unwrap();
}

/// The targets of many keys.
fn reached(handle: &PartitionSupervisorHandle<usize>) -> BTreeSet<usize> {
    (0..1_000).map(|key| handle.route(&format!("key {key}")).unwrap()).collect()
}

/// Asserts that so many partitions run, and that keys lead to these and to no other.
async fn is_of_size(handle: &PartitionSupervisorHandle<usize>, size: usize) {
    assert_eq!(counted(handle.supervisor()).await, (8, size, 0, 8));
    assert_eq!(handle.partitions(), size);
    let listed = listed(handle.supervisor()).await;
    let running = (0..8).map(|n| if n < size { format!("{n} running") } else { format!("{n} not running") });
    assert_eq!(listed, running.collect::<Vec<_>>());
    if size > 0 {
        assert_eq!(reached(handle), (0..size).collect());
        let numbers: BTreeSet<usize> = (-50..50).map(|n| handle.route_number(n).unwrap()).collect();
        assert_eq!(numbers, (0..size).collect());
    }
}

mod partition_supervisor_test {
    use super::*;

    #[arbour::test]
    async fn with_arguments() {
        let learnt = Arc::new(Mutex::new(Vec::new()));
        let make = |index: usize| {
            let learnt = Arc::clone(&learnt);
            let child = ChildSpec::new("partition", move |cx| {
                learnt.lock().unwrap().push((index, cx.id().to_owned()));
                async {
                    stopping().await;
                    Ok::<(), Failure>(())
                }
            });
            (index, child)
        };
        let supervisor = PartitionSupervisor::builder("parts", 3, make).build().unwrap();
        with_partitions(supervisor, async |handle| {
            let expected = [0, 1, 2].map(|index: usize| (index, index.to_string()));
            assert_eq!(*learnt.lock().unwrap(), expected);
            let led = [0, 1, 2, 3, 4, -1, -2, -3, i64::MIN].map(|n| handle.route_number(n).unwrap());
            assert_eq!(led, [0, 1, 2, 0, 1, 1, 2, 0, 2], "the absolute value of the least number is 2^63");
        })
        .await;
    }

    /// A negative number, a builder of arguments that is none and a missing child do not compile.
    #[arbour::test]
    async fn bad_arguments() {
        let crew = Crew::new();
        let refuse = |number, change: &dyn Fn(ChildSpec) -> ChildSpec| {
            let make = |index| (index, change(crew.worker("p")));
            PartitionSupervisor::<usize>::builder("parts", number, make).build().map(drop).unwrap_err()
        };
        assert_eq!(refuse(0, &|child| child), PartitionError::NoPartitions { supervisor: "parts".into() });
        assert_eq!(
            refuse(2, &|child| child.restart(Restart::Temporary)),
            PartitionError::Temporary { index: 0 }
        );
        let late = SpecError::ZeroStartTimeout { id: "0".into() };
        assert_eq!(refuse(2, &|child| child.start_timeout(Duration::ZERO)), PartitionError::Child(late));
        let unheard = SpecError::SignificantUnheard { id: "0".into() };
        let significant = |child: ChildSpec| child.restart(Restart::Transient).significant();
        assert_eq!(
            refuse(2, &significant),
            PartitionError::Child(unheard),
            "nothing but `Never` can be asked for"
        );

        let nested = || ChildSpec::supervisor("parts", || Ok(partitions(2)));
        run(supervisor().child(nested()), async |handle| {
            let taken = handle.start_child(nested()).await.unwrap_err().reason;
            assert!(matches!(taken, CallError::AlreadyStarted { .. }), "{taken}");
        })
        .await
        .1
        .unwrap();
        assert!(crew.lines().is_empty(), "nothing was started");
    }

    #[arbour::test]
    async fn stop_is_synchronous() {
        let crew = Crew::new();
        let inside = crew.clone();
        let nested = move || {
            let crew = inside.clone();
            ChildSpec::supervisor("parts", move || {
                let make = |index| (index, crew.slow_worker("p", crate::supervised::ms(10)));
                Ok(PartitionSupervisor::builder("parts", 2, make).build().unwrap())
            })
        };
        run(supervisor().child(nested()), async |handle| {
            for _ in 0..3 {
                assert_eq!(crew.lines(), ["+p", "+p"]);
                handle.stop_child("parts").await.unwrap();
                assert_eq!(crew.lines(), ["-p", "-p"], "all of it is gone");
                handle.delete_child("parts").await.unwrap();
                handle.start_child(nested()).await.expect("the name is free");
                settle().await;
            }
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn resizes_the_number_of_children() {
        with_partitions(partitions(8), async |handle| {
            let mut before = 8;
            // Numbers that look random: any order will do, as long as it goes up and down by more than one.
            let jumps = [5, 2, 7, 7, 0, 3, 8, 1, 6, 4, 8, 0, 8];
            for size in (0..8).rev().chain(1..=8).chain(jumps) {
                assert_eq!(handle.resize(size).await.unwrap(), before);
                settle().await;
                is_of_size(&handle, size).await;
                before = size;
            }
        })
        .await;
    }

    #[arbour::test]
    async fn raises_on_lookup_after_resizing_to_zero() {
        with_partitions(partitions(8), async |handle| {
            assert_eq!(handle.resize(0).await.unwrap(), 8);
            let NoPartitions { .. } = handle.route("key").unwrap_err();
            let error = handle.route_number(1).unwrap_err();
            assert_eq!(
                error.to_string(),
                "there are no partitions to route to: the supervisor was resized to 0"
            );
            assert!(handle.index_of("key").is_err());
            assert_eq!(handle.resize(8).await.unwrap(), 0);
            is_of_size(&handle, 8).await;
        })
        .await;
    }

    #[arbour::test]
    async fn raises_if_trying_to_increase() {
        with_partitions(partitions(8), async |handle| {
            let error = handle.resize(9).await.unwrap_err();
            assert!(matches!(error, ResizeError::TooMany { asked: 9, most: 8 }));
            assert_eq!(error.to_string(), "there cannot be 9 partitions: the supervisor was built with 8");
            is_of_size(&handle, 8).await;
        })
        .await;
    }
}
