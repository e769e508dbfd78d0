//! What an observer knows of a supervisor who sees events and actions, and never looks into the machine.

use super::super::*;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const LIMIT: (u32, u64) = (4, 60);

/// An incarnation that runs, as the driver would know it.
#[derive(Clone, Copy, Default)]
pub(super) struct Live {
    pub(super) incarnation: Incarnation,
    ready: bool,
    drained: bool,
    cancelled: bool,
    aborted: bool,
}

/// One slot, as callers know it.
#[derive(Clone, Copy)]
struct Known {
    slot: SlotKey,
    restart: Restart,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) config: Config,
    pub(super) dynamic: bool,
    pub(super) template: Restart,
    pub(super) live: BTreeMap<SlotKey, Live>,
    stuck: BTreeSet<SlotKey>,
    /// The latest incarnation of every slot there ever was.
    pub(super) latest: BTreeMap<SlotKey, Incarnation>,
    /// The slots that were there from the beginning and have not been up yet.
    first_start: BTreeSet<SlotKey>,
    slots: HashMap<ChildId, Known>,
    pub(super) calls: HashMap<CallId, Request>,
    restarted_at: Vec<u64>,
    removed: BTreeSet<SlotKey>,
    /// Slots whose restart type was overruled, or changed.
    overruled: BTreeSet<SlotKey>,
    pub(super) all_ready: bool,
    pub(super) ending: bool,
    /// Whether the end came after something else in the same event: its actions are those of both.
    pub(super) mixed: bool,
    pub(super) ended_by_itself: bool,
    at_once: bool,
    pub(super) finished: bool,
    pub(super) groups: u64,
    pub(super) aborts: u64,
}

impl Model {
    pub(super) fn of(machine: &Machine) -> Self {
        let known = |slot: &Slot| Known { slot: slot.key(), restart: slot.policy().restart };
        Self {
            config: *machine.config(),
            dynamic: machine.is_dynamic(),
            template: machine.template().map(|policy| policy.restart).unwrap_or_default(),
            first_start: machine.slots().map(Slot::key).collect(),
            slots: machine.slots().map(|slot| (slot.id().clone(), known(slot))).collect(),
            ..Self::default()
        }
    }

    pub(super) fn slot_of(&self, n: u64) -> Option<SlotKey> {
        self.slots.values().map(|known| known.slot).nth(n as usize)
    }

    /// What the observer knows from the event alone; returns the incarnation that it ends.
    pub(super) fn before(&mut self, event: &Event) -> Option<(SlotKey, Live)> {
        match event {
            Event::ChildReady { slot, incarnation } => {
                let live = self.live.get_mut(slot).filter(|live| live.incarnation == *incarnation);
                if let Some(live) = live.filter(|live| !live.cancelled && !live.aborted) {
                    live.ready = true;
                    self.first_start.remove(slot);
                }
            }
            Event::ChildExited { slot, incarnation, directive, .. } => {
                if *directive == Directive::Restart {
                    self.overruled.insert(*slot);
                }
                return self.is_gone(*slot, *incarnation);
            }
            Event::ChildDeclined { slot, incarnation } => {
                self.first_start.remove(slot);
                return self.is_gone(*slot, *incarnation);
            }
            Event::Shutdown { .. } => self.ending = true,
            Event::CancelAll { .. } => (self.ending, self.at_once) = (true, true),
            Event::Call { call, request } => {
                self.calls.insert(*call, request.clone());
            }
            Event::Start | Event::Timer => {}
        }
        None
    }

    fn is_gone(&mut self, slot: SlotKey, incarnation: Incarnation) -> Option<(SlotKey, Live)> {
        let ends = self.live.get(&slot).is_some_and(|live| live.incarnation == incarnation);
        self.stuck.retain(|stuck| !(ends && *stuck == slot));
        ends.then(|| (slot, self.live.remove(&slot).unwrap()))
    }

