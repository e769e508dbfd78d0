//! The administration of children: start, stop, restart and delete by name.
//!
//! | call | down | running | starting, waiting | being stopped | unknown |
//! |---|---|---|---|---|---|
//! | `StartChild` | `AlreadyPresent` | `AlreadyStarted` | `AlreadyPresent` | `AlreadyPresent` | added and started |
//! | `StopChild` | `Stopped` | stopped by its rule | cancelled, or its wait ended | waits for the same end | `NotFound` |
//! | `RestartChild` | started | `Running` | `Restarting` | `Stopping` | `NotFound` |
//! | `DeleteChild` | `Deleted` | `Running` | `Restarting` | `Stopping` | `NotFound` |
//!
//! A child that is cancelled because it was not ready in time counts as *starting* until it is stopped.
//! Starts, stops and restarts by hand count against no limit. While the supervisor ends, every call is refused.

use super::{
    Action, CallError, CallId, ChildId, ChildSpec, Done, Machine, Phase, Request, Slot, SlotKey, SlotState,
    StartedBy, Step, StopCause,
};

/// The columns of the table.
enum Column {
    Down,
    Running,
    Starting,
    Stopping,
}

fn column(slot: &Slot) -> Column {
    match slot.state {
        SlotState::Down => Column::Down,
        SlotState::Running { .. } => Column::Running,
        SlotState::Starting { .. }
        | SlotState::Waiting { .. }
        | SlotState::Stopping { cause: StopCause::NotReady(_), .. } => Column::Starting,
        SlotState::Draining { .. } | SlotState::Stopping { cause: StopCause::Asked, .. } => Column::Stopping,
    }
}

impl Machine {
    pub(super) fn call(&mut self, call: CallId, request: Request, step: &mut Step<'_>) {
        match self.phase {
            Phase::Idle | Phase::FirstStart => self.queued.push_back((call, request)),
            Phase::Up => self.answer(call, request, step),
            Phase::Ending { .. } | Phase::Finished => {
                step.reply(call, Err(CallError::ShuttingDown { id: request.id().clone() }));
            }
        }
    }

    pub(super) fn answer(&mut self, call: CallId, request: Request, step: &mut Step<'_>) {
        match (self.slots.find(request.id()), request) {
            (Some(key), Request::StartChild(spec)) => step.reply(call, Err(self.taken(key, spec.id))),
            (None, Request::StartChild(spec)) => self.start_child(call, spec, step),
            (Some(key), Request::StopChild(_)) => self.stop_child(call, key, step),
            (Some(key), Request::RestartChild(id)) => self.restart_child(call, key, id, step),
            (Some(key), Request::DeleteChild(id)) => self.delete_child(call, key, id, step),
            (None, Request::StopChild(id) | Request::RestartChild(id) | Request::DeleteChild(id)) => {
                step.reply(call, Err(CallError::NotFound { id }));
            }
        }
    }

    fn taken(&self, key: SlotKey, id: ChildId) -> CallError {
        let slot = &self.slots[key];
        match column(slot) {
            Column::Running => CallError::AlreadyStarted { id, slot: key, incarnation: slot.incarnation },
            Column::Down | Column::Starting | Column::Stopping => CallError::AlreadyPresent { id },
        }
    }

    fn start_child(&mut self, call: CallId, spec: ChildSpec, step: &mut Step<'_>) {
        if let Err(refused) = spec.check() {
            return step.reply(call, Err(refused.into()));
        }
        let key = self.slots.add(spec);
        step.push(Action::Added { slot: key, call });
        self.start(key, StartedBy::StartChild(call), step);
    }

    fn stop_child(&mut self, call: CallId, key: SlotKey, step: &mut Step<'_>) {
        if self.slots[key].state.is_occupied() {
            self.slots[key].stop_calls.push(call);
            return self.stop(key, step);
        }
        self.slots.enter(key, SlotState::Down);
        step.reply(call, Ok(Done::Stopped));
    }

    fn restart_child(&mut self, call: CallId, key: SlotKey, id: ChildId, step: &mut Step<'_>) {
        match refusal(&self.slots[key], id) {
            Some(refused) => step.reply(call, Err(refused)),
            None => self.start(key, StartedBy::RestartChild(call), step),
        }
    }

    fn delete_child(&mut self, call: CallId, key: SlotKey, id: ChildId, step: &mut Step<'_>) {
        if let Some(refused) = refusal(&self.slots[key], id) {
            return step.reply(call, Err(refused));
        }
        self.remove(key, step);
        step.reply(call, Ok(Done::Deleted));
    }
}

/// Why this slot can be neither restarted nor deleted: only one that is down can.
fn refusal(slot: &Slot, id: ChildId) -> Option<CallError> {
    match column(slot) {
        Column::Down => None,
        Column::Running => Some(CallError::Running { id }),
        Column::Starting => Some(CallError::Restarting { id }),
        Column::Stopping => Some(CallError::Stopping { id }),
    }
}
