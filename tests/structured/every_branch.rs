//! Faults at every await of what runs several things at once: dropped or cancelled at any poll, whatever
//! was deferred runs to its end, nothing is left behind, and no item is lost or doubled.

use crate::support::{Journal, turns};
use arbour::bridge::{adopt, cancel_on};
use arbour::testing::{cancel_at_every_await, drop_at_every_await};
use arbour::{
    Failure, as_completed, cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled, defer, first_ok,
    for_each_concurrent, gather, join, join_all, local_group, map_concurrent, race, stream, task_group,
    try_join, try_join_all,
};
use futures::StreamExt;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// What a branch or a child does: takes hold of something, and defers what lets go of it.
async fn work(journal: Journal) -> Result<usize, Failure> {
    journal.note("begun");
    defer(async move {
        turns(2).await;
        journal.note("ended");
    });
    turns(2).await;
    Ok(1)
}

/// Runs a scenario through both sweeps. What it spawns or holds has a clone of the journal.
fn sweep<F: Future>(scenario: impl Fn(Journal) -> F) {
    let journal = RefCell::new(Journal::default());
    let make = || {
        *journal.borrow_mut() = Journal::default();
        scenario(journal.borrow().clone())
    };
    let check = || {
        let entries = journal.borrow().entries();
        let count = |what: &str| entries.iter().filter(|entry| *entry == what).count();
        assert_eq!(count("begun"), count("ended"), "{entries:?}");
    };
    assert!(drop_at_every_await(make, |_| check()) > 2);
    assert!(cancel_at_every_await(make, |_| check()) > 2);
}

#[test]
fn joins_at_any_poll() {
    sweep(async |journal| join!(work(journal.clone()), work(journal)));
    sweep(async |journal| try_join!(work(journal.clone()), work(journal)));
    sweep(async |journal| join_all((0..3).map(|_| work(journal.clone()))).await);
    sweep(async |journal| try_join_all((0..3).map(|_| work(journal.clone()))).await);
}

#[test]
fn races_at_any_poll() {
    sweep(async |journal| race!(work(journal.clone()), work(journal)).value);
    sweep(async |journal| race((0..3).map(|_| work(journal.clone()))).await.map(drop));
    sweep(async |journal| first_ok((0..3).map(|_| work(journal.clone()))).await.map(drop));
}

#[test]
fn children_over_collections_at_any_poll() {
    sweep(async |journal| gather((0..3).map(|_| work(journal.clone()))).await.map(drop));
    sweep(async |journal| map_concurrent(0..4, TWO, |_| work(journal.clone())).await.map(drop));
    sweep(async |journal| {
        let items = futures::stream::iter(0..4);
        for_each_concurrent(items, TWO, |_| {
            let work = work(journal.clone());
            async { work.await.map(drop) }
        })
        .await
    });
    sweep(async |journal| {
        task_group(async |group| {
            let handles = (0..3).map(|_| group.spawn(work(journal.clone())));
            as_completed(handles).next().await.map(drop)
        })
        .await
    });
}

#[test]
fn local_groups_at_any_poll() {
    sweep(async |journal| {
        local_group(async |group| {
            let child = group.spawn(work(journal.clone()));
            let nested = local_group(async |group| group.spawn(work(journal)).await.map(drop));
            let _ = join!(child, nested);
        })
        .await
    });
}

#[test]
fn bridges_and_checkpoints_at_any_poll() {
    sweep(async |journal| {
        cancel_on(CancellationToken::new(), async {
            let foreign = tokio::spawn(async {
                turns(3).await;
            });
            let _ = join!(work(journal), adopt(foreign));
        })
        .await
    });
    sweep(async |journal| {
        cancel_shielded_checkpoint().await;
        let _ = work(journal).await;
        checkpoint_if_cancelled().await;
        checkpoint().await;
    });
}

#[test]
fn an_adopted_task_is_gone_whenever_its_adopter_is_dropped_or_cancelled() {
    let held = Arc::new(());
    let scenario = || async {
        let inside = Arc::clone(&held);
        let foreign = tokio::spawn(async move {
            let _inside = inside;
            turns(4).await;
        });
        let _ = adopt(foreign).await;
    };
    let check = || assert_eq!(Arc::strong_count(&held), 1);
    assert!(drop_at_every_await(scenario, |_| check()) > 2);
    assert!(cancel_at_every_await(scenario, |_| check()) > 2);
}

#[test]
fn items_that_receives_race_for_are_neither_lost_nor_doubled() {
    type Receiver = stream::ReceiveStream<u32>;
    let state = RefCell::new((Vec::new(), Vec::<Receiver>::new()));
    let make = || {
        *state.borrow_mut() = (Vec::new(), Vec::new());
        let (to_one, one) = stream::memory_stream(4);
        let (to_two, two) = stream::memory_stream(4);
        state.borrow_mut().1.extend([one.clone(), two.clone()]);
        let state = &state;
        async move {
            let sending = async {
                for n in 0..2 {
                    to_one.try_send(2 * n).unwrap();
                    to_two.try_send(2 * n + 1).unwrap();
                    turns(1).await;
                }
            };
            let receiving = async {
                while state.borrow().0.len() < 4 {
                    let raced = race!(one.recv(), two.recv());
                    let given =
                        std::iter::once(raced.value).chain(raced.late.into_iter().map(|(_, late)| late));
                    state.borrow_mut().0.extend(given.flatten());
                }
            };
            tokio::join!(biased; receiving, sending);
        }
    };
    let check = |output: bool| {
        let (received, receivers) = &*state.borrow();
        let mut seen: Vec<u32> = received.clone();
        for receiver in receivers {
            while let Ok(item) = receiver.try_recv() {
                seen.push(item);
            }
        }
        seen.sort_unstable();
        assert!(seen == [0, 1, 2, 3] || (!output && (seen == [0, 1] || seen.is_empty())), "{seen:?}");
    };
    assert!(drop_at_every_await(make, |run| check(run.output.is_some())) > 2);
    assert!(cancel_at_every_await(make, |run| check(run.output.is_some())) > 2);
}
