//! The driver: hears what happens, asks the machine, carries out what it says. Decides nothing.

use super::error::SupervisorError;
use super::handle::SupervisorHandle;
use super::keeper::Run;
use super::nested::Nested;
use super::snapshot::SupervisorSnapshot;
use super::start_call::StartCall;
use super::started::{ChildStart, StartInfo};
use super::stop_by::StopBy;
use crate::child::{ChildContext, ChildSpec, Judge, Start};
use crate::directive::Directive;
use crate::exit::{Exit, ExitKind};
use crate::failure::Failure;
use crate::group::{TaskGroup, labelled_group};
use crate::machine::{
    Action, CallError, CallId, ChildId, Done, Event, Incarnation, Machine, Outcome, Report, Request, Slot,
    SlotKey, SlotState, What,
};
use crate::panic::discard;
use crate::restart::Restart;
use crate::timeout::now;
use arbour_primitives::scope::{Cause, Kind, Label, ScopeHandle, UntilCancelled, UntilStopping};
use arbour_primitives::stream::ReceiveStream;
use arbour_primitives::stream::futures::Recv;
use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

/// What the driver hears.
pub(super) enum Inbox {
    Ready {
        slot: SlotKey,
        incarnation: Incarnation,
        info: Option<StartInfo>,
    },
    /// It wants its end to be taken for that of a start which had nothing to do.
    Declines {
        slot: SlotKey,
        incarnation: Incarnation,
    },
    Exited {
        slot: SlotKey,
        incarnation: Incarnation,
        exit: Exit<Failure>,
        directive: Directive,
    },
    Start {
        call: Box<StartCall>,
        caller: Option<ScopeHandle>,
    },
    Call {
        request: Request,
        /// The scope in which it was made.
        caller: Option<ScopeHandle>,
        reply: oneshot::Sender<Result<(), CallError>>,
    },
    Snapshot(oneshot::Sender<SupervisorSnapshot>),
    /// A look at the machine by code of ours.
    Look(Box<dyn FnOnce(&Machine) + Send>),
    Stop {
        deadline: Option<std::time::Instant>,
    },
}

/// What a slot runs, called by its keepers, one at a time.
pub(super) type SharedStart = Arc<Mutex<Startable>>;

pub(super) struct Startable {
    pub(super) start: Start,
    pub(super) judge: Option<Judge>,
}

impl Drop for Startable {
    /// Whoever lets go of it last, a panic of what the closure owns is no panic of theirs.
    fn drop(&mut self) {
        let spent: Start = Box::new(|_| Box::pin(async { Ok(()) }));
        discard(std::mem::replace(&mut self.start, spent));
        discard(self.judge.take());
    }
}

/// What belongs to a slot.
struct Owned {
    start: SharedStart,
    /// Read by a child that is a supervisor.
    stop_by: Option<StopBy>,
}

impl From<ChildSpec> for Owned {
    fn from(spec: ChildSpec) -> Self {
        let ChildSpec { start, judge, stop_by, .. } = spec;
        Self { start: Arc::new(Mutex::new(Startable { start, judge })), stop_by }
    }
}

/// Who waits for the answer to a call.
enum Caller {
    Plain(oneshot::Sender<Result<(), CallError>>),
    Start(Box<StartCall>),
}

impl Caller {
    /// To one who asked for no start it says only that it was done.
    fn answer(self, start: ChildStart) {
        match self {
            // A caller that has gone does not want the answer.
            Self::Plain(reply) => drop(reply.send(Ok(()))),
            Self::Start(call) => call.start(start),
        }
    }

    fn refuse(self, reason: CallError, failure: Option<Failure>) {
        match self {
            Self::Plain(reply) => drop(reply.send(Err(reason))),
            Self::Start(call) => call.refuse(reason, failure),
        }
    }
}

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
    running: HashMap<SlotKey, ScopeHandle>,
    /// The incarnations that have said that they decline, and have not ended yet.
    declining: HashMap<SlotKey, Incarnation>,
    /// The last failure in each slot, for the report of the one that brings the supervisor down.
    failures: HashMap<SlotKey, Failure>,
    callers: HashMap<CallId, Caller>,
    calls: u64,
    heard: Heard,
    /// The slot that became free last.
    exited: Option<SlotKey>,
    /// Whether what the free slots owned was released when the end began.
    ending: bool,
    outside: Outside,
}

/// What the world outside wants of the supervisor; each is heard once.
pub(super) struct Outside {
    scope: ScopeHandle,
    within: Nested,
    cancelled: Option<UntilCancelled>,
    stopping: Option<UntilStopping>,
}

impl Outside {
    pub(super) fn new(scope: ScopeHandle, within: Nested) -> Self {
        let (cancelled, stopping) = (Some(scope.cancelled()), Some(scope.stopping()));
        Self { scope, within, cancelled, stopping }
    }
}

impl Driver {
    pub(super) fn new(
        machine: Machine,
        children: Vec<ChildSpec>,
        handle: SupervisorHandle,
        inbox: ReceiveStream<Inbox>,
        outside: Outside,
    ) -> Self {
        let keys: Vec<SlotKey> = machine.slots().map(|slot| slot.key()).collect();
        let starts = keys.into_iter().zip(children.into_iter().map(Owned::from)).collect();
        Self {
            machine,
            handle,
            inbox,
            starts,
            running: HashMap::new(),
            declining: HashMap::new(),
            failures: HashMap::new(),
            callers: HashMap::new(),
            calls: 0,
            heard: Heard::default(),
            exited: None,
            ending: false,
            outside,
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
            // An incarnation that nobody waited for by a call: what it gave is the user's.
            discard(std::mem::take(&mut self.heard));
            rearm(&mut timer, self.machine.next_deadline());
            if let Some(event) = self.next_event(&mut timer).await {
                self.machine.handle(event, now(), &mut actions);
                if self.machine.is_ending() {
                    self.release_free(keepers);
                }
            }
        }
    }

