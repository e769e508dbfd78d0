//! What an actor has set itself to do: messages to itself that come before the mailbox, timers, an idle time-out.
//!
//! # Who comes first
//!
//! 1. What was put [first](Agenda::first), in its order.
//! 2. The idle time-out, if its time has come.
//! 3. A timer that is due; but after one of them a message of the mailbox has its turn, so that a busy interval keeps
//!    nobody out.

use super::timers::{Interval, TimerKey, Timers, later};
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};

pub(super) struct Agenda<M> {
    first: VecDeque<M>,
    idle: Option<(Instant, M)>,
    timers: Timers<M>,
    /// The last message was a timer's.
    ticked: bool,
    /// The next time at which there is something to do.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<M> Agenda<M> {
    pub(super) fn new() -> Self {
        let seed = RandomState::new().hash_one(0);
        let timers = Timers::new(seed);
        Self { first: VecDeque::new(), idle: None, timers, ticked: false, sleep: None }
    }

    pub(super) fn first(&mut self, message: M) {
        self.first.push_back(message);
    }

    pub(super) fn set_idle(&mut self, after: Duration, message: M) {
        self.idle = Some((later(now(), after), message));
    }

    pub(super) fn cancel_idle(&mut self) -> bool {
        self.idle.take().is_some()
    }

    pub(super) fn set(&mut self, key: TimerKey, after: Duration, message: M) {
        self.timers.set(key, later(now(), after), message);
    }

    pub(super) fn set_interval(
        &mut self,
        key: TimerKey,
        interval: Interval,
        make: Box<dyn FnMut() -> M + Send>,
    ) {
        self.timers.set_interval(key, interval, now(), make);
    }

    pub(super) fn cancel(&mut self, key: &str) -> Option<Duration> {
        self.timers.cancel(key, now())
    }

    pub(super) fn left(&self, key: &str) -> Option<Duration> {
        self.timers.left(key, now())
    }

    /// A message that comes before the mailbox.
    pub(super) fn due(&mut self) -> Option<M> {
        if let Some(message) = self.first.pop_front() {
            self.idle = None;
            return Some(message);
        }
        let earliest = self.earliest()?;
        let now = now();
        if earliest > now {
            return None;
        }
        if let Some((_, message)) = self.idle.take_if(|(at, _)| *at <= now) {
            return Some(message);
        }
        if self.ticked {
            return None;
        }
        self.tick(now)
    }

    /// The timer that had to let the mailbox go first, which was empty.
    pub(super) fn due_after_all(&mut self) -> Option<M> {
        if self.ticked { self.tick(now()) } else { None }
    }

    fn tick(&mut self, now: Instant) -> Option<M> {
        let message = self.timers.due(now);
        self.ticked = message.is_some();
        if self.ticked {
            self.idle = None;
        }
        message
    }

    /// A message of the mailbox is taken.
    pub(super) fn taken(&mut self) {
        self.ticked = false;
        self.idle = None;
    }

    /// Waits for the time at which something is due; ready when it has come.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.earliest() else {
            self.sleep = None;
            return Poll::Pending;
        };
        let at = at.into();
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }

    fn earliest(&self) -> Option<Instant> {
        let idle = self.idle.as_ref().map(|(at, _)| *at);
        idle.into_iter().chain(self.timers.next_at()).min()
    }
}

/// The time of the runtime's clock, which tests may pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
