//! One child of the model: where it stands, and what is remembered of it.

use super::super::words::{Number, Rules, Run, Time};
use arbour_supervisor::restart::Restart;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) number: Number,
    pub(super) name: String,
    pub(super) rules: Rules,
    pub(super) state: State,
    pub(super) run: Run,
    pub(super) was_ready: bool,
    /// Restarts in a row.
    pub(super) in_a_row: u32,
    /// When it was restarted, since it has a limit.
    pub(super) restarts: Vec<Time>,
    /// Who waits for its end.
    pub(super) stops: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Down,
    Starting { until: Time, by: By, within: Duration },
    Running { since: Time },
    Draining { until: Option<Time> },
    Cancelled { until: Time, late: Late },
    Aborted { until: Time, late: Late },
    Waiting { until: Time },
    Stuck,
}

/// Who wanted a start that was not ready in time, and what that time was; `None` for one that was stopped.
pub(super) type Late = Option<(By, Duration)>;

/// On whose behalf a run was started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum By {
    FirstStart,
    /// The call that brought the child.
    Arrival(u64),
    /// The call that wanted it again.
    Hand(u64),
    Policy,
}

impl By {
    pub(super) fn call(self) -> Option<u64> {
        match self {
            Self::Arrival(call) | Self::Hand(call) => Some(call),
            Self::FirstStart | Self::Policy => None,
        }
    }
}

impl State {
    /// Whether something runs whose end is waited for.
    pub(super) fn is_awaited(self) -> bool {
        !matches!(self, Self::Down | Self::Waiting { .. } | Self::Stuck)
    }

    pub(super) fn deadline(self) -> Option<Time> {
        match self {
            Self::Starting { until, .. }
            | Self::Cancelled { until, .. }
            | Self::Aborted { until, .. }
            | Self::Waiting { until } => Some(until),
            Self::Draining { until } => until,
            Self::Down | Self::Running { .. } | Self::Stuck => None,
        }
    }
}

impl Child {
    pub(super) fn new(number: Number, name: String, rules: Rules) -> Self {
        Self {
            number,
            name,
            rules,
            state: State::Down,
            run: 0,
            was_ready: false,
            in_a_row: 0,
            restarts: Vec::new(),
            stops: Vec::new(),
        }
    }

    pub(super) fn is_temporary(&self) -> bool {
        self.rules.policy.restart == Restart::Temporary
    }

    /// The start that has not come about yet, on time or late.
    pub(super) fn unfinished_start(&self) -> Option<By> {
        match self.state {
            State::Starting { by, .. }
            | State::Cancelled { late: Some((by, _)), .. }
            | State::Aborted { late: Some((by, _)), .. } => Some(by),
            _ => None,
        }
    }
}