    pub(super) fn see(&mut self, action: &Action, during: &Event, ended: Option<(SlotKey, Live)>) {
        assert!(
            !self.finished
                || matches!(action, Action::Reply { .. } | Action::Report(_) | Action::Removed { .. })
        );
        match action {
            Action::Added { slot, call } => self.see_added(*slot, *call),
            Action::Start { slot, incarnation } => self.see_start(*slot, *incarnation),
            Action::Drain { slot, incarnation, .. } => {
                assert!(self.is_its_turn(*slot), "drained out of order");
                let live = self.told(*slot, *incarnation);
                assert!(
                    live.ready && !live.drained && !live.cancelled && !live.aborted,
                    "drained at the wrong time"
                );
                live.drained = true;
            }
            Action::Cancel { slot, incarnation, .. } => {
                assert!(self.is_its_turn(*slot) || *during == Event::Timer, "cancelled out of order");
                let live = self.told(*slot, *incarnation);
                assert!(!live.cancelled && !live.aborted, "cancelled twice");
                live.cancelled = true;
            }
            Action::Abort { slot, incarnation } => {
                self.aborts += 1;
                let live = self.told(*slot, *incarnation);
                assert!(!std::mem::replace(&mut live.aborted, true), "aborted twice");
            }
            Action::Removed { slot } => {
                assert!(!self.live.contains_key(slot), "removed while it runs");
                assert!(self.removed.insert(*slot), "removed twice");
                self.slots.retain(|_, known| known.slot != *slot);
                self.first_start.remove(slot);
            }
            Action::Reply { call, reply } => self.see_reply(*call, reply),
            Action::Ready => {
                assert!(!std::mem::replace(&mut self.all_ready, true), "ready twice");
            }
            Action::Finished(_) => {
                assert!(
                    self.ending && self.live.keys().all(|slot| self.stuck.contains(slot)),
                    "something runs"
                );
                self.finished = true;
            }
            Action::Report(report) => self.see_report(report, ended),
        }
    }

    fn see_added(&mut self, slot: SlotKey, call: CallId) {
        let (id, restart) = match &self.calls[&call] {
            Request::StartChild(spec) => (spec.id.clone(), spec.policy.restart),
            Request::StartDynamic => (slot.0.to_string().into(), self.template),
            other => panic!("added by {other:?}"),
        };
        let taken = self.slots.insert(id, Known { slot, restart });
        assert!(taken.is_none(), "two children of one name");
    }

    fn see_start(&mut self, slot: SlotKey, incarnation: Incarnation) {
        assert!(!self.ending || self.mixed, "started while the supervisor ends");
        assert!(!self.removed.contains(&slot), "started without a slot");
        let before = self.latest.insert(slot, incarnation).unwrap_or_default();
        assert_eq!(incarnation.number(), before.number() + 1, "an incarnation left out or used again");
        if let (Some(&next), false) = (self.first_start.first(), self.all_ready) {
            assert!(slot <= next, "started before the one before it was ready");
        }
        let other = self.live.insert(slot, Live { incarnation, ..Live::default() });
        assert!(other.is_none(), "two incarnations in one slot");
    }

    fn see_reply(&mut self, call: CallId, reply: &Result<Done, CallError>) {
        let request = self.calls.remove(&call).expect("a reply without a call");
        let known = request.id().and_then(|id| self.slots.get(id));
        let live = known.and_then(|known| self.live.get(&known.slot));
        match reply {
            Ok(Done::Started { slot, incarnation }) => {
                let live = self.live.get(slot);
                assert!(
                    live.is_some_and(|live| live.ready && live.incarnation == *incarnation),
                    "not started"
                );
            }
            Ok(Done::Stopped) => {
                let named =
                    if let Request::StopDynamic(slot) = request { self.live.get(&slot) } else { live };
                assert!(named.is_none(), "not stopped");
            }
            Ok(Done::Declined) => assert!(live.is_none(), "declined, and runs"),
            Ok(Done::Deleted) => assert!(known.is_none(), "not deleted"),
            Ok(Done::Reconfigured) => match request {
                Request::Reconfigure(config) => self.config = config,
                Request::ReconfigureChild(_) => self.overruled.extend(known.map(|known| known.slot)),
                Request::ReplaceTemplate(policy) => self.template = policy.restart,
                _ => {}
            },
            Err(CallError::NotFound { .. }) => assert!(known.is_none(), "it is there"),
            Err(CallError::Running { .. } | CallError::AlreadyStarted { .. }) => {
                assert!(live.is_some_and(|live| live.ready && !live.drained), "it does not run");
            }
            Err(CallError::Stopping { .. }) => assert!(live.is_some(), "nothing is being stopped"),
            Err(CallError::Stuck { .. }) if !self.dynamic => {
                assert!(live.is_some_and(|live| live.aborted), "not stuck");
            }
            Err(CallError::Dynamic { .. } | CallError::TooManyChildren { .. }) => assert!(self.dynamic),
            Err(CallError::NotDynamic) => assert!(!self.dynamic),
            Err(CallError::ShuttingDown { .. } | CallError::SupervisorEnding) => {
                assert!(self.ending, "too early")
            }
            Err(_) => {}
        }
    }

