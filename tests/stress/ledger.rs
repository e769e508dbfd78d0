//! The fate of each item, a byte each, and what is wrong with it.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

/// Where an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fate {
    Unmade,
    /// In the hands of its producer.
    Held,
    /// With the stream, which must give it to a receiver or back.
    Owed,
    Received,
    /// Dropped in a send that was dropped itself.
    Withdrawn,
    /// Handed back, and not sent again.
    Returned,
    /// Dropped by whoever owed it.
    Lost,
}

impl Fate {
    const ALL: [Self; 7] =
        [Self::Unmade, Self::Held, Self::Owed, Self::Received, Self::Withdrawn, Self::Returned, Self::Lost];
}

/// Bytes, not locks: each changes by one atomic step, and the stream itself orders what two threads do.
pub(crate) struct Ledger {
    fates: Vec<AtomicU8>,
    made: AtomicUsize,
    faults: Mutex<Vec<String>>,
}

/// How many items met which end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) received: usize,
    pub(crate) withdrawn: usize,
    pub(crate) returned: usize,
}

impl Tally {
    pub(crate) const fn all(self) -> usize {
        self.received + self.withdrawn + self.returned
    }
}

impl Ledger {
    pub(crate) fn of(items: usize) -> Arc<Self> {
        let fates = (0..items).map(|_| AtomicU8::new(Fate::Unmade as u8)).collect();
        Arc::new(Self { fates, made: AtomicUsize::new(0), faults: Mutex::default() })
    }

    pub(crate) fn make(self: &Arc<Self>, number: usize) -> Item {
        self.made.fetch_add(1, Relaxed);
        self.step(number, &[Fate::Unmade], Fate::Held);
        Item { number, ledger: Arc::clone(self) }
    }

    /// Whether so many of a hundred have been made.
    pub(crate) fn has_made(&self, percent: usize) -> bool {
        self.made.load(Relaxed) >= self.fates.len() / 100 * percent
    }

    pub(crate) fn complain(&self, fault: String) {
        self.faults.lock().unwrap().push(fault);
    }

    fn fate(&self, number: usize) -> Fate {
        Fate::ALL[usize::from(self.fates[number].load(Relaxed))]
    }

    /// Moves an item on; it is a fault if it is not where it should be.
    fn step(&self, number: usize, from: &[Fate], to: Fate) {
        let was = self.fates[number].swap(to as u8, Relaxed);
        let was = Fate::ALL[usize::from(was)];
        if !from.contains(&was) {
            self.complain(format!("item {number} became {to:?} when it was {was:?}"));
        }
    }

    /// How all items ended, or what is wrong: each must have ended, and once.
    pub(crate) fn verdict(&self) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let mut faults = std::mem::take(&mut *self.faults.lock().unwrap());
        for number in 0..self.fates.len() {
            match self.fate(number) {
                Fate::Received => tally.received += 1,
                Fate::Withdrawn => tally.withdrawn += 1,
                Fate::Returned => tally.returned += 1,
                Fate::Lost => {}
                left => faults.push(format!("item {number} was left {left:?}")),
            }
        }
        let shown = faults.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        if faults.is_empty() { Ok(tally) } else { Err(format!("faults: {}\n{shown}", faults.len())) }
    }
}

/// What is sent: it tells the ledger of everything that happens to it.
pub(crate) struct Item {
    number: usize,
    ledger: Arc<Ledger>,
}

impl Item {
    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    /// To be sent.
    pub(crate) fn lend(&self) {
        self.step(&[Fate::Held], Fate::Owed);
    }

    /// It was handed back.
    pub(crate) fn reclaim(&self) {
        self.step(&[Fate::Owed], Fate::Held);
    }

    /// Its producer sends it no more.
    pub(crate) fn give_up(self) {
        self.step(&[Fate::Held], Fate::Returned);
    }

    pub(crate) fn receive(self) {
        self.step(&[Fate::Owed], Fate::Received);
    }

    /// A second one of the same number, as only a fault would make it.
    pub(crate) fn double(&self) -> Self {
        Self { number: self.number, ledger: Arc::clone(&self.ledger) }
    }

    fn step(&self, from: &[Fate], to: Fate) {
        self.ledger.step(self.number, from, to);
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        match self.ledger.fate(self.number) {
            Fate::Received | Fate::Returned => {}
            Fate::Owed if WITHDRAWING.get() == Some(self.number) => self.step(&[Fate::Owed], Fate::Withdrawn),
            fate => {
                self.step(&[fate], Fate::Lost);
                self.ledger.complain(format!("item {} was dropped when it was {fate:?}", self.number));
            }
        }
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item").field("number", &self.number).finish_non_exhaustive()
    }
}

thread_local! {
    /// The item whose send is being dropped by this thread: it may be dropped, and no other.
    static WITHDRAWING: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A send of an item, which withdraws the item when it is dropped before it was over.
pub(crate) struct Sending<F> {
    number: usize,
    send: Option<F>,
}

impl<F> Sending<F> {
    pub(crate) const fn new(number: usize, send: F) -> Self {
        Self { number, send: Some(send) }
    }
}

impl<F: Future + Unpin> Future for Sending<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let send = self.send.as_mut().expect("it is not polled when it is over");
        let sent = ready!(Pin::new(send).poll(cx));
        self.send = None;
        Poll::Ready(sent)
    }
}

impl<F> Drop for Sending<F> {
    fn drop(&mut self) {
        let Some(send) = self.send.take() else { return };
        WITHDRAWING.set(Some(self.number));
        drop(send);
        WITHDRAWING.set(None);
    }
}
