//! What a supervisor does, counted and measured for the `metrics` crate.
//!
//! Labels are bounded: the path of the supervisor, the name of the child, and words that stand here. Children that a
//! dynamic supervisor named are one series, `*`, for there is no end of them.

use super::event::Happened;
use super::handle::SupervisorHandle;
use super::telling::Offender;
use crate::exit::ExitKind;
use crate::machine::{Census, ChildId, Ended, Next, STATES};
use metrics::{SharedString, counter, gauge, histogram};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How children of dynamic supervisors are all called.
const ANY: &str = "*";

/// Measures one supervisor. When it is dropped, the supervisor has ended and has no children.
pub(super) struct Meter {
    handle: SupervisorHandle,
    /// Whether the supervisor names its children itself.
    is_dynamic: bool,
    told: Census,
    clocks: HashMap<ChildId, Clock>,
}

/// Since when a run starts, is stopped, and has overrun its time to stop.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    started: Option<Instant>,
    told_to_stop: Option<Instant>,
    overdue: Option<Instant>,
}

/// The labels of one child.
struct Series {
    supervisor: SharedString,
    child: SharedString,
}

impl Series {
    fn count(&self, name: &'static str, label: &'static str, word: &'static str) {
        let (supervisor, child) = (self.supervisor.clone(), self.child.clone());
        counter!(name, "supervisor" => supervisor, "child" => child, label => word).increment(1);
    }

    fn measure(&self, name: &'static str, time: Duration) {
        let (supervisor, child) = (self.supervisor.clone(), self.child.clone());
        histogram!(name, "supervisor" => supervisor, "child" => child).record(time);
    }
}

impl Meter {
    pub(super) fn new(handle: SupervisorHandle, is_dynamic: bool) -> Self {
        Self { handle, is_dynamic, told: Census::default(), clocks: HashMap::new() }
    }

    /// Something happened to a child.
    pub(super) fn child(
        &mut self,
        offender: &Offender<'_>,
        happened: &Happened,
        next: Option<&Next>,
        now: Instant,
    ) {
        let series = self.series(offender.id);
        self.count(&series, happened, next);
        if *happened == Happened::Removed {
            self.clocks.remove(offender.id);
            return;
        }
        let clock = self.clocks.entry(Arc::clone(offender.id)).or_default();
        clock.hear(happened, now, &series);
    }

    fn series(&self, child: &ChildId) -> Series {
        let child = if self.is_dynamic { ANY.into() } else { Arc::clone(child).into() };
        Series { supervisor: self.handle.path().into(), child }
    }

    fn count(&self, series: &Series, happened: &Happened, next: Option<&Next>) {
        if let Some(kind) = exit_of(happened) {
            series.count("arbour_child_exits_total", "kind", kind);
        }
        if let Some(what) = overrun(happened) {
            series.count("arbour_child_overruns_total", "what", what);
        }
        match next {
            Some(Next::Restarts { .. }) => series.count("arbour_child_restarts_total", "with", "itself"),
            Some(Next::RestartsGroup { .. }) => {
                series.count("arbour_child_restarts_total", "with", "siblings");
            }
            Some(next) => {
                if let Some(why) = given_up(next) {
                    series.count("arbour_child_give_ups_total", "why", why);
                }
            }
            None => {}
        }
    }

    /// How many children there are in each state, by now.
    pub(super) fn census(&mut self, census: Census) {
        for (state, (now, told)) in STATES.into_iter().zip(census.counts().zip(self.told.counts())) {
            if now != told {
                let supervisor = SharedString::from(self.handle.path());
                gauge!("arbour_children", "supervisor" => supervisor, "state" => state).set(now);
            }
        }
        self.told = census;
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.census(Census::default());
    }
}

impl Clock {
    fn hear(&mut self, happened: &Happened, now: Instant, series: &Series) {
        let since = |then: Instant| now.saturating_duration_since(then);
        match happened {
            Happened::Started => *self = Self { started: Some(now), ..Self::default() },
            Happened::Ready => {
                if let Some(started) = self.started.take() {
                    series.measure("arbour_child_time_to_ready_seconds", since(started));
                }
            }
            Happened::Draining { .. } | Happened::Cancelled { .. } | Happened::Aborted => {
                self.told_to_stop.get_or_insert(now);
            }
            Happened::DrainOver | Happened::CleanUpOver => {
                self.overdue.get_or_insert(now);
            }
            Happened::Stopped(_) | Happened::Ended(_) | Happened::Unstuck => self.stopped(since, series),
            _ => {}
        }
    }

    fn stopped(&mut self, since: impl Fn(Instant) -> Duration, series: &Series) {
        let clock = std::mem::take(self);
        if let Some(told) = clock.told_to_stop {
            series.measure("arbour_child_stop_seconds", since(told));
        }
        if let Some(overdue) = clock.overdue {
            series.measure("arbour_child_stop_overrun_seconds", since(overdue));
        }
    }
}

fn exit_of(happened: &Happened) -> Option<&'static str> {
    let kind = match happened {
        Happened::Declined => return Some("declined"),
        Happened::Ended(Ended::NotReadyIn(_)) => return Some("not_ready"),
        Happened::Ended(Ended::AfterReady(kind) | Ended::BeforeReady(kind)) | Happened::Stopped(kind) => kind,
        _ => return None,
    };
    Some(match kind {
        ExitKind::Normal => "normal",
        ExitKind::Shutdown => "shutdown",
        ExitKind::Failed => "failed",
        ExitKind::Panicked => "panicked",
        ExitKind::Cancelled => "cancelled",
        ExitKind::Aborted => "aborted",
    })
}

fn overrun(happened: &Happened) -> Option<&'static str> {
    Some(match happened {
        Happened::NotReady(_) => "start",
        Happened::DrainOver => "drain",
        Happened::CleanUpOver => "clean_up",
        Happened::Stuck => "abort",
        _ => return None,
    })
}

fn given_up(next: &Next) -> Option<&'static str> {
    Some(match next {
        Next::RollsBack => "start",
        Next::SlotGivesUp(_) => "child_limit",
        Next::GivesUp(_) => "supervisor_limit",
        Next::Escalates => "escalated",
        _ => return None,
    })
}
