//! Each future is dropped at each of its polls: nothing is lost and nobody is forgotten.

use super::super::{Permit, ReceiveStream, SendStream, TryRecvError, memory_stream};
use super::{Task, assert_nobody_waits, check};
use futures::{SinkExt, StreamExt};
use std::cell::RefCell;

/// What happened to the items 0, 1, 2, …
#[derive(Default)]
struct Ledger {
    received: RefCell<Vec<u32>>,
    sent: RefCell<Vec<u32>>,
}

type Bench<'a> = Vec<Option<Task<'a, ()>>>;

/// Polls whoever is new or was woken until all are still; the victim is dropped instead of its `k`-th
/// poll. True if it ended before that. With `restless`, everybody is polled once more at each step.
fn run(tasks: &mut Bench<'_>, victim: usize, k: usize, restless: bool, tx: &SendStream<u32>) -> bool {
    let mut polls = 0;
    let mut seen = vec![None; tasks.len()];
    loop {
        let mut still = true;
        for index in 0..tasks.len() {
            let Some(task) = &mut tasks[index] else { continue };
            let wakes = Some(task.wakes());
            let is_due = seen[index] != wakes;
            if !is_due && !restless {
                continue;
            }
            still &= !is_due;
            seen[index] = wakes;
            polls += usize::from(index == victim);
            if (index == victim && polls == k) || task.poll().is_ready() {
                tasks[index] = None;
            }
            check(tx);
        }
        if still {
            return polls < k;
        }
    }
}

async fn sender(tx: &SendStream<u32>, ledger: &Ledger, item: u32) {
    if tx.send(item).await.is_ok() {
        ledger.sent.borrow_mut().push(item);
    }
}

async fn reserver(tx: &SendStream<u32>, ledger: &Ledger, item: u32) {
    let permit: Permit<u32> = tx.reserve().await.unwrap();
    // A poll between the place and its use.
    let mut yielded = false;
    core::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if core::mem::replace(&mut yielded, true) {
            core::task::Poll::Ready(())
        } else {
            core::task::Poll::Pending
        }
    })
    .await;
    permit.send(item).unwrap();
    ledger.sent.borrow_mut().push(item);
}

async fn sinker(mut tx: SendStream<u32>, ledger: &Ledger, item: u32) {
    if SinkExt::send(&mut tx, item).await.is_ok() {
        ledger.sent.borrow_mut().push(item);
    }
}

async fn receiver(rx: &ReceiveStream<u32>, ledger: &Ledger) {
    let item = rx.recv().await.unwrap();
    ledger.received.borrow_mut().push(item);
}

async fn streamer(mut rx: ReceiveStream<u32>, ledger: &Ledger) {
    let item = rx.next().await.unwrap();
    ledger.received.borrow_mut().push(item);
}

/// Four senders of three kinds against four receivers of two, in an order given by `rotation`.
fn sweep(capacity: usize, rotation: usize, victim: usize, k: usize, restless: bool) -> bool {
    let ledger = Ledger::default();
    let (tx, rx) = memory_stream(capacity);
    let mut tasks: Bench<'_> = vec![
        Some(Task::new(receiver(&rx, &ledger))),
        Some(Task::new(streamer(rx.clone(), &ledger))),
        Some(Task::new(sender(&tx, &ledger, 0))),
        Some(Task::new(reserver(&tx, &ledger, 1))),
        Some(Task::new(receiver(&rx, &ledger))),
        Some(Task::new(sinker(tx.clone(), &ledger, 2))),
        Some(Task::new(sender(&tx, &ledger, 3))),
        Some(Task::new(receiver(&rx, &ledger))),
    ];
    tasks.rotate_left(rotation);
    let untouched = run(&mut tasks, victim, k, restless, &tx);
    let left = tasks.iter().flatten().count();
    drain(&rx, &ledger);
    run(&mut tasks, usize::MAX, usize::MAX, restless, &tx);
    drain(&rx, &ledger);
    assert!(left <= 1, "one victim leaves at most one partner behind, not {left}");
    drop(tasks);
    assert_nobody_waits(&rx);
    assert_conserved(&ledger);
    untouched
}

fn drain(rx: &ReceiveStream<u32>, ledger: &Ledger) {
    while let Ok(item) = rx.try_recv() {
        ledger.received.borrow_mut().push(item);
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

/// Each item whose send completed was received, each received item once. A send that was dropped after
/// its item entered the stream never said so: its item is received all the same.
fn assert_conserved(ledger: &Ledger) {
    let (mut received, sent) = (ledger.received.borrow().clone(), ledger.sent.borrow());
    received.sort_unstable();
    assert!(received.is_sorted_by(|a, b| a < b), "received twice: {received:?}");
    assert!(sent.iter().all(|item| received.contains(item)), "sent {sent:?}, received {received:?}");
    assert!(received.len() - sent.len() <= 1, "only the victim's send may not know: {sent:?}, {received:?}");
}

#[test]
fn whichever_future_is_dropped_at_whichever_poll_nothing_is_lost() {
    let mut runs = 0;
    for (capacity, rotation, restless) in
        (0..4).flat_map(|c| (0..8).flat_map(move |r| [(c, r, false), (c, r, true)]))
    {
        for victim in 0..8 {
            let mut k = 1;
            while !sweep(capacity, rotation, victim, k, restless) {
                k += 1;
            }
            runs += k;
        }
    }
    assert!(runs > 1000, "the sweep has become vacuous: {runs} runs");
}
