//! Telling what a supervisor does: to those who subscribe, and to the log.

use super::event::{Happened, SupervisionEvent};
use super::handle::SupervisorHandle;
#[cfg(feature = "metrics")]
use super::meter::Meter;
use crate::exit::ExitKind;
use crate::failure::Failure;
use crate::machine::{ChildId, ChildKind, ChildPolicy, Ended, Incarnation, Machine, Next, Outcome};
use crate::storm::Storm;
use std::sync::Arc;
use std::time::Instant;
use tracing::Level;

/// The child that something is told about.
pub(super) struct Offender<'a> {
    pub(super) id: &'a ChildId,
    pub(super) incarnation: Incarnation,
    pub(super) policy: &'a ChildPolicy,
    pub(super) failure: Option<&'a Failure>,
}

/// Tells what one supervisor does. When it is dropped, the supervisor has ended, and so do its events.
pub(super) struct Teller {
    handle: SupervisorHandle,
    storm: Storm,
    #[cfg(feature = "metrics")]
    meter: Meter,
}

impl Teller {
    #[cfg_attr(
        not(feature = "metrics"),
        expect(unused_variables, reason = "only what is measured depends on it")
    )]
    pub(super) fn new(handle: SupervisorHandle, machine: &Machine) -> Self {
        Self {
            #[cfg(feature = "metrics")]
            meter: Meter::new(handle.clone(), machine.is_dynamic()),
            handle,
            storm: Storm::new(),
        }
    }

    /// Tells how many children there are by now in each state.
    #[cfg(feature = "metrics")]
    pub(super) fn census(&mut self, machine: &Machine) {
        self.meter.census(machine.census());
    }

    /// Whether anybody subscribes, to events or to the log, or what happens is measured: otherwise nothing is looked up.
    pub(super) fn is_heard(&self) -> bool {
        cfg!(feature = "metrics") || is_logged(Level::ERROR) || self.handle.has_listeners()
    }

    /// Something happened to a child.
    pub(super) fn child(
        &mut self,
        offender: &Offender<'_>,
        happened: Happened,
        next: Option<Next>,
        now: Instant,
    ) {
        self.log(offender, &happened, next.as_ref(), now);
        #[cfg(feature = "metrics")]
        self.meter.child(offender, &happened, next.as_ref(), now);
        let ended = matches!(happened, Happened::Ended(_) | Happened::Stopped(_));
        self.handle.emit(|supervisor| SupervisionEvent {
            supervisor,
            child: Some(Arc::clone(offender.id)),
            incarnation: offender.incarnation,
            failure: offender.failure.filter(|_| ended).cloned(),
            happened,
            next,
            at: now,
        });
    }

    /// Every child has been ready.
    pub(super) fn all_ready(&mut self, now: Instant) {
        tracing::info!(supervisor = &*self.handle.path(), context = "progress", "every child is ready");
        self.itself(Happened::AllReady, None, now);
    }

    /// The supervisor has ended.
    pub(super) fn finished(&mut self, outcome: &Outcome, failure: Option<&Failure>, now: Instant) {
        self.summarise(Storm::end);
        let supervisor = &*self.handle.path();
        if outcome.is_orderly() {
            tracing::info!(supervisor, context = "shutdown", "{outcome}");
        } else {
            let reason = failure.map(tracing::field::display);
            tracing::error!(supervisor, context = "shutdown", reason, "{outcome}");
        }
        self.itself(Happened::Finished(outcome.clone()), failure.cloned(), now);
    }

    fn itself(&self, happened: Happened, failure: Option<Failure>, now: Instant) {
        self.handle.emit(|supervisor| SupervisionEvent {
            supervisor,
            child: None,
            incarnation: Incarnation::default(),
            happened,
            failure,
            next: None,
            at: now,
        });
    }

    /// When [`timer`](Self::timer) has something to do.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.storm.next_deadline()
    }

    pub(super) fn timer(&mut self, now: Instant) {
        self.summarise(|storm| storm.summary(now));
    }

    fn summarise(&mut self, count: impl FnOnce(&mut Storm) -> Option<u64>) {
        if let Some(left_out) = count(&mut self.storm) {
            tracing::warn!(
                supervisor = &*self.handle.path(),
                left_out,
                "{left_out} reports about children were left out: they came too fast; the events have them all"
            );
        }
    }

    fn log(&mut self, offender: &Offender<'_>, happened: &Happened, next: Option<&Next>, now: Instant) {
        let Some((level, context)) = importance(happened, next) else { return };
        // What may be the last word on a child is never left out.
        if is_logged(level) && (level == Level::ERROR || self.storm.admits(now)) {
            let report = Sentence { offender, happened, next };
            write(level, context, &self.handle.path(), &report);
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.handle.end_events();
    }
}

