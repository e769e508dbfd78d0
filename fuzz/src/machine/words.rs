//! The words in which the machine and its model are compared: children are told apart by plain numbers, and times
//! count from the beginning of the case.

use arbour_supervisor::{
    backoff::Backoff,
    directive::Directive,
    exit::ExitKind,
    machine::{BrokenLimit, CallError, ChildPolicy, Config, Ended, What},
};
use std::time::Duration;

/// How long the case has lasted.
pub(super) type Time = Duration;

/// How many slots there were before this one: the first is 0.
pub(super) type Number = usize;

/// Which run in its slot; the first is 1.
pub(super) type Run = u64;

/// Delays between attempts, as the policy was given them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Delays {
    pub(super) initial: Duration,
    pub(super) max: Duration,
    pub(super) factor: u32,
    pub(super) jitter: bool,
    pub(super) reset_after: Duration,
}

impl Delays {
    /// The same for the machine.
    pub(super) fn backoff(self) -> Backoff {
        if self.initial.is_zero() {
            return Backoff::none().reset_after(self.reset_after);
        }
        let backoff = Backoff::new(self.initial, self.max).and_then(|it| it.factor(self.factor.into()));
        backoff.expect("a back-off that makes sense").jitter(self.jitter).reset_after(self.reset_after)
    }
}

/// What holds for one child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rules {
    pub(super) policy: ChildPolicy,
    pub(super) delays: Delays,
}

/// A child and its rules.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) rules: Rules,
}

/// What is asked of the supervisor.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    Start(Spec),
    Stop(String),
    Restart(String),
    Delete(String),
    Rules(Spec),
    Config(Config),
    StartDynamic,
    StopDynamic(Number),
    Template(Rules),
}

/// What happens.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    Start,
    Ready(Number, Run),
    Exited(Number, Run, ExitKind, Directive),
    Declined(Number, Run),
    Timer,
    Shutdown(Option<Time>),
    CancelAll(Option<Time>),
    Call(u64, Ask),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    Added(Number, u64),
    Start(Number, Run),
    Drain { child: Number, run: Run, until: Option<Time>, deadline: Option<Time> },
    Cancel { child: Number, run: Run, clean_up_until: Time },
    Abort(Number, Run),
    Removed(Number),
    Reply(u64, Answer),
    Ready,
    Finished(End),
    Report(Number, Run, What),
}

/// What a call is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Started(Number, Run),
    Declined,
    Stopped,
    Deleted,
    Reconfigured,
    AlreadyStarted(String, Number, Run),
    NoSuchSlot(Number),
    /// Any other refusal, which tells of no slot.
    Refused(CallError),
}

/// How the supervisor ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Shutdown,
    StartFailed(Number, Ended),
    GaveUp(Number, Ended, BrokenLimit),
    AutoShutdown(Number),
    Escalated(Number, Ended),
    Stuck(Number),
}
