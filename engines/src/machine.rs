//! The lease of one holder as a pure state machine: events and the time go in, requests come out.
//!
//! ```text
//!            Acquire            granted             valid_until has passed
//!   Idle ────────────▶ Acquiring ───────▶ Held ──────────────────────────▶ Suspect
//!                       │   ▲               │ ▲                              │  │
//!                 taken │   │ may be free   │ └──────── confirmed ───────────┘  │ suspect_for has passed
//!                       ▼   │               │ gone, fenced off                  │ gone, fenced off
//!                      Waiting              └──────────────▶ Lost ◀─────────────┘
//!
//!   each of them ── Release ──▶ Releasing ── answered, or release_within has passed ──▶ Released
//! ```
//!
//! A driver feeds [`Machine::handle`] with what happens, sends the request that comes back, and comes again with
//! [`Event::Timer`] at [`Machine::due`]. Whether the lease is held is computed from the time whenever somebody asks
//! ([`Machine::state`]); timers only make a change heard earlier.
//!
//! Invariants:
//!
//! 1. A lease counts as held only before `valid_until`: the moment when the last request that succeeded was *sent*,
//!    plus the time to live, less the margin. A reply that took long makes it no longer.
//! 2. At most one request is awaited. Answers to others are without effect.
//! 3. Extending is all that is asked of a lease that was granted; it is acquired once.
//! 4. The fence, once granted, does not change.
//! 5. Lost is for ever, from the moment at which the state says so: what follows is a release, and nothing else.
//! 6. Whatever may have been granted is released: after `Released` there is no lease, or the store did not answer, or
//!    the lease had a newer holder.
//! 7. While a store does not answer, it is asked more and more seldom, and at least every sixth of the time to live.

#[cfg(test)]
mod tests;

use crate::clock::Moment;
use crate::fault::fault;
use crate::store::{Fence, Holding, StoreErrorKind};
use crate::times::{Effects, LeaseTimes};
use std::time::Duration;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Somebody wants the lease; `once` if they do not want to wait for it.
    Acquire { once: bool },
    /// The request of this number was answered, or given up.
    Answer { number: u64, reply: Reply },
    /// A write was refused, for its fence is not the newest.
    FencedOff,
    /// The work is over, or nobody wants the lease any more.
    Release,
    /// The time has come that [`Machine::due`] told.
    Timer,
}

/// What a store answered, or why it did not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    Granted(Fence),
    Taken(Holding),
    MayBeFree,
    Confirmed(Fence),
    Gone(Option<Holding>),
    Released,
    Failed(StoreErrorKind),
}

/// What to ask the store for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Request {
    /// Its number, which comes back with the answer.
    pub(crate) number: u64,
    pub(crate) ask: Ask,
    pub(crate) sent: Moment,
    /// When it is given up, and counts as failed with an unknown outcome.
    pub(crate) within: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    Acquire,
    Extend,
    Release,
    UntilFree(Duration),
}

/// How a lease is, as its holder may count on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseState {
    /// Nobody has asked for it yet.
    Idle,
    /// The store is being asked for it.
    Acquiring,
    /// Somebody else has it.
    Waiting(Holding),
    /// It is held under this fence, for at least so much longer.
    Held {
        /// The fence.
        fence: Fence,
        /// How long it is held yet, unless it is extended.
        remaining: Duration,
    },
    /// Its time is over and no renewal has been confirmed: it may be lost, or not. Nothing new should begin.
    Suspect {
        /// The fence.
        fence: Fence,
        /// For how long it has been suspect.
        since: Duration,
    },
    /// It is held no more.
    Lost {
        /// The fence it was held under.
        fence: Fence,
        /// How that is known.
        why: LossReason,
    },
    /// It was asked for once, and somebody else has it.
    Taken(Holding),
    /// The store refused the request for it.
    Refused,
    /// It was asked for once, and there was no answer.
    Unanswered,
    /// The store is being told that it is free.
    Releasing,
    /// It is over; `confirmed` unless the store did not answer. Then it ends with its time to live.
    Released {
        /// Whether the store knows.
        confirmed: bool,
    },
}

