//! Whole sequences of events against the actions they lead to, written as short lines.

mod aborting;
mod admin;
mod deadline;
mod directives;
mod dynamic;
mod group;
mod group_calls;
mod limits;
mod live;
mod modelled;
mod random;
mod significant;
mod start;
mod stop;
mod transitions;

use super::*;
use crate::{
    backoff::Backoff,
    intensity::{Exhausted, RestartLimit},
    restart::Restart,
    shutdown::Shutdown,
    significance::AutoShutdown,
    strategy::{StopOrder, Strategy},
};
use std::collections::HashMap;

/// A machine with a clock in milliseconds, whose children are named, and whose actions are read as text.
struct World {
    machine: Machine,
    origin: Instant,
    now: u64,
    calls: u64,
    /// The names of all slots there ever were.
    names: HashMap<SlotKey, ChildId>,
    reports: Vec<String>,
}

/// A child that never waits between restarts, drains for 5 s and is ready within 30 s.
fn policy() -> ChildPolicy {
    ChildPolicy { backoff: Backoff::none(), ..ChildPolicy::default() }
}

fn kind(restart: Restart) -> ChildPolicy {
    ChildPolicy { restart, ..policy() }
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

impl World {
    /// A supervisor that restarts without limit.
    fn new(children: &[(&str, ChildPolicy)]) -> Self {
        Self::limited(RestartLimit::new(u32::MAX, ms(1)).unwrap(), children)
    }

    fn limited(limit: RestartLimit, children: &[(&str, ChildPolicy)]) -> Self {
        Self::configured(Config { limit, ..Config::default() }, children)
    }

    fn configured(config: Config, children: &[(&str, ChildPolicy)]) -> Self {
        let specs = children.iter().map(|&(id, policy)| ChildSpec::new(id, policy));
        Self::of(Machine::new(config, specs).unwrap())
    }

    fn of(machine: Machine) -> Self {
        let names = machine.slots().map(|slot| (slot.key(), slot.id().clone())).collect();
        Self { machine, origin: Instant::now(), now: 0, calls: 0, names, reports: Vec::new() }
    }

    /// A supervisor whose children, all of the plain policy, are up.
    fn up(children: &[(&str, ChildPolicy)]) -> Self {
        let mut world = Self::new(children);
        world.start_all();
        world
    }

    /// A supervisor with this configuration, without limit, whose children are up.
    fn up_with(config: Config, children: &[(&str, ChildPolicy)]) -> Self {
        let limit = RestartLimit::new(u32::MAX, ms(1)).unwrap();
        let mut world = Self::configured(Config { limit, ..config }, children);
        world.start_all();
        world
    }

    /// A supervisor of this strategy and of children of the plain policy.
    fn grouped(strategy: Strategy, children: &[&str]) -> Self {
        let children: Vec<_> = children.iter().map(|&id| (id, policy())).collect();
        Self::up_with(Config { strategy, ..Config::default() }, &children)
    }

    fn start_all(&mut self) {
        self.send(Event::Start);
        let ids: Vec<ChildId> = self.machine.slots().map(|slot| slot.id().clone()).collect();
        for id in ids {
            self.ready(&id);
        }
    }

    /// Sends the event and returns what is to be done, one line each, reports left out.
    fn send(&mut self, event: Event) -> Vec<String> {
        let mut actions = Vec::new();
        self.machine.handle(event, self.origin + ms(self.now), &mut actions);
        actions.into_iter().filter_map(|action| self.line(action)).collect()
    }

    fn current(&self, id: &str) -> (SlotKey, Incarnation) {
        let slot = self.machine.find(id).unwrap_or_else(|| panic!("no child `{id}`"));
        (slot.key(), slot.incarnation())
    }

    fn ready(&mut self, id: &str) -> Vec<String> {
        let (slot, incarnation) = self.current(id);
        self.send(Event::ChildReady { slot, incarnation })
    }

    fn exit(&mut self, id: &str, exit: ExitKind) -> Vec<String> {
        let (slot, incarnation) = self.current(id);
        self.send(Event::ChildExited { slot, incarnation, exit, directive: Directive::ByPolicy })
    }

    fn judged(&mut self, id: &str, exit: ExitKind, directive: Directive) -> Vec<String> {
        let (slot, incarnation) = self.current(id);
        self.send(Event::ChildExited { slot, incarnation, exit, directive })
    }

    fn decline(&mut self, id: &str) -> Vec<String> {
        let (slot, incarnation) = self.current(id);
        self.send(Event::ChildDeclined { slot, incarnation })
    }

    fn shut_down(&mut self) -> Vec<String> {
        self.send(SHUTDOWN)
    }

    /// Ends each of them in good order, one after another.
    fn gone(&mut self, ids: &[&str]) -> Vec<String> {
        ids.iter().flat_map(|id| self.exit(id, ExitKind::Normal)).collect()
    }

    fn crash(&mut self, id: &str) -> Vec<String> {
        self.exit(id, ExitKind::Panicked)
    }

    /// Lets time pass to this millisecond and sends the timer, as a punctual driver would.
    fn at(&mut self, now: u64) -> Vec<String> {
        self.now = now;
        self.send(Event::Timer)
    }

    fn call(&mut self, request: Request) -> Vec<String> {
        self.calls += 1;
        self.send(Event::Call { call: CallId(self.calls), request })
    }

    fn start_child(&mut self, id: &str, policy: ChildPolicy) -> Vec<String> {
        self.call(Request::StartChild(ChildSpec::new(id, policy)))
    }

    fn stop_child(&mut self, id: &str) -> Vec<String> {
        self.call(Request::StopChild(id.into()))
    }

    fn restart_child(&mut self, id: &str) -> Vec<String> {
        self.call(Request::RestartChild(id.into()))
    }

    fn delete_child(&mut self, id: &str) -> Vec<String> {
        self.call(Request::DeleteChild(id.into()))
    }

    /// Where the slot stands, in a word, with the time it waits for.
    fn state(&self, id: &str) -> String {
        self.machine.find(id).map_or("gone".to_owned(), |slot| self.state_line(slot.state()))
    }

    fn state_line(&self, state: SlotState) -> String {
        match state {
            SlotState::Down => "down".to_owned(),
            SlotState::Starting { until, .. } => format!("starting until {}", self.ms_of(until)),
            SlotState::Running { since } => format!("running since {}", self.ms_of(since)),
            SlotState::Draining { until: Some(until) } => format!("draining until {}", self.ms_of(until)),
            SlotState::Draining { until: None } => "draining without end".to_owned(),
            SlotState::Stopping { until, gear: StopGear::CleaningUp, .. } => {
                format!("stopping until {}", self.ms_of(until))
            }
            SlotState::Stopping { until, gear: StopGear::Aborted, .. } => {
                format!("aborted, stuck at {}", self.ms_of(until))
            }
            SlotState::Stuck { since } => format!("stuck since {}", self.ms_of(since)),
            SlotState::Waiting { until, attempt } => {
                format!("waiting until {} for attempt {attempt}", self.ms_of(until))
            }
        }
    }

    fn next_deadline(&self) -> Option<u128> {
        self.machine.next_deadline().map(|at| self.ms_of(at))
    }

    fn ms_of(&self, at: Instant) -> u128 {
        (at - self.origin).as_millis()
    }

    fn name(&self, slot: SlotKey, incarnation: Incarnation) -> String {
        format!("{}{}", self.names[&slot], incarnation)
    }

    fn line(&mut self, action: Action) -> Option<String> {
        Some(match action {
            Action::Added { slot, call } => {
                let name = self.machine.slot(slot).map(|slot| slot.id().clone()).unwrap();
                let line = format!("{}: added {name}", call.0);
                self.names.insert(slot, name);
                line
            }
            Action::Start { slot, incarnation } => format!("start {}", self.name(slot, incarnation)),
            Action::Drain { slot, incarnation, until, .. } => {
                let until = until.map_or("without end".to_owned(), |at| format!("until {}", self.ms_of(at)));
                format!("drain {} {until}", self.name(slot, incarnation))
            }
            Action::Cancel { slot, incarnation, clean_up_until } => {
                format!("cancel {} until {}", self.name(slot, incarnation), self.ms_of(clean_up_until))
            }
            Action::Abort { slot, incarnation } => format!("abort {}", self.name(slot, incarnation)),
            Action::Removed { slot } => format!("removed {}", self.names[&slot]),
            Action::Reply { call, reply } => format!("{}: {}", call.0, self.reply_line(reply)),
            Action::Ready => "all ready".to_owned(),
            Action::Finished(outcome) => outcome.to_string(),
            Action::Report(report) => {
                self.reports.push(report.to_string());
                return None;
            }
        })
    }

    fn reply_line(&self, reply: Result<Done, CallError>) -> String {
        match reply {
            Ok(Done::Started { slot, incarnation }) => format!("started {}", self.name(slot, incarnation)),
            Ok(Done::Declined) => "declined".to_owned(),
            Ok(Done::Reconfigured) => "reconfigured".to_owned(),
            Ok(Done::Stopped) => "stopped".to_owned(),
            Ok(Done::Deleted) => "deleted".to_owned(),
            Err(error) => error_name(&error),
        }
    }
}

fn error_name(error: &CallError) -> String {
    format!("{error:?}").split([' ', '(']).next().unwrap_or_default().to_owned()
}

const NOTHING: [&str; 0] = [];
const SHUTDOWN: Event = Event::Shutdown { deadline: None };
const SHUT_DOWN: &str = "the supervisor was shut down";
