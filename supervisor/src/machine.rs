//! The supervisor as a pure state machine: events and the time go in, actions come out.
//!
//! A driver feeds [`Machine::handle`] with what happens, carries out the actions in their order, and sends
//! [`Event::Timer`] when [`Machine::next_deadline`] has come. Nothing here waits, so that calls and a shutdown are
//! heard at once while a child starts slowly, crashes in a loop or takes its time to stop.
//!
//! Each child has a slot ([`SlotState`] tells where it stands). The machine as a whole goes through these phases:
//!
//! ```text
//!          Start                 last child ready
//!   Idle ────────▶ FirstStart ────────────────────▶ Up
//!     │                │  child not ready, Shutdown,  │  Shutdown, CancelAll,
//!     │                │  CancelAll, limit broken     │  limit broken
//!     │                ▼                              ▼
//!     └─────────▶   Ending  ◀─────────────────────────┘
//!      Shutdown,       │  no slot is occupied
//!      CancelAll       ▼
//!                  Finished
//! ```
//!
//! Invariants:
//!
//! 1. A slot has at most one incarnation at a time: `Start` comes only for a slot that nothing occupies, and each
//!    has a greater number than the one before. One that is stuck occupies its slot.
//! 2. In the first start, and in a restart of several, a child is started only when the one before it has been ready,
//!    has declined, or was stopped. A failure before readiness ends the first start; in any later start it is one
//!    attempt for back-off and limits.
//! 3. From `Ending` on there is no `Start`.
//! 4. What stops together stops in the reverse order of start: a child is told only when every slot after it is free.
//!    Only `CancelAll`, the deadline of a shutdown, and a supervisor that stops its children together tell all at once,
//!    newest first too. A start that takes too long is cancelled wherever it stands.
//! 5. An incarnation is told to drain at most once, to cancel at most once, to abort at most once, and in this order.
//! 6. A stop is not an exit: what ends while it is being stopped, or in its turn to be, is neither counted nor
//!    restarted.
//! 7. Each call gets exactly one reply.
//! 8. `Finished` comes exactly once, when no incarnation is left but those that are stuck.
//! 9. News of an incarnation that is not the slot's latest is without effect.
//! 10. Memory is bounded by slots, limits and open calls, however many restarts there were.
//! 11. Under a group strategy no child waits by itself: there is one wait for all of them, after the last has gone.
//! 12. No event costs more than the logarithm of the number of slots, beyond the actions it leads to.
//!
//! Calls wait in order behind the first start, and are answered at once afterwards; what can be read is not asked by a
//! call at all. Semantics are those of OTP's `supervisor`, but for the delay between attempts, the limits per child, a
//! give-up that is an abnormal end, parallel stop where asked for, and the last gear of stopping, which may fail.

mod action;
mod admin;
mod allowance;
#[cfg(feature = "metrics")]
mod census;
mod count;
mod dynamic;
mod ending;
mod error;
mod event;
mod group;
mod report;
mod restarting;
mod significant;
mod slot;
mod spec;
mod starting;
mod table;

#[cfg(test)]
mod tests;

#[cfg(feature = "metrics")]
pub(crate) use self::census::{Census, STATES};
pub use self::{
    action::{Action, Done, Outcome},
    count::Counts,
    error::{CallError, SpecError},
    event::{CallId, Event, Request},
    report::{BrokenLimit, Ended, Next, Report, What},
    slot::{ChildId, Incarnation, Slot, SlotKey, SlotState, StartedBy, StopCause, StopGear},
    spec::{ChildKind, ChildPolicy, ChildSpec, Config},
};

