//! Each future is dropped at each of its polls: nothing is lost and nobody is forgotten.

use super::super::{BroadcastReceiver, BroadcastSender, SlowReceiver};
use super::{ALL, Task, drain, stream};
use futures::{SinkExt, StreamExt};
use std::cell::RefCell;

type Got = RefCell<Vec<u32>>;

async fn sender(tx: BroadcastSender<u32>, sent: &Got, item: u32) {
    if tx.send(item).await.is_ok() {
        sent.borrow_mut().push(item);
    }
}

async fn sinker(mut tx: BroadcastSender<u32>, sent: &Got, item: u32) {
    if SinkExt::send(&mut tx, item).await.is_ok() {
        sent.borrow_mut().push(item);
    }
}

async fn receiver(rx: &mut BroadcastReceiver<u32>, got: &Got) {
    for _ in 0..2 {
        let received = rx.recv().await;
        got.borrow_mut().extend(received);
    }
}

async fn streamer(rx: &mut BroadcastReceiver<u32>, got: &Got) {
    for _ in 0..2 {
        let received = rx.next().await;
        got.borrow_mut().extend(received.and_then(Result::ok));
    }
}

/// Polls whoever is new or was woken until all are still; the victim is dropped instead of its `k`-th poll.
/// True if it ended before that.
fn run(tasks: &mut [Option<Task<'_, ()>>], victim: usize, k: usize) -> bool {
    let mut seen = vec![None; tasks.len()];
    let mut polls = 0;
    loop {
        let is_due = |index: &usize| {
            let task: Option<&Task<'_, ()>> = tasks[*index].as_ref();
            task.is_some_and(|task| seen[*index] != Some(task.wakes()))
        };
        let Some(index) = (0..tasks.len()).find(is_due) else { return polls < k };
        polls += usize::from(index == victim);
        let Some(task) = &mut tasks[index] else { continue };
        seen[index] = Some(task.wakes());
        if (index == victim && polls == k) || task.poll().is_ready() {
            tasks[index] = None;
        }
    }
}

/// Three senders of two kinds and two receivers of two, in an order given by `rotation`.
fn sweep(slow: SlowReceiver, rotation: usize, victim: usize, k: usize) -> bool {
    let tx = stream(1, slow);
    let (mut one, mut other) = (tx.subscribe(), tx.subscribe());
    let (sent, got, also) = (Got::default(), Got::default(), Got::default());
    let mut tasks = [
        Some(Task::new(receiver(&mut one, &got))),
        Some(Task::new(sender(tx.clone(), &sent, 0))),
        Some(Task::new(streamer(&mut other, &also))),
        Some(Task::new(sinker(tx.clone(), &sent, 1))),
        Some(Task::new(sender(tx.clone(), &sent, 2))),
    ];
    tasks.rotate_left(rotation);
    let untouched = run(&mut tasks, victim, k);
    drop(tasks);
    let (mut got, mut also) = (got.into_inner(), also.into_inner());
    for _ in 0..2 {
        // A second time after a gap.
        got.extend(drain(&mut one));
        also.extend(drain(&mut other));
    }
    // A stream keeps its place between polls.
    drop((one, other));
    let told = tx.statistics();
    assert_eq!((told.waiting_senders, told.waiting_receivers), (0, 0));
    if slow == SlowReceiver::Wait {
        assert_eq!(got, also, "the same to both, in the same order");
        assert!(sent.borrow().iter().all(|item| got.contains(item)), "sent {sent:?}, got {got:?}");
    }
    got.sort_unstable();
    assert!(got.is_sorted_by(|one, next| one < next), "received twice: {got:?}");
    untouched
}

#[test]
fn whichever_future_is_dropped_at_whichever_poll_nothing_is_lost() {
    let mut runs = 0;
    for (slow, rotation) in ALL.into_iter().flat_map(|slow| (0..5).map(move |rotation| (slow, rotation))) {
        for victim in 0..5 {
            let mut k = 1;
            while !sweep(slow, rotation, victim, k) {
                k += 1;
            }
            runs += k;
        }
    }
    assert!(runs > 150, "the sweep has become vacuous: {runs} runs");
}
