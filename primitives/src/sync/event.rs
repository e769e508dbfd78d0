//! The event: something that happens once, and everybody hears of it.

#[cfg(test)]
mod models;
#[cfg(all(test, not(arbour_loom)))]
mod tests;

use crate::loom::{Arc, Mutex};
use crate::scope::Gate;
use crate::standstill;
use crate::waiting::{Key, Step, Visit, WaitList, Wakes, visit};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

/// Something that happens once: [`set`](Self::set) lets everybody pass who waits, and whoever comes
/// later. It is never unset; make a new one instead.
///
/// Clones are the same event. It can be made before there is a runtime.
///
/// # Examples
///
/// ```
/// use arbour_primitives::sync::Event;
///
/// # futures::executor::block_on(async {
/// let warm = Event::new();
/// let oven = warm.clone();
/// let (_, ()) = futures::future::join(warm.wait(), async move { oven.set() }).await;
/// assert!(warm.is_set());
/// warm.wait().await; // passes at once
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Event {
    state: Arc<Mutex<State>>,
}

/// An event at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventStatistics {
    /// Whether it has happened.
    pub is_set: bool,
    /// Who waits for it; 0 once it has happened.
    pub waiting: usize,
}

/// Invariants, whenever the lock is free:
///
/// 1. Nobody stands in the lane of a set event.
/// 2. Who is out of the lane was woken, or has run since.
///
/// One lock, under which no foreign code runs.
struct State {
    is_set: bool,
    waiters: WaitList<Option<Waker>, 1>,
}

const WAITING: usize = 0;

impl Event {
    /// An event that has not happened.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody pass, now and later. Set again, it stays set.
    pub fn set(&self) {
        let mut wakes = Wakes::default();
        self.state.lock().set(&mut wakes);
        wakes.wake();
        if crate::loom::fault("event_is_set_after_the_wake") {
            self.state.lock().is_set = true;
        }
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.state.lock().is_set
    }

    /// Waits until it has happened; passes at once if it has.
    ///
    /// # Cancel safety
    ///
    /// Safe: a wait that is dropped leaves no trace. One that was woken passes, also when its scope is
    /// cancelled before it runs.
    pub fn wait(&self) -> Wait<'_> {
        Wait { event: self, gate: Gate::new(), seat: None, over: false }
    }

    /// What the event tells about itself.
    #[must_use]
    pub fn statistics(&self) -> EventStatistics {
        let state = self.state.lock();
        EventStatistics { is_set: state.is_set, waiting: state.waiters.len(WAITING) }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}

impl State {
    fn set(&mut self, wakes: &mut Wakes) {
        self.is_set = !crate::loom::fault("event_is_set_after_the_wake");
        while let Some(key) = self.waiters.first(WAITING) {
            self.waiters.take_out(key);
            wakes.add(self.waiters[key].take());
            if crate::loom::fault("event_wakes_one") {
                return;
            }
        }
    }

    /// One poll of a wait.
    fn poll(&mut self, seat: &mut Option<Key>, visit: &mut Visit<'_>) -> Step<()> {
        match *seat {
            _ if self.is_set => Step::Done(()),
            Some(key) => visit.refresh(&mut self.waiters[key]),
            None => {
                let Some(waker) = visit.take_waker() else { return Step::NeedWaker };
                *seat = Some(self.waiters.join(WAITING, Some(waker)));
                Step::Wait
            }
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self { is_set: false, waiters: WaitList::new() }
    }
}

/// The future of [`Event::wait`].
#[must_use = "futures do nothing unless polled"]
pub struct Wait<'a> {
    event: &'a Event,
    gate: Gate,
    seat: Option<Key>,
    over: bool,
}

impl Future for Wait<'_> {
    type Output = ();

    /// # Panics
    ///
    /// When it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        assert!(!this.over, "`Wait` was polled after it was ready");
        ready!(this.gate.poll_enter(cx));
        let heard = visit(&this.event.state, cx, false, |state, visit| state.poll(&mut this.seat, visit));
        ready!(standstill::tell(heard, || "an event to be set".to_owned()));
        this.over = true;
        Poll::Ready(())
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.seat.take() {
            let waker = self.event.state.lock().waiters.leave(key);
            drop(waker);
        }
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("event", &self.event).field("gate", &self.gate).finish_non_exhaustive()
    }
}