    fn see_report(&mut self, report: &Report, ended: Option<(SlotKey, Live)>) {
        match report.what {
            What::Ended { how, next } => {
                let (slot, live) = ended.expect("an end without an exit");
                assert_eq!((slot, live.incarnation), (report.slot, report.incarnation));
                assert!(!live.drained, "a stop is no exit");
                assert_eq!(
                    live.cancelled || live.aborted,
                    matches!(how, Ended::NotReadyIn(_)),
                    "a stop is no exit"
                );
                self.see_next(next);
            }
            What::Stuck => {
                assert!(self.live[&report.slot].aborted, "stuck before it was aborted");
                assert!(self.stuck.insert(report.slot), "stuck twice");
            }
            _ => {}
        }
    }

    fn see_next(&mut self, next: Next) {
        let in_window = |log: &[u64]| log.iter().filter(|&&at| self.now - at <= LIMIT.1).count();
        match next {
            Next::Restarts { .. } | Next::RestartsGroup { .. } => {
                let group = matches!(next, Next::RestartsGroup { .. });
                assert_eq!(group, self.config.strategy != Strategy::OneForOne, "not what the strategy says");
                self.groups += u64::from(group);
                self.restarted_at.push(self.now);
                assert!(in_window(&self.restarted_at) <= LIMIT.0 as usize, "more restarts than allowed");
            }
            Next::GivesUp(limit) => {
                let full = in_window(&self.restarted_at) == LIMIT.0 as usize;
                assert!(full || !matches!(limit, BrokenLimit::Supervisor(_)), "gave up too early");
                (self.ending, self.ended_by_itself) = (true, true);
            }
            Next::RollsBack | Next::Escalates => (self.ending, self.ended_by_itself) = (true, true),
            Next::StaysDown | Next::Forgotten | Next::SlotGivesUp(_) => {}
        }
    }

    fn told(&mut self, slot: SlotKey, incarnation: Incarnation) -> &mut Live {
        let live = self.live.get_mut(&slot).expect("told to one that does not run");
        assert_eq!(live.incarnation, incarnation, "told to an older one");
        live
    }

    /// While all are stopped in order, only the newest that anybody waits for is told.
    fn is_its_turn(&self, slot: SlotKey) -> bool {
        let in_order = self.ending
            && !self.mixed
            && !self.at_once
            && !self.dynamic
            && self.config.stop_order == StopOrder::Reverse;
        let newest = self.live.keys().rev().find(|slot| !self.stuck.contains(slot));
        !in_order || newest == Some(&slot)
    }

    /// After each event: the machine's own account is the observer's.
    pub(super) fn agrees_with(&self, machine: &Machine) {
        machine.slots.audit();
        let occupied = machine.slots().filter(|slot| slot.state().is_occupied());
        let accounted: Vec<_> = occupied.map(|slot| (slot.key(), slot.incarnation())).collect();
        let running: Vec<_> = self.live.iter().map(|(&slot, live)| (slot, live.incarnation)).collect();
        assert_eq!(accounted, running, "what runs");
        assert_eq!(machine.slots().len(), self.slots.len(), "how many slots there are");
        assert_eq!(machine.is_finished(), self.finished);
        self.temporary_children_start_once();
        if self.config.strategy != Strategy::OneForOne {
            Self::a_group_acts_as_one(machine);
        }
    }

    fn temporary_children_start_once(&self) {
        let temporary = self.slots.values().filter(|known| known.restart == Restart::Temporary);
        for known in temporary.filter(|known| !self.overruled.contains(&known.slot)) {
            let latest = self.latest.get(&known.slot).copied().unwrap_or_default();
            assert!(latest.number() <= 1, "a temporary child came back");
        }
    }

    /// One wait for all, one start at a time, and nothing up behind the one that starts.
    fn a_group_acts_as_one(machine: &Machine) {
        let waiting = machine.slots().filter(|slot| slot.is_waiting()).count();
        assert!(waiting <= 1, "two waits in one group");
        let is_starting =
            |slot: &&Slot| matches!(slot.state(), SlotState::Starting { by: StartedBy::Group, .. });
        let starting: Vec<_> = machine.slots().filter(is_starting).map(Slot::key).collect();
        assert!(starting.len() <= 1, "two starts in one group");
        let up = machine.slots().filter(|slot| slot.state().is_awaited()).map(Slot::key).next_back();
        let stopping = machine.group.as_ref().is_some_and(|group| group.stops(SlotKey(u64::MAX)));
        assert!(
            stopping || machine.is_ending() || starting.iter().all(|&key| Some(key) == up),
            "up too early"
        );
    }
}
