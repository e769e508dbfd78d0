//! The driver: hears what happens, asks the machine, carries out what it says. Decides nothing.

use super::error::SupervisorError;
use super::event::Happened;
use super::handle::SupervisorHandle;
use super::inbox::{Caller, Inbox};
use super::inside::Probe;
use super::keeper::Run;
use super::outside::Outside;
use super::owned::Owned;
use super::snapshot::SupervisorSnapshot;
use super::started::{ChildStart, StartInfo};
use super::telling::{Offender, Teller};
use crate::child::{ChildContext, ChildSpec};
use crate::exit::ExitKind;
use crate::failure::Failure;
use crate::group::{TaskGroup, labelled_group};
use crate::machine::{
    Action, CallError, CallId, ChildId, ChildKind, Done, Event, Incarnation, Machine, Next, Outcome, Report,
    Request, Slot, SlotKey, SlotState, What,
};
use crate::panic::discard;
use crate::restart::Restart;
use crate::timeout::now;
use arbour_primitives::scope::{Cause, Kind, Label, ScopeHandle};
use arbour_primitives::stream::ReceiveStream;
use arbour_primitives::stream::futures::Recv;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::time::{Instant, Sleep, sleep_until};

/// What came with the event that is being handled, for those who are answered because of it.
#[derive(Default)]
struct Heard {
    info: Option<StartInfo>,
    failure: Option<Failure>,
}

pub(super) struct Driver {
    machine: Machine,
    handle: SupervisorHandle,
    inbox: ReceiveStream<Inbox>,
    starts: BTreeMap<SlotKey, Owned>,
    running: BTreeMap<SlotKey, ScopeHandle>,
    /// The incarnations that have said that they decline, and have not ended yet.
    declining: BTreeMap<SlotKey, Incarnation>,
    /// The last failure in each slot, for the report of the one that brings the supervisor down.
    failures: BTreeMap<SlotKey, Failure>,
    /// The slots whose last incarnation was stopped.
    stopped: BTreeSet<SlotKey>,
    callers: HashMap<CallId, Caller>,
    calls: u64,
    heard: Heard,
    /// The slot that became free last.
    exited: Option<SlotKey>,
    /// Whether what the free slots owned was released when the end began.
    ending: bool,
    outside: Outside,
    teller: Teller,
}

impl Driver {
    pub(super) fn new(
        machine: Machine,
        children: Vec<ChildSpec>,
        handle: SupervisorHandle,
        inbox: ReceiveStream<Inbox>,
        teller: Teller,
        outside: Outside,
    ) -> Self {
        let keys: Vec<SlotKey> = machine.slots().map(|slot| slot.key()).collect();
        let starts = keys.into_iter().zip(children.into_iter().map(Owned::from)).collect();
        Self {
            machine,
            handle,
            inbox,
            starts,
            running: BTreeMap::new(),
            declining: BTreeMap::new(),
            failures: BTreeMap::new(),
            stopped: BTreeSet::new(),
            callers: HashMap::new(),
            calls: 0,
            heard: Heard::default(),
            exited: None,
            ending: false,
            outside,
            teller,
        }
    }

    pub(super) async fn run(self) -> Result<(), SupervisorError> {
        let label = Label::new(Kind::Supervisor).name(self.handle.name().into());
        match labelled_group(label, async move |keepers| self.drive(&keepers).await).await {
            Ok(outcome) => outcome,
            // A keeper catches what its child does; what fails here is a bug of ours, told as it is.
            Err(error) => Err(SupervisorError::Aborted { cause: Cause::from(error.to_string()) }),
        }
    }

