//! From the machine's words to those of the model, and back: keys are numbers, instants are times since the beginning.

use super::words::{Answer, Ask, Deed, End, News, Number, Run, Spec, Time};
use arbour_supervisor::machine::{
    Action, CallError, CallId, ChildSpec, Done, Event, Incarnation, Machine, Next, Outcome, Request, SlotKey,
    What,
};
use std::time::{Duration, Instant};

/// The numbers of all slots there ever were, and the runs in them.
#[derive(Debug)]
pub(super) struct Translator {
    origin: Instant,
    keys: Vec<SlotKey>,
    runs: Vec<(SlotKey, Incarnation)>,
}

impl Translator {
    pub(super) fn of(machine: &Machine) -> Self {
        let keys = machine.slots().map(|slot| slot.key()).collect();
        Self { origin: Instant::now(), keys, runs: Vec::new() }
    }

    pub(super) fn instant(&self, time: Time) -> Instant {
        self.origin + time
    }

    pub(super) fn time(&self, instant: Instant) -> Time {
        instant - self.origin
    }

    pub(super) fn slots(&self, machine: &Machine) -> Vec<(Number, String, Run)> {
        let slots = machine.slots();
        slots
            .map(|slot| (self.number(slot.key()), slot.id().to_string(), slot.incarnation().number()))
            .collect()
    }

    /// How many slots there ever were.
    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    fn number(&self, key: SlotKey) -> Number {
        self.keys.iter().position(|&known| known == key).expect("a slot that was there or was added")
    }

    fn run(&self, child: Number, run: Run) -> (SlotKey, Incarnation) {
        let key = self.keys[child];
        let found = self.runs.iter().find(|(slot, incarnation)| *slot == key && incarnation.number() == run);
        *found.expect("a run that was started")
    }

    pub(super) fn event(&self, news: &News) -> Event {
        match news {
            News::Start => Event::Start,
            News::Ready(child, run) => {
                let (slot, incarnation) = self.run(*child, *run);
                Event::ChildReady { slot, incarnation }
            }
            News::Exited(child, run, exit, directive) => {
                let ((slot, incarnation), exit, directive) = (self.run(*child, *run), *exit, *directive);
                Event::ChildExited { slot, incarnation, exit, directive }
            }
            News::Declined(child, run) => {
                let (slot, incarnation) = self.run(*child, *run);
                Event::ChildDeclined { slot, incarnation }
            }
            News::Timer => Event::Timer,
            News::Shutdown(deadline) => Event::Shutdown { deadline: deadline.map(|at| self.instant(at)) },
            News::CancelAll(limit) => Event::CancelAll { clean_up_until: limit.map(|at| self.instant(at)) },
            News::Call(call, ask) => Event::Call { call: CallId(*call), request: self.request(ask) },
        }
    }

    fn request(&self, ask: &Ask) -> Request {
        let spec = |spec: &Spec| ChildSpec::new(&*spec.name, spec.rules.policy);
        match ask {
            Ask::Start(child) => Request::StartChild(spec(child)),
            Ask::Stop(name) => Request::StopChild((&**name).into()),
            Ask::Restart(name) => Request::RestartChild((&**name).into()),
            Ask::Delete(name) => Request::DeleteChild((&**name).into()),
            Ask::Rules(child) => Request::ReconfigureChild(spec(child)),
            Ask::Config(config) => Request::Reconfigure(*config),
            Ask::StartDynamic => Request::StartDynamic,
            Ask::StopDynamic(child) => Request::StopDynamic(self.keys[*child]),
            Ask::Template(rules) => Request::ReplaceTemplate(rules.policy),
        }
    }

    pub(super) fn deed(&mut self, action: Action) -> Deed {
        match action {
            Action::Added { slot, call } => {
                self.keys.push(slot);
                Deed::Added(self.number(slot), call.0)
            }
            Action::Start { slot, incarnation } => {
                self.runs.push((slot, incarnation));
                Deed::Start(self.number(slot), incarnation.number())
            }
            Action::Drain { slot, incarnation, until, deadline } => Deed::Drain {
                child: self.number(slot),
                run: incarnation.number(),
                until: until.map(|at| self.time(at)),
                deadline: deadline.map(|at| self.time(at)),
            },
            Action::Cancel { slot, incarnation, clean_up_until } => Deed::Cancel {
                child: self.number(slot),
                run: incarnation.number(),
                clean_up_until: self.time(clean_up_until),
            },
            Action::Abort { slot, incarnation } => Deed::Abort(self.number(slot), incarnation.number()),
            Action::Removed { slot } => Deed::Removed(self.number(slot)),
            Action::Reply { call, reply } => Deed::Reply(call.0, self.answer(reply)),
            Action::Ready => Deed::Ready,
            Action::Finished(outcome) => Deed::Finished(self.end(&outcome)),
            Action::Report(report) => {
                Deed::Report(self.number(report.slot), report.incarnation.number(), report.what)
            }
            other => panic!("the model has no word for {other:?}"),
        }
    }

    fn answer(&self, reply: Result<Done, CallError>) -> Answer {
        match reply {
            Ok(Done::Started { slot, incarnation }) => {
                Answer::Started(self.number(slot), incarnation.number())
            }
            Ok(Done::Declined) => Answer::Declined,
            Ok(Done::Stopped) => Answer::Stopped,
            Ok(Done::Deleted) => Answer::Deleted,
            Ok(Done::Reconfigured) => Answer::Reconfigured,
            Ok(other) => panic!("the model has no word for {other:?}"),
            Err(CallError::AlreadyStarted { id, slot, incarnation }) => {
                Answer::AlreadyStarted(id.to_string(), self.number(slot), incarnation.number())
            }
            Err(CallError::NoSuchSlot { slot }) => Answer::NoSuchSlot(self.number(slot)),
            Err(error) => Answer::Refused(error),
        }
    }

    fn end(&self, outcome: &Outcome) -> End {
        match *outcome {
            Outcome::Shutdown => End::Shutdown,
            Outcome::StartFailed { slot, ended, .. } => End::StartFailed(self.number(slot), ended),
            Outcome::GaveUp { slot, ended, limit, .. } => End::GaveUp(self.number(slot), ended, limit),
            Outcome::AutoShutdown { slot, .. } => End::AutoShutdown(self.number(slot)),
            Outcome::Escalated { slot, ended, .. } => End::Escalated(self.number(slot), ended),
            Outcome::Stuck { slot, .. } => End::Stuck(self.number(slot)),
            ref other => panic!("the model has no word for {other:?}"),
        }
    }
}

/// The delay behind a restart, if that is what is told.
pub(super) fn delay(deed: &Deed) -> Option<Duration> {
    let Deed::Report(_, _, What::Ended { next, .. }) = deed else { return None };
    match next {
        Next::Restarts { after, .. } | Next::RestartsGroup { after, .. } => Some(*after),
        _ => None,
    }
}