/// How it is known that a lease is lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LossReason {
    /// The store says so: its time had ended, or somebody took it away.
    #[error("the store says that it is no more one's own{}", .0.as_ref().map(held_by).unwrap_or_default())]
    Gone(Option<Holding>),
    /// The store has granted a newer fence: it refused a write, or told so when the lease was extended.
    #[error("its fence is not the newest any more")]
    FencedOff,
    /// No renewal was confirmed, neither in time nor as long after as a lease may be suspect.
    #[error("no renewal was confirmed in time, nor for as long as it may be suspect")]
    NotConfirmed,
    /// It was released: the body that held it is over.
    #[error("it was released, for its body is over")]
    Over,
    /// No renewal was confirmed in time, and the work has effects that no fence guards.
    #[error("no renewal was confirmed in time, and its work is not fenced")]
    Unfenced,
}

fn held_by(holding: &Holding) -> String {
    format!(", but that of `{}` with fence {}", holding.owner, holding.fence)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Machine {
    times: LeaseTimes,
    phase: Phase,
    awaited: Option<Request>,
    numbers: u64,
    /// How many requests in a row got no answer.
    failures: u32,
    /// When the next request is to be sent, if none is awaited.
    next: Option<Moment>,
    /// An acquire may have been done, or may still arrive, whose reply was not heard.
    unsure: bool,
    /// How the lease was lost, which is still known when it is over.
    loss: Option<(Fence, LossReason)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Acquiring { once: bool },
    Waiting(Holding),
    Held { fence: Fence, valid_until: Moment },
    Lost { fence: Fence, why: LossReason },
    Taken(Holding),
    Refused,
    Unanswered,
    Releasing { by: Moment },
    Released { confirmed: bool },
}

impl Machine {
    pub(crate) fn new(times: LeaseTimes) -> Self {
        Self {
            times,
            phase: Phase::Idle,
            awaited: None,
            numbers: 0,
            failures: 0,
            next: None,
            unsure: false,
            loss: None,
        }
    }

    /// How the lease is now.
    pub(crate) fn state(&self, now: Moment) -> LeaseState {
        match self.phase.clone() {
            Phase::Idle => LeaseState::Idle,
            Phase::Acquiring { .. } => LeaseState::Acquiring,
            Phase::Waiting(behind) => LeaseState::Waiting(behind),
            Phase::Held { fence, valid_until } => self.held(fence, valid_until, now),
            Phase::Lost { fence, why } => LeaseState::Lost { fence, why },
            Phase::Taken(holding) => LeaseState::Taken(holding),
            Phase::Refused => LeaseState::Refused,
            Phase::Unanswered => LeaseState::Unanswered,
            Phase::Releasing { .. } => LeaseState::Releasing,
            Phase::Released { confirmed } => LeaseState::Released { confirmed },
        }
    }

    /// How the lease was lost, if it was, also after its release.
    pub(crate) fn loss(&self) -> Option<(Fence, LossReason)> {
        self.loss.clone()
    }

    fn held(&self, fence: Fence, valid_until: Moment, now: Moment) -> LeaseState {
        if now < valid_until {
            return LeaseState::Held { fence, remaining: valid_until.since(now) };
        }
        match self.overdue(valid_until, now) {
            Some(why) => LeaseState::Lost { fence, why },
            None => LeaseState::Suspect { fence, since: now.since(valid_until) },
        }
    }

    /// Why a lease that was valid until then is given up now, if it is.
    fn overdue(&self, valid_until: Moment, now: Moment) -> Option<LossReason> {
        match self.times.effects {
            Effects::Unfenced { .. } => (now >= valid_until).then_some(LossReason::Unfenced),
            Effects::Fenced => {
                (now >= valid_until + self.times.suspect_for).then_some(LossReason::NotConfirmed)
            }
        }
    }

    /// When to come again with [`Event::Timer`]; `now`, because what has been told already is not told again.
    pub(crate) fn due(&self, now: Moment) -> Option<Moment> {
        let next = self.next.filter(|_| self.awaited.is_none());
        let limit = match self.phase {
            Phase::Held { valid_until, .. } if now < valid_until => Some(valid_until),
            Phase::Held { valid_until, .. } => Some(valid_until + self.times.suspect_for),
            Phase::Releasing { by } => Some(by),
            _ => None,
        };
        next.into_iter().chain(limit).min()
    }

    /// What follows from this event: perhaps a request to be sent at once. `random` is any number.
    pub(crate) fn handle(&mut self, event: Event, now: Moment, random: u64) -> Option<Request> {
        // Whoever has asked by now was told that it is lost, whether or not a timer has fired.
        self.lose_if_overdue(now);
        match event {
            Event::Acquire { once } => self.acquire(once, now),
            Event::Answer { number, reply } => {
                let request = self.awaited.take_if(|awaited| awaited.number == number)?;
                self.answer(request, reply, now, random)
            }
            Event::FencedOff => self.fenced_off(),
            Event::Release => self.release(now),
            Event::Timer => self.timer(now),
        }
    }

    fn acquire(&mut self, once: bool, now: Moment) -> Option<Request> {
        if self.phase != Phase::Idle {
            return None;
        }
        self.phase = Phase::Acquiring { once };
        self.ask(Ask::Acquire, now)
    }

    fn answer(&mut self, request: Request, reply: Reply, now: Moment, random: u64) -> Option<Request> {
        if let Reply::Failed(kind) = reply {
            return self.failed(request.ask, kind, now, random);
        }
        self.failures = 0;
        match (&self.phase, reply) {
            (Phase::Acquiring { .. }, Reply::Granted(fence)) => {
                self.granted(fence, request.sent, now, random)
            }
            (Phase::Acquiring { once: true }, Reply::Taken(holding)) => {
                self.phase = Phase::Taken(holding);
                None
            }
            (Phase::Acquiring { .. }, Reply::Taken(holding)) => self.wait(holding, now),
            (Phase::Waiting(_), Reply::MayBeFree) => {
                self.phase = Phase::Acquiring { once: false };
                self.ask(Ask::Acquire, now)
            }
            (Phase::Held { fence, .. }, Reply::Confirmed(told))
                if *fence == told || fault("the_fence_of_an_extension_is_not_heard") =>
            {
                self.granted(*fence, request.sent, now, random)
            }
            // An acquire of an earlier attempt arrived late, and somebody may have had the lease in between.
            (Phase::Held { fence, .. }, Reply::Confirmed(_)) => self.lose(*fence, LossReason::FencedOff),
            (Phase::Held { fence, .. }, Reply::Gone(holding)) => self.lose(*fence, LossReason::Gone(holding)),
            (Phase::Releasing { .. }, Reply::Granted(_)) => self.ask(Ask::Release, now),
            (Phase::Releasing { .. }, Reply::Taken(_)) if self.unsure => self.ask(Ask::Release, now),
            (Phase::Releasing { .. }, Reply::Taken(_) | Reply::Released) => self.released(true),
            _ => None,
        }
    }

    /// The lease is one's own, as of a request that was sent then.
    fn granted(&mut self, fence: Fence, sent: Moment, now: Moment, random: u64) -> Option<Request> {
        let sent = if fault("the_deadline_counts_from_the_reply") { now } else { sent };
        self.phase = Phase::Held { fence, valid_until: sent + self.times.counted_on() };
        self.next = Some(sent + self.times.renew_after(random));
        self.lose_if_overdue(now);
        self.timer(now)
    }

    fn lose_if_overdue(&mut self, now: Moment) {
        let Phase::Held { fence, valid_until } = self.phase else { return };
        if let Some(why) = self.overdue(valid_until, now) {
            self.lose(fence, why);
        }
    }

    fn wait(&mut self, behind: Holding, now: Moment) -> Option<Request> {
        // Somebody may have taken the end from a lease by hand, and give it back without a word.
        let at_most = behind.remaining.min(self.times.ttl);
        self.phase = Phase::Waiting(behind);
        self.ask(Ask::UntilFree(at_most), now)
    }

    fn failed(&mut self, ask: Ask, kind: StoreErrorKind, now: Moment, random: u64) -> Option<Request> {
        self.unsure |= ask == Ask::Acquire && kind == StoreErrorKind::Unknown;
        match self.phase {
            Phase::Acquiring { .. } if kind == StoreErrorKind::Refused => {
                self.phase = Phase::Refused;
                return None;
            }
            // A reply that was lost is asked for once more: by then there may be another connection.
            Phase::Acquiring { once: true } if kind == StoreErrorKind::NotSent || self.failures > 0 => {
                self.phase = Phase::Unanswered;
                return None;
            }
            Phase::Releasing { .. } if ask == Ask::Acquire => return self.release_if_unsure(now),
            _ => {}
        }
        self.next = Some(now + self.times.retry_after(self.failures, random));
        self.failures = self.failures.saturating_add(1);
        self.timer(now)
    }

    fn fenced_off(&mut self) -> Option<Request> {
        let Phase::Held { fence, .. } = self.phase else { return None };
        self.lose(fence, LossReason::FencedOff)
    }

    fn lose(&mut self, fence: Fence, why: LossReason) -> Option<Request> {
        self.phase = Phase::Lost { fence, why: why.clone() };
        self.loss = Some((fence, why));
        self.awaited = None;
        self.next = None;
        None
    }

    fn release(&mut self, now: Moment) -> Option<Request> {
        let releasing = Phase::Releasing { by: now + self.times.release_within };
        match std::mem::replace(&mut self.phase, releasing) {
            phase @ (Phase::Releasing { .. } | Phase::Released { .. }) => {
                self.phase = phase;
                None
            }
            // Its answer is waited for: a release that overtook it would leave a lease behind.
            Phase::Acquiring { .. } if self.awaited.is_some() => None,
            Phase::Held { .. } => self.ask(Ask::Release, now),
            Phase::Lost { why: LossReason::Gone(_), .. } => self.released(true),
            Phase::Lost { .. } => self.ask(Ask::Release, now),
            Phase::Idle
            | Phase::Acquiring { .. }
            | Phase::Waiting(_)
            | Phase::Taken(_)
            | Phase::Refused
            | Phase::Unanswered => self.release_if_unsure(now),
        }
    }

    fn release_if_unsure(&mut self, now: Moment) -> Option<Request> {
        if self.unsure { self.ask(Ask::Release, now) } else { self.released(true) }
    }

    fn released(&mut self, confirmed: bool) -> Option<Request> {
        self.phase = Phase::Released { confirmed };
        self.awaited = None;
        self.next = None;
        None
    }

    fn timer(&mut self, now: Moment) -> Option<Request> {
        if matches!(self.phase, Phase::Releasing { by } if now >= by) {
            return self.released(false);
        }
        self.next.take_if(|next| self.awaited.is_none() && *next <= now)?;
        let ask = match self.phase {
            Phase::Acquiring { .. } => Ask::Acquire,
            // Who cannot be told that it is free asks for it.
            Phase::Waiting(_) => {
                self.phase = Phase::Acquiring { once: false };
                Ask::Acquire
            }
            Phase::Held { .. } => Ask::Extend,
            Phase::Releasing { .. } => Ask::Release,
            _ => return None,
        };
        self.ask(ask, now)
    }

    fn ask(&mut self, ask: Ask, now: Moment) -> Option<Request> {
        let within = match ask {
            Ask::UntilFree(at_most) => at_most.saturating_add(self.times.answer_within),
            _ => self.times.answer_within,
        };
        self.numbers += 1;
        self.next = None;
        self.awaited = Some(Request { number: self.numbers, ask, sent: now, within });
        self.awaited
    }
}