    async fn drive(mut self, keepers: &TaskGroup) -> Result<(), SupervisorError> {
        let mut actions = Vec::new();
        self.machine.handle(Event::Start, now(), &mut actions);
        let mut timer: Option<Pin<Box<Sleep>>> = None;
        loop {
            for action in actions.drain(..) {
                if let Some(outcome) = self.perform(action, keepers) {
                    return self.finish(outcome, keepers);
                }
            }
            #[cfg(feature = "metrics")]
            self.teller.census(&self.machine);
            // An incarnation that nobody waited for by a call: what it gave is the user's.
            discard(format_args!("a child of {}", self.handle.name()), std::mem::take(&mut self.heard));
            rearm(&mut timer, self.next_deadline());
            if let Some(event) = self.next_event(&mut timer).await {
                self.teller.timer(now());
                self.machine.handle(event, now(), &mut actions);
                if self.machine.is_ending() {
                    self.release_free(keepers);
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<std::time::Instant> {
        self.machine.next_deadline().into_iter().chain(self.teller.next_deadline()).min()
    }

    /// Waits for the next thing to happen; `None` when it was answered on the spot.
    async fn next_event(&mut self, timer: &mut Option<Pin<Box<Sleep>>>) -> Option<Event> {
        let Self { outside, inbox, .. } = self;
        let mut received: Recv<'_, Inbox> = inbox.recv();
        let mut message = None;
        let event = poll_fn(|cx| {
            if let Poll::Ready(wish) = outside.poll_wish(cx) {
                return Poll::Ready(Some(wish));
            }
            if let Poll::Ready(Ok(arrived)) = Pin::new(&mut received).poll(cx) {
                message = Some(arrived);
                return Poll::Ready(None);
            }
            match timer {
                Some(sleep) => sleep.as_mut().poll(cx).map(|()| Some(Event::Timer)),
                None => Poll::Pending,
            }
        })
        .await;
        drop(received);
        match message {
            Some(message) => self.hear(message),
            None => event,
        }
    }

    fn hear(&mut self, message: Inbox) -> Option<Event> {
        match message {
            Inbox::Ready { slot, incarnation, info } => {
                self.heard.info = info;
                Some(Event::ChildReady { slot, incarnation })
            }
            Inbox::Declines { slot, incarnation } => {
                self.declining.insert(slot, incarnation);
                None
            }
            Inbox::Exited { slot, incarnation, exit, directive } => {
                self.running.remove(&slot);
                self.exited = Some(slot);
                self.heard.failure = exit.failure().cloned();
                // Of an incarnation that left none, the failure of an earlier one must not be told.
                match exit.failure() {
                    Some(failure) => self.failures.insert(slot, failure.clone()),
                    None => self.failures.remove(&slot),
                };
                let declined = self.declining.remove(&slot) == Some(incarnation);
                Some(match exit.kind() {
                    ExitKind::Normal if declined => Event::ChildDeclined { slot, incarnation },
                    exit => Event::ChildExited { slot, incarnation, exit, directive },
                })
            }
            Inbox::Start { mut call, caller } => {
                let request = call.take_request()?;
                self.called(request, caller, Caller::Start(call))
            }
            Inbox::Call { request, caller, reply } => self.called(request, caller, Caller::Plain(reply)),
            Inbox::Stop { deadline } => Some(Event::Shutdown { deadline }),
            Inbox::Snapshot(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send((self.snapshot(), self.probes()));
                None
            }
            Inbox::Look(look) => {
                look(&self.machine);
                None
            }
        }
    }

    fn called(&mut self, request: Request, from: Option<ScopeHandle>, caller: Caller) -> Option<Event> {
        if let Some(id) = from.and_then(|from| self.waits_for_itself(&request, &from)) {
            caller.refuse(CallError::WouldWait { id }, None);
            return None;
        }
        self.calls += 1;
        let call = CallId(self.calls);
        self.callers.insert(call, caller);
        Some(Event::Call { call, request })
    }

    /// The child inside of which a call was made that waits for that child: for its end, or for its start.
    fn waits_for_itself(&self, request: &Request, from: &ScopeHandle) -> Option<ChildId> {
        let is_from = |slot: &&Slot| self.running.get(&slot.key()).is_some_and(|child| from.is_inside(child));
        let stopped = match request {
            Request::StopChild(id) => self.machine.find(id),
            Request::StopDynamic(slot) => self.machine.slot(*slot),
            _ => None,
        };
        let starting = |slot: &&Slot| matches!(slot.state(), SlotState::Starting { .. });
        let mut awaited = stopped.filter(is_from);
        if awaited.is_none() && self.machine.defers(request) {
            awaited = self.machine.slots().filter(starting).find(is_from);
        }
        awaited.map(|slot| Arc::clone(slot.id()))
    }

    fn perform(&mut self, action: Action, keepers: &TaskGroup) -> Option<Outcome> {
        self.tell(&action);
        match action {
            Action::Added { slot, call } => self.added(slot, call),
            Action::Start { slot, incarnation } => self.start(slot, incarnation, keepers),
            Action::Drain { slot, until, deadline, .. } => self.drain(slot, until, deadline),
            Action::Cancel { slot, clean_up_until, .. } => {
                if let Some(child) = self.running.get(&slot) {
                    child.cancel_until(Cause::Shutdown, clean_up_until);
                }
            }
            Action::Abort { slot, .. } => {
                if let Some(child) = self.running.get(&slot) {
                    child.abort(Cause::Shutdown);
                }
            }
            Action::Removed { slot } => self.removed(slot, keepers),
            Action::Reply { call, reply } => self.reply(call, reply),
            Action::Ready => {
                self.teller.all_ready(now());
                self.outside.all_ready();
            }
            Action::Finished(outcome) => return Some(outcome),
            Action::Report(report) => self.note(&report),
        }
        None
    }

    fn added(&mut self, slot: SlotKey, call: CallId) {
        if let Some(Caller::Start(call)) = self.callers.get_mut(&call)
            && let Some(spec) = call.take_spec()
        {
            // A dynamic supervisor names its children itself.
            let id =
                self.machine.slot(slot).map_or_else(|| Arc::clone(&spec.id), |slot| Arc::clone(slot.id()));
            self.starts.insert(slot, Owned { id, ..Owned::from(*spec) });
            self.tell_of(slot, Incarnation::default(), Happened::Added, None);
        }
    }

    /// A supervisor inside hears until when, however deep, and has stopped its own children by then.
    fn drain(&self, slot: SlotKey, until: Option<std::time::Instant>, deadline: Option<std::time::Instant>) {
        let Some(child) = self.running.get(&slot) else { return };
        let is_supervisor =
            self.machine.slot(slot).is_some_and(|slot| slot.policy().kind == ChildKind::Supervisor);
        match if is_supervisor { deadline } else { until } {
            Some(until) => child.drain_until(until),
            None => child.drain(),
        }
    }

    fn start(&mut self, slot: SlotKey, incarnation: Incarnation, keepers: &TaskGroup) {
        let (Some(owned), Some(known)) = (self.starts.get(&slot), self.machine.slot(slot)) else { return };
        let id = Arc::clone(known.id());
        let name = Arc::clone(&id);
        let Some(start) = owned.start.clone() else { return };
        let is_last = known.policy().restart == Restart::Temporary;
        let run = Run {
            context: ChildContext { id, incarnation, slot, is_last, supervisor: self.handle.clone() },
            start,
        };
        if !known.policy().reports_ready {
            // Before its task runs, which may tell its end at once; and not from its task: there it would wake this one
            // onto a thread that the child may never give back.
            self.handle.ready(slot, incarnation, None);
        }
        let (keeper, scope) = run.keep();
        self.running.insert(slot, scope);
        keepers.task().name(name).spawn_value(keeper);
    }

    fn removed(&mut self, slot: SlotKey, keepers: &TaskGroup) {
        self.failures.remove(&slot);
        self.stopped.remove(&slot);
        self.release(slot, keepers);
        self.starts.remove(&slot);
    }

    /// What the slot owned is the user's: it is dropped in a task of its own.
    fn release(&mut self, slot: SlotKey, keepers: &TaskGroup) {
        let Some(owned) = self.starts.get_mut(&slot) else { return };
        if let Some(start) = owned.start.take() {
            let users = (start, std::mem::take(&mut owned.shows));
            keepers.spawn_value(async move { drop(users) });
        }
    }

    /// While the supervisor ends, a slot that is free is free for good: its mailbox breaks now, so
    /// that nobody waits for it, not when the last of its siblings has stopped.
    fn release_free(&mut self, keepers: &TaskGroup) {
        let candidates: Vec<SlotKey> = if std::mem::replace(&mut self.ending, true) {
            self.exited.take().into_iter().collect()
        } else {
            self.starts.keys().copied().collect()
        };
        for slot in candidates {
            if !self.machine.slot(slot).is_some_and(|slot| slot.state().is_occupied()) {
                self.release(slot, keepers);
            }
        }
    }

    fn reply(&mut self, call: CallId, answer: Result<Done, CallError>) {
        let Some(caller) = self.callers.remove(&call) else { return };
        match answer {
            Ok(Done::Started { slot, .. }) => {
                let child = self.handle.child(slot);
                caller.answer(ChildStart::Started { child, info: self.heard.info.take() });
            }
            Ok(_) => caller.answer(ChildStart::Declined),
            Err(reason) => {
                let failed = matches!(reason, CallError::StartFailed { .. });
                caller.refuse(reason, self.heard.failure.take().filter(|_| failed));
            }
        }
    }

    /// What a snapshot tells of how the last incarnation of a slot has ended.
    fn note(&mut self, report: &Report) {
        if let What::Stopped(_) = report.what {
            self.stopped.insert(report.slot);
        }
    }

    /// Tells those who watch what is about to be done.
    fn tell(&mut self, action: &Action) {
        let (slot, incarnation, happened, next) = match action {
            Action::Start { slot, incarnation } => {
                self.stopped.remove(slot);
                (*slot, *incarnation, Happened::Started, None)
            }
            Action::Drain { slot, incarnation, until, .. } => {
                (*slot, *incarnation, Happened::Draining { until: *until }, None)
            }
            Action::Cancel { slot, incarnation, clean_up_until } => {
                (*slot, *incarnation, Happened::Cancelled { clean_up_until: *clean_up_until }, None)
            }
            Action::Abort { slot, incarnation } => (*slot, *incarnation, Happened::Aborted, None),
            Action::Removed { slot } => (*slot, Incarnation::default(), Happened::Removed, None),
            Action::Report(Report { slot, incarnation, what, .. }) => {
                let (happened, next) = Happened::told(*what);
                (*slot, *incarnation, happened, next)
            }
            _ => return,
        };
        self.tell_of(slot, incarnation, happened, next);
    }

    fn tell_of(&mut self, slot: SlotKey, incarnation: Incarnation, happened: Happened, next: Option<Next>) {
        if !self.teller.is_heard() {
            return;
        }
        let Some(owned) = self.starts.get(&slot) else { return };
        let policy = self.machine.slot(slot).map_or(&owned.policy, |slot| slot.policy());
        let offender = Offender { id: &owned.id, incarnation, policy, failure: self.failures.get(&slot) };
        self.teller.child(&offender, happened, next, now());
    }

    fn finish(mut self, outcome: Outcome, keepers: &TaskGroup) -> Result<(), SupervisorError> {
        self.handle.ended(self.snapshot());
        let failure = outcome.slot().and_then(|slot| self.failures.remove(&slot));
        let starts = std::mem::take(&mut self.starts);
        keepers.spawn_value(async move { drop(starts) });
        if !self.running.is_empty() {
            // What is left is stuck: an aborted group waits for it once more, and then no longer.
            keepers.scope().abort(Cause::Shutdown);
        }
        self.teller.finished(&outcome, failure.as_ref(), now());
        if outcome.is_orderly() {
            return Ok(());
        }
        Err(SupervisorError::Failed { supervisor: self.handle.name().to_owned(), outcome, failure })
    }

    fn snapshot(&self) -> SupervisorSnapshot {
        let mut snapshot = SupervisorSnapshot::of(self.handle.name(), &self.machine);
        for (child, slot) in snapshot.children.iter_mut().zip(self.machine.slots()) {
            child.last_failure = self.failures.get(&slot.key()).cloned();
            child.was_stopped = self.stopped.contains(&slot.key());
        }
        snapshot
    }

    /// Where those who asked for a snapshot look further.
    fn probes(&self) -> Vec<(usize, Probe)> {
        let owned = self.machine.slots().map(|slot| self.starts.get(&slot.key()));
        owned.enumerate().filter_map(|(at, owned)| Some((at, owned?.shows.probe()?))).collect()
    }
}

fn rearm(timer: &mut Option<Pin<Box<Sleep>>>, deadline: Option<std::time::Instant>) {
    match (timer.as_mut(), deadline.map(Instant::from)) {
        (_, None) => *timer = None,
        (None, Some(deadline)) => *timer = Some(Box::pin(sleep_until(deadline))),
        (Some(sleep), Some(deadline)) if sleep.deadline() != deadline => sleep.as_mut().reset(deadline),
        (Some(_), Some(_)) => {}
    }
}