use self::{dynamic::Template, group::Group, significant::Lost, table::Slots};
use crate::{backoff::Jitter, directive::Directive, exit::ExitKind, intensity::RestartWindow};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// A supervisor without its runtime.
///
/// # Examples
///
/// ```
/// use arbour_supervisor::machine::{Action, ChildPolicy, ChildSpec, Config, Event, Machine};
/// use arbour_supervisor::{directive::Directive, exit::ExitKind};
/// use std::time::Instant;
///
/// let child = ChildSpec::new("clock", ChildPolicy::default());
/// let mut machine = Machine::new(Config::default(), [child])?;
/// let (now, mut actions) = (Instant::now(), Vec::new());
///
/// machine.handle(Event::Start, now, &mut actions);
/// let Some(Action::Start { slot, incarnation }) = actions.pop() else { panic!("{actions:?}") };
/// machine.handle(Event::ChildReady { slot, incarnation }, now, &mut actions);
/// actions.clear();
///
/// let (exit, directive) = (ExitKind::Panicked, Directive::ByPolicy);
/// machine.handle(Event::ChildExited { slot, incarnation, exit, directive }, now, &mut actions);
/// assert!(actions.iter().any(|action| matches!(action, Action::Start { .. })));
/// # Ok::<(), arbour_supervisor::machine::SpecError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Machine {
    config: Config,
    /// What the children of a dynamic supervisor are made of.
    template: Option<Template>,
    slots: Slots,
    phase: Phase,
    /// Calls that wait behind the first start; empty in every later phase.
    queued: VecDeque<(CallId, Request)>,
    /// The restart of several that is going on.
    group: Option<Group>,
    /// A significant child that may have been the last.
    lost: Option<Lost>,
    /// When the shutdown that is going on must be over.
    deadline: Option<Instant>,
    /// The restarts of all children together.
    window: RestartWindow,
    restarts: u64,
    jitter: Jitter,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Idle,
    FirstStart,
    Up,
    Ending(Outcome),
    Finished,
}

/// One event's time, and the actions it leads to.
struct Step<'a> {
    now: Instant,
    actions: &'a mut Vec<Action>,
}

impl Step<'_> {
    fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn reply(&mut self, call: CallId, reply: Result<Done, CallError>) {
        self.push(Action::Reply { call, reply });
    }

    fn report(&mut self, slot: &Slot, what: What) {
        let (key, id, incarnation) = (slot.key, slot.id.clone(), slot.incarnation);
        self.push(Action::Report(Report { slot: key, id, incarnation, what }));
    }

    fn after(&self, time: Duration) -> Instant {
        allowance::after(self.now, time)
    }
}

impl Machine {
    /// A supervisor of these children, in their order of start; none is started yet.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for the first child that makes no sense or has the name of another.
    pub fn new(config: Config, children: impl IntoIterator<Item = ChildSpec>) -> Result<Self, SpecError> {
        let mut slots = Slots::default();
        for child in children {
            child.check(config.auto_shutdown)?;
            if slots.find(&child.id).is_some() {
                return Err(SpecError::DuplicateId { id: child.id });
            }
            slots.add(child);
        }
        Ok(Self::of(config, slots, None))
    }

    fn of(config: Config, slots: Slots, template: Option<Template>) -> Self {
        Self {
            config,
            template,
            slots,
            phase: Phase::Idle,
            queued: VecDeque::new(),
            group: None,
            lost: None,
            deadline: None,
            window: RestartWindow::new(config.limit),
            restarts: 0,
            jitter: Jitter::new(config.seed),
        }
    }

    /// Takes in what happened `now` and appends what is to be done to `actions`.
    pub fn handle(&mut self, event: Event, now: Instant, actions: &mut Vec<Action>) {
        let step = &mut Step { now, actions };
        match event {
            Event::Start => self.start_all(step),
            Event::ChildReady { slot, incarnation } => self.ready(slot, incarnation, step),
            Event::ChildExited { slot, incarnation, exit, directive } => {
                self.exited(slot, incarnation, exit, directive, step);
            }
            Event::ChildDeclined { slot, incarnation } => self.has_declined(slot, incarnation, step),
            Event::Timer => self.timer(step),
            Event::Shutdown { deadline } => self.shut_down(deadline, step),
            Event::CancelAll { clean_up_until } => self.cancel_all(clean_up_until, step),
            Event::Call { call, request } => self.call(call, request, step),
        }
        self.stop_group(step);
        self.stop_next(step);
    }