    /// Waits for the next thing to happen; `None` when it was answered on the spot.
    async fn next_event(&mut self, timer: &mut Option<Pin<Box<Sleep>>>) -> Option<Event> {
        let Self { outside, inbox, .. } = self;
        let mut received: Recv<'_, Inbox> = inbox.recv();
        let mut message = None;
        let event = poll_fn(|cx| {
            if ready(&mut outside.cancelled, cx) {
                let clean_up_until = outside.scope.clean_up_until();
                return Poll::Ready(Some(Event::CancelAll { clean_up_until }));
            }
            if ready(&mut outside.stopping, cx) {
                return Poll::Ready(Some(Event::Shutdown { deadline: outside.within.stop_by() }));
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
                let _ = reply.send(self.snapshot());
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
        match action {
            Action::Added { slot, call } => self.added(slot, call),
            Action::Start { slot, incarnation } => self.start(slot, incarnation, keepers),
            Action::Drain { slot, deadline, .. } => self.drain(slot, deadline),
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
                tracing::info!(supervisor = self.handle.name(), "every child is ready");
                self.outside.within.ready();
            }
            Action::Finished(outcome) => return Some(outcome),
            Action::Report(report) => self.report(&report),
        }
        None
    }

    fn added(&mut self, slot: SlotKey, call: CallId) {
        if let Some(Caller::Start(call)) = self.callers.get_mut(&call)
            && let Some(spec) = call.take_spec()
        {
            self.starts.insert(slot, Owned::from(*spec));
        }
    }

    fn drain(&self, slot: SlotKey, deadline: Option<std::time::Instant>) {
        if let Some(stop_by) = self.starts.get(&slot).and_then(|owned| owned.stop_by.as_ref()) {
            stop_by.set(deadline);
        }
        if let Some(child) = self.running.get(&slot) {
            child.drain();
        }
    }

    fn start(&mut self, slot: SlotKey, incarnation: Incarnation, keepers: &TaskGroup) {
        let (Some(owned), Some(known)) = (self.starts.get(&slot), self.machine.slot(slot)) else { return };
        if let Some(stop_by) = &owned.stop_by {
            stop_by.set(None);
        }
        let id = Arc::clone(known.id());
        let name = Arc::clone(&id);
        let is_last = known.policy().restart == Restart::Temporary;
        let run = Run {
            context: ChildContext { id, incarnation, slot, is_last, supervisor: self.handle.clone() },
            start: Arc::clone(&owned.start),
            reports_ready: known.policy().reports_ready,
        };
        let (keeper, scope) = run.keep();
        self.running.insert(slot, scope);
        keepers.task().name(name).spawn_value(keeper);
    }

    fn removed(&mut self, slot: SlotKey, keepers: &TaskGroup) {
        self.failures.remove(&slot);
        self.release(slot, keepers);
    }

    /// What the slot owned is the user's: it is dropped in a task of its own.
    fn release(&mut self, slot: SlotKey, keepers: &TaskGroup) {
        if let Some(start) = self.starts.remove(&slot) {
            keepers.spawn_value(async move { drop(start) });
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

    fn report(&self, report: &Report) {
        let supervisor = self.handle.name();
        let child = &*report.id;
        match (report.what, self.failures.get(&report.slot)) {
            (What::Ended { .. }, Some(failure)) => {
                tracing::warn!(supervisor, child, %failure, "{report}");
            }
            (What::CleanUpOver | What::Stuck, _) => tracing::error!(supervisor, child, "{report}"),
            (What::Ended { .. } | What::NotReady(_) | What::DrainOver | What::GroupCalledOff, _) => {
                tracing::warn!(supervisor, child, "{report}");
            }
            _ => tracing::debug!(supervisor, child, "{report}"),
        }
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
        let supervisor = self.handle.name().to_owned();
        if outcome.is_orderly() {
            tracing::info!(supervisor, "{outcome}");
            return Ok(());
        }
        tracing::error!(supervisor, "{outcome}");
        Err(SupervisorError::Failed { supervisor, outcome, failure })
    }

    fn snapshot(&self) -> SupervisorSnapshot {
        SupervisorSnapshot::of(self.handle.name(), &self.machine)
    }
}

/// Polls something that happens once; afterwards it is gone.
fn ready<F: Future<Output = ()> + Unpin>(once: &mut Option<F>, cx: &mut std::task::Context<'_>) -> bool {
    let happened = once.as_mut().is_some_and(|future| Pin::new(future).poll(cx).is_ready());
    if happened {
        *once = None;
    }
    happened
}

fn rearm(timer: &mut Option<Pin<Box<Sleep>>>, deadline: Option<std::time::Instant>) {
    match (timer.as_mut(), deadline.map(Instant::from)) {
        (_, None) => *timer = None,
        (None, Some(deadline)) => *timer = Some(Box::pin(sleep_until(deadline))),
        (Some(sleep), Some(deadline)) if sleep.deadline() != deadline => sleep.as_mut().reset(deadline),
        (Some(_), Some(_)) => {}
    }
}
