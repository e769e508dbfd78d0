//! Merged and zipped streams: whoever is stopped at whichever poll, no item is lost or doubled.

use crate::support::{sweep, turns};
use arbour::stream::{Half, ReceiveStream, SendStream, memory_stream, merge, merge_two, objects, zip};
use futures::{FutureExt, Stream, StreamExt};
use std::cell::RefCell;

const ITEMS: u32 = 6;

/// What went into two streams, and what came out of what was made of them.
#[derive(Default)]
struct Ledger {
    sent: Vec<u32>,
    received: Vec<u32>,
}

impl Ledger {
    /// What arrived is in order within its source, and once; an item whose send completed has arrived.
    fn balances(&self) {
        let of_source = |items: &[u32], source| {
            items.iter().copied().filter(|item| item % 2 == source).collect::<Vec<_>>()
        };
        for source in 0..2 {
            let received = of_source(&self.received, source);
            assert!(received.is_sorted_by(|one, next| one < next), "{received:?}");
        }
        assert!(self.sent.iter().all(|item| self.received.contains(item)), "{:?} sent", self.sent);
        assert!(self.received.len() - self.sent.len() <= 1, "only one send may not know: {:?}", self.sent);
    }
}

/// A stream on loan: it comes back when the borrower goes.
struct Loan<'a, J> {
    stream: Option<J>,
    kept: &'a RefCell<Option<J>>,
}

impl<J> Drop for Loan<'_, J> {
    fn drop(&mut self) {
        self.kept.replace(self.stream.take());
    }
}

/// Waits for the next of a stream as a loop round a `select!` does: the first wait is dropped.
async fn next<J: Stream + Unpin>(stream: &mut J) -> J::Item {
    let item = match stream.next().now_or_never() {
        Some(item) => item,
        None => stream.next().await,
    };
    item.expect("the senders are there")
}

/// The even items go into one stream and the odd ones into the other.
async fn send_all(senders: [SendStream<u32>; 2], ledger: &RefCell<Ledger>) {
    for item in 0..ITEMS {
        senders[(item % 2) as usize].send(item).await.unwrap();
        ledger.borrow_mut().sent.push(item);
        turns(1).await;
    }
}

async fn receive_all<J>(mut loan: Loan<'_, J>, ledger: &RefCell<Ledger>, items: impl Fn(J::Item) -> Vec<u32>)
where
    J: Stream + Unpin,
{
    let stream = loan.stream.as_mut().expect("it was lent");
    while ledger.borrow().received.len() < ITEMS as usize {
        let received = items(next(stream).await);
        ledger.borrow_mut().received.extend(received);
        turns(1).await;
    }
}

/// Sweeps the senders of two streams and a receiver of what `join` makes of them. That outlives each run,
/// so that what is `left` in it can be looked for.
fn sweep_joined<J: Stream + Unpin>(
    join: impl Fn(ReceiveStream<u32>, ReceiveStream<u32>) -> J,
    items: impl Fn(J::Item) -> Vec<u32>,
    left: impl Fn(J) -> Vec<u32>,
) {
    for capacity in [0, 1, 2] {
        let (ledger, kept) = (RefCell::new(Ledger::default()), RefCell::new(None));
        let make = || {
            ledger.take();
            let ((even, from_even), (odd, from_odd)) = (memory_stream(capacity), memory_stream(capacity));
            let loan = Loan { stream: Some(join(from_even, from_odd)), kept: &kept };
            let (ledger, items) = (&ledger, &items);
            async move {
                let receiving = receive_all(loan, ledger, items);
                tokio::join!(biased; send_all([even, odd], ledger), receiving);
            }
        };
        sweep(make, |_| {
            let stream = kept.take().expect("it comes back, however the run ended");
            ledger.borrow_mut().received.extend(left(stream));
            ledger.borrow().balances();
        });
    }
}

/// What a stream still gives when nobody sends any more.
fn rest<S: Stream>(stream: S) -> Vec<S::Item> {
    stream.collect().now_or_never().expect("it has an end")
}

#[test]
fn a_merge() {
    sweep_joined(|even, odd| merge([even, odd]), |item| vec![item], rest);
    let from_sources =
        |merged: arbour::stream::Merge<_>| merged.into_sources().into_iter().flat_map(rest).collect();
    sweep_joined(|even, odd| merge([even, odd]), |item| vec![item], from_sources);
}

#[test]
fn a_merge_of_two() {
    sweep_joined(merge_two, |item| vec![item], rest);
}

#[test]
fn a_zip() {
    let left = |pairs: arbour::stream::Zip<_, _>| {
        let (even, odd, held) = pairs.into_parts();
        let held = held.map(|(Half::Left(item) | Half::Right(item))| item);
        held.into_iter().chain(rest(even)).chain(rest(odd)).collect()
    };
    sweep_joined(zip, |(even, odd)| vec![even, odd], left);
}

#[test]
fn object_streams_as_streams() {
    sweep_joined(
        |even, odd| merge([even, odd].map(|end| Box::pin(objects(end)))),
        |item| vec![item.unwrap()],
        |merged| rest(merged).into_iter().map(Result::unwrap).collect(),
    );
}