    /// When the machine wants an [`Event::Timer`] at the latest; `None` while it waits for no time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        allowance::earlier(self.slots.next_deadline(), self.deadline)
    }

    /// What holds for the supervisor as a whole.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many slots stand in each state.
    #[cfg(feature = "metrics")]
    pub(crate) fn census(&self) -> Census {
        self.slots.census()
    }

    /// All slots in the order of their start.
    #[must_use]
    pub fn slots(&self) -> impl DoubleEndedIterator<Item = &Slot> + ExactSizeIterator {
        self.slots.iter()
    }

    /// The slot of this number, if it is still there.
    #[must_use]
    pub fn slot(&self, key: SlotKey) -> Option<&Slot> {
        self.slots.get(key)
    }

    /// The slot of the child of this name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Slot> {
        self.slots.find(id).map(|key| &self.slots[key])
    }

    /// How often a restart policy has started any child again, slots that are gone included.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Whether the supervisor has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Finished
    }

    /// Whether the supervisor is ending or has ended: nothing is started any more.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending(_) | Phase::Finished)
    }

    /// Whether this call may have to wait for children that are being started: for the first start, or for its turn
    /// in a restart of several.
    #[must_use]
    pub fn defers(&self, request: &Request) -> bool {
        let starts = matches!(request, Request::StartChild(_) | Request::RestartChild(_));
        matches!(self.phase, Phase::Idle | Phase::FirstStart) || (starts && self.group.is_some())
    }

    fn timer(&mut self, step: &mut Step<'_>) {
        while let Some(key) = self.slots.due(step.now) {
            self.time_is_up(key, step);
        }
        if self.deadline.is_some_and(|deadline| deadline <= step.now) {
            self.abort_all(step);
        }
    }

    /// Takes the slot to a state with another deadline, or with none.
    fn time_is_up(&mut self, key: SlotKey, step: &mut Step<'_>) {
        match self.slots[key].state {
            SlotState::Starting { by, .. } => self.not_ready(key, by, step),
            SlotState::Draining { .. } => {
                step.report(&self.slots[key], What::DrainOver);
                self.cancel(key, StopCause::Asked, None, step);
            }
            SlotState::Stopping { gear: StopGear::CleaningUp, cause, .. } => {
                step.report(&self.slots[key], What::CleanUpOver);
                self.abort(key, cause, step);
            }
            SlotState::Stopping { gear: StopGear::Aborted, cause, .. } => self.stuck(key, cause, step),
            SlotState::Waiting { .. } if self.group_waits_in(key) => self.start_group(step),
            SlotState::Waiting { .. } => self.start(key, StartedBy::Policy, step),
            SlotState::Down | SlotState::Running { .. } | SlotState::Stuck { .. } => {}
        }
    }

    fn exited(
        &mut self,
        key: SlotKey,
        incarnation: Incarnation,
        exit: ExitKind,
        directive: Directive,
        step: &mut Step<'_>,
    ) {
        let Some(state) = self.slots.state_of(key, incarnation) else { return };
        match state {
            _ if state.is_awaited() && self.group_stops(key) => self.stopped_in_turn(key, exit, step),
            SlotState::Starting { by, .. } => {
                self.start_failed(key, by, Ended::BeforeReady(exit), directive, step);
            }
            SlotState::Running { since } => self.ended(key, exit, directive, since, step),
            SlotState::Draining { .. } | SlotState::Stopping { cause: StopCause::Asked, .. } => {
                self.stopped(key, exit, step);
            }
            SlotState::Stopping { cause: StopCause::NotReady(by), .. } => {
                let ended = Ended::NotReadyIn(self.slots[key].may_take);
                self.start_failed(key, by, ended, Directive::ByPolicy, step);
            }
            SlotState::Stuck { .. } => self.unstuck(key, step),
            SlotState::Down | SlotState::Waiting { .. } => {}
        }
    }

    fn has_declined(&mut self, key: SlotKey, incarnation: Incarnation, step: &mut Step<'_>) {
        let state = self.slots.state_of(key, incarnation).filter(|_| !self.group_stops(key));
        match state.and_then(|state| self.may_decline(key, state)) {
            Some(by) => self.declined(key, by, step),
            None => self.exited(key, incarnation, ExitKind::Normal, Directive::ByPolicy, step),
        }
    }
}
