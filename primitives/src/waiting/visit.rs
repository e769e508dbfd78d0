//! What a call brings under the lock and carries out of it: nothing foreign runs in between.

use crate::loom::Mutex;
use core::mem::ManuallyDrop;
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whom to wake once the lock is released. Nearly every call wakes at most two.
#[derive(Default)]
#[must_use = "whoever was called must be woken"]
pub(crate) struct Wakes {
    one: Option<Waker>,
    other: Option<Waker>,
    more: Vec<Waker>,
}

impl Wakes {
    /// Notes a waker that was taken out of its place; one that is gone has been woken before.
    pub(crate) fn add(&mut self, waker: Option<Waker>) {
        let Some(waker) = waker else { return };
        match (&self.one, &self.other) {
            (None, _) => self.one = Some(waker),
            (_, None) => self.other = Some(waker),
            _ => self.more.push(waker),
        }
    }

    /// Wakes them all, in the order in which they were added.
    #[inline]
    pub(crate) fn wake(self) {
        // Nothing is left in it, and looking for that is most of what a call costs that wakes nobody.
        ManuallyDrop::new(self).wake_noted();
    }

    #[inline]
    fn wake_noted(&mut self) {
        if self.one.is_some() {
            self.wake_all();
        }
    }

    fn wake_all(&mut self) {
        wake(self.one.take());
        wake(self.other.take());
        core::mem::take(&mut self.more).into_iter().for_each(wake_one);
    }
}

/// Wakes whoever was called, once the lock is released.
#[inline]
pub(crate) fn wake(called: Option<Waker>) {
    if let Some(waker) = called {
        wake_one(waker);
    }
}

fn wake_one(waker: Waker) {
    contain(|| waker.wake());
}

/// Runs a waker's code: its panic must neither cost the caller its result nor others their wake-up.
fn contain(foreign: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(foreign)) {
        tracing::error!("a waker panicked; its task may never be polled again, all others go on");
        // The payload's own drop is foreign as well, and there is nobody left to tell.
        core::mem::forget(payload);
    }
}

/// How far one visit to the state brought a future.
pub(crate) enum Step<R> {
    Done(R),
    Wait,
    /// It must wait, and a waker is cloned only outside the lock.
    NeedWaker,
}

impl<R> Step<R> {
    pub(crate) fn map<S>(self, change: impl FnOnce(R) -> S) -> Step<S> {
        match self {
            Self::Done(result) => Step::Done(change(result)),
            Self::Wait => Step::Wait,
            Self::NeedWaker => Step::NeedWaker,
        }
    }
}

/// One poll's luggage.
pub(crate) struct Visit<'a> {
    pub(crate) wakes: Wakes,
    waker: &'a Waker,
    /// A waker to leave behind, later the one that it replaced.
    spare: Option<Waker>,
}

impl Visit<'_> {
    /// The waker for a new place, once it has been cloned.
    pub(crate) fn take_waker(&mut self) -> Option<Waker> {
        self.spare.take()
    }

    /// Carries a waker out that is not needed any more.
    pub(crate) fn carry_out(&mut self, waker: Option<Waker>) {
        self.spare = waker.or(self.spare.take());
    }

    /// Sees to it that the place of a waiter holds the waker of its latest poll.
    pub(crate) fn refresh<R>(&mut self, place: &mut Option<Waker>) -> Step<R> {
        if place.as_ref().is_some_and(|waker| waker.will_wake(self.waker)) {
            return Step::Wait;
        }
        let Some(waker) = self.spare.take() else { return Step::NeedWaker };
        self.spare = if crate::loom::fault("wait_keeps_old_waker") && place.is_some() {
            Some(waker)
        } else {
            place.replace(waker)
        };
        Step::Wait
    }
}

/// Visits the state, a second time when a waker has to be cloned first; then wakes. Who knows that it
/// will wait brings the waker along.
#[inline]
pub(crate) fn visit<S, R>(
    state: &Mutex<S>,
    cx: &Context<'_>,
    will_wait: bool,
    mut step: impl FnMut(&mut S, &mut Visit<'_>) -> Step<R>,
) -> Poll<R> {
    let spare = will_wait.then(|| cx.waker().clone());
    // Whatever is in it is woken or dropped below, where it lies: to move it costs more than most visits.
    let mut luggage = ManuallyDrop::new(Visit { wakes: Wakes::default(), waker: cx.waker(), spare });
    loop {
        let outcome = step(&mut state.lock(), &mut luggage);
        let result = match outcome {
            Step::Done(result) => Poll::Ready(result),
            Step::Wait => Poll::Pending,
            Step::NeedWaker => {
                luggage.spare = Some(cx.waker().clone());
                continue;
            }
        };
        luggage.wakes.wake_noted();
        if let Some(spare) = luggage.spare.take() {
            contain(|| drop(spare));
        }
        return result;
    }
}