/// How loud it is told, and under which of OTP's headings; `None` where others tell it.
fn importance(happened: &Happened, next: Option<&Next>) -> Option<(Level, &'static str)> {
    Some(match happened {
        Happened::Added | Happened::Started | Happened::Removed => return None,
        Happened::Draining { .. } | Happened::Cancelled { .. } | Happened::Aborted => return None,
        Happened::AllReady | Happened::Finished(_) => return None,
        Happened::Ready | Happened::Declined => (Level::DEBUG, "progress"),
        Happened::NotReady(_) => (Level::WARN, "start_error"),
        Happened::Ended(ended) => (loudness(*ended, next), heading(*ended)),
        Happened::DrainOver => (Level::WARN, "shutdown_error"),
        Happened::CleanUpOver | Happened::Stuck => (Level::ERROR, "shutdown_error"),
        Happened::Stopped(ExitKind::Failed | ExitKind::Panicked) => (Level::WARN, "shutdown_error"),
        Happened::Stopped(_) => (Level::DEBUG, "shutdown"),
        Happened::Unstuck => (Level::INFO, "shutdown"),
        Happened::GroupCalledOff => (Level::WARN, "shutdown"),
    })
}

/// An error is what nobody brings back.
fn loudness(ended: Ended, next: Option<&Next>) -> Level {
    match (next, ended) {
        (Some(Next::GivesUp(_) | Next::SlotGivesUp(_) | Next::Escalates | Next::RollsBack), _) => {
            Level::ERROR
        }
        (_, Ended::AfterReady(exit)) if !exit.is_abnormal() => Level::DEBUG,
        _ => Level::WARN,
    }
}

fn heading(ended: Ended) -> &'static str {
    match ended {
        Ended::AfterReady(_) => "child_terminated",
        Ended::BeforeReady(_) | Ended::NotReadyIn(_) => "start_error",
    }
}

fn is_logged(level: Level) -> bool {
    level <= tracing::level_filters::LevelFilter::current()
}

/// What is told, as a sentence.
struct Sentence<'a> {
    offender: &'a Offender<'a>,
    happened: &'a Happened,
    next: Option<&'a Next>,
}

impl std::fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Offender { id, incarnation, .. } = self.offender;
        write!(f, "child `{id}` (incarnation {incarnation}) {}", self.happened)?;
        match (self.next, consequence(self.happened)) {
            (Some(next), _) => write!(f, ": {next}"),
            (None, Some(consequence)) => write!(f, ": {consequence}"),
            (None, None) => Ok(()),
        }
    }
}

/// What follows where the machine names no next step.
fn consequence(happened: &Happened) -> Option<&'static str> {
    Some(match happened {
        Happened::NotReady(_) | Happened::DrainOver => "it has been cancelled",
        Happened::CleanUpOver => "it has been aborted",
        Happened::Stuck => "it was aborted and has not yielded since; its slot stays taken until it is gone",
        Happened::Unstuck => "its slot is free",
        Happened::Declined => "it is not tried again",
        Happened::GroupCalledOff => "those that are down stay down",
        _ => return None,
    })
}

/// The fields are those of OTP's reports; `child` to `kind` are its offender.
fn write(level: Level, context: &'static str, supervisor: &str, sentence: &Sentence<'_>) {
    let Offender { id, incarnation, policy, failure } = sentence.offender;
    let reason = failure.map(tracing::field::display);
    let (child, incarnation) = (&***id, incarnation.number());
    let (restart, shutdown) = (tracing::field::debug(policy.restart), tracing::field::debug(policy.shutdown));
    let kind = match policy.kind {
        ChildKind::Worker => "worker",
        ChildKind::Supervisor => "supervisor",
    };
    macro_rules! at {
        ($level:expr) => {
            tracing::event!(
                $level,
                supervisor,
                context,
                reason,
                child,
                incarnation,
                restart,
                shutdown,
                kind,
                "{sentence}"
            )
        };
    }
    match level {
        Level::ERROR => at!(Level::ERROR),
        Level::WARN => at!(Level::WARN),
        Level::INFO => at!(Level::INFO),
        _ => at!(Level::DEBUG),
    }
}
