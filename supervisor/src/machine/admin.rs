//! The administration of children: start, stop, restart, delete and reconfigure.
//!
//! | call | down | running | starting, waiting | being stopped | stuck | unknown |
//! |---|---|---|---|---|---|---|
//! | `StartChild` | `AlreadyPresent` | `AlreadyStarted` | `AlreadyPresent` | `AlreadyPresent` | `AlreadyPresent` | added and started |
//! | `StopChild` | `Stopped` | stopped by its rule | cancelled, or its wait ended | waits for the same end | `Stuck` | `NotFound` |
//! | `RestartChild` | started | `Running` | `Restarting` | `Stopping` | `Stuck` | `NotFound` |
//! | `DeleteChild` | `Deleted` | `Running` | `Restarting` | `Stopping` | `Stuck` | `NotFound` |
//! | `ReconfigureChild` | `Reconfigured` | `Reconfigured` | `Reconfigured` | `Reconfigured` | `Reconfigured` | `NotFound` |
//!
//! A child that is cancelled because it was not ready in time counts as *starting* until it is stopped. So does one that
//! is down because its siblings are stopped, and that a restart of several is going to start: a stop takes it out, or
//! calls the whole off if it is the one that failed. A child that is started by hand meanwhile takes its turn.
//!
//! Starts, stops and restarts by hand count against no limit. While the supervisor ends, every call is refused. A
//! dynamic supervisor refuses each of these calls, for its children have no names, and takes `StartDynamic`,
//! `StopDynamic` and `ReplaceTemplate`, which others refuse; a stop there takes the slot with it. What can be read
//! (`slots`, `find`, `count_children`) is never asked by a call, and so never waits.

use super::{
    Action, CallError, CallId, ChildId, ChildSpec, Config, Done, Machine, Phase, Request, SlotKey, SlotState,
    StartedBy, Step, StopCause,
};

/// The columns of the table.
enum Column {
    Down,
    Running,
    Starting,
    Stopping,
    Stuck,
}

impl Machine {
    fn column(&self, key: SlotKey) -> Column {
        match self.slots[key].state {
            SlotState::Down if self.group.as_ref().is_some_and(|group| group.will_start(key)) => {
                Column::Starting
            }
            SlotState::Down => Column::Down,
            SlotState::Running { .. } => Column::Running,
            SlotState::Starting { .. }
            | SlotState::Waiting { .. }
            | SlotState::Stopping { cause: StopCause::NotReady(_), .. } => Column::Starting,
            SlotState::Draining { .. } | SlotState::Stopping { cause: StopCause::Asked, .. } => {
                Column::Stopping
            }
            SlotState::Stuck { .. } => Column::Stuck,
        }
    }

    pub(super) fn call(&mut self, call: CallId, request: Request, step: &mut Step<'_>) {
        match self.phase {
            Phase::Idle | Phase::FirstStart => self.queued.push_back((call, request)),
            Phase::Up => self.answer(call, request, step),
            Phase::Ending(_) | Phase::Finished => step.reply(call, Err(request.too_late())),
        }
    }

    pub(super) fn answer(&mut self, call: CallId, request: Request, step: &mut Step<'_>) {
        if self.is_ending() {
            // An earlier one of the calls that waited has ended the supervisor.
            return step.reply(call, Err(request.too_late()));
        }
        match request {
            Request::Reconfigure(config) => self.reconfigure(call, config, step),
            Request::StartDynamic => self.start_dynamic(call, step),
            Request::StopDynamic(slot) => self.stop_dynamic(call, slot, step),
            Request::ReplaceTemplate(policy) => self.replace_template(call, policy, step),
            by_name => self.answer_by_name(call, by_name, step),
        }
    }

    fn answer_by_name(&mut self, call: CallId, request: Request, step: &mut Step<'_>) {
        let Some(id) = request.id().cloned() else { return };
        if self.is_dynamic() {
            return step.reply(call, Err(CallError::Dynamic { id }));
        }
        match (self.slots.find(&id), request) {
            (Some(key), Request::StartChild(_)) => step.reply(call, Err(self.taken(key, id))),
            (Some(key), Request::StopChild(_)) => self.stop_child(call, key, step),
            (Some(key), Request::RestartChild(_)) => self.restart_child(call, key, id, step),
            (Some(key), Request::DeleteChild(_)) => self.delete_child(call, key, id, step),
            (Some(key), Request::ReconfigureChild(spec)) => self.reconfigure_child(call, key, &spec, step),
            (None, Request::StartChild(spec)) => self.start_child(call, spec, step),
            _ => step.reply(call, Err(CallError::NotFound { id })),
        }
    }

    fn taken(&self, key: SlotKey, id: ChildId) -> CallError {
        match self.column(key) {
            Column::Running => {
                CallError::AlreadyStarted { id, slot: key, incarnation: self.slots[key].incarnation }
            }
            _ => CallError::AlreadyPresent { id },
        }
    }

    fn start_child(&mut self, call: CallId, spec: ChildSpec, step: &mut Step<'_>) {
        if let Err(refused) = spec.check(self.config.auto_shutdown) {
            return step.reply(call, Err(refused.into()));
        }
        let key = self.slots.add(spec);
        step.push(Action::Added { slot: key, call });
        self.start_by_hand(key, StartedBy::StartChild(call), step);
    }

    fn start_by_hand(&mut self, key: SlotKey, by: StartedBy, step: &mut Step<'_>) {
        if !self.start_in_turn(key, by) {
            self.start(key, by, step);
        }
    }

    pub(super) fn stop_child(&mut self, call: CallId, key: SlotKey, step: &mut Step<'_>) {
        self.leave_group(key, step);
        let state = self.slots[key].state;
        if state.is_awaited() {
            self.slots.change(key, |slot| slot.stop_calls.push(call));
            return self.stop(key, step);
        }
        if state.is_occupied() {
            return step.reply(call, Err(CallError::Stuck { id: self.slots[key].id.clone() }));
        }
        self.free(key, step);
        step.reply(call, Ok(Done::Stopped));
    }

    fn restart_child(&mut self, call: CallId, key: SlotKey, id: ChildId, step: &mut Step<'_>) {
        match self.refusal(key, id) {
            Some(refused) => step.reply(call, Err(refused)),
            None => self.start_by_hand(key, StartedBy::RestartChild(call), step),
        }
    }

    fn delete_child(&mut self, call: CallId, key: SlotKey, id: ChildId, step: &mut Step<'_>) {
        if let Some(refused) = self.refusal(key, id) {
            return step.reply(call, Err(refused));
        }
        self.remove(key, step);
        step.reply(call, Ok(Done::Deleted));
    }

    /// Why this slot can be neither restarted nor deleted: only one that is down, and stays so, can.
    fn refusal(&self, key: SlotKey, id: ChildId) -> Option<CallError> {
        match self.column(key) {
            Column::Down => None,
            Column::Running => Some(CallError::Running { id }),
            Column::Starting => Some(CallError::Restarting { id }),
            Column::Stopping => Some(CallError::Stopping { id }),
            Column::Stuck => Some(CallError::Stuck { id }),
        }
    }

    fn reconfigure(&mut self, call: CallId, config: Config, step: &mut Step<'_>) {
        if let Err(refused) = self.check_config(&config) {
            return step.reply(call, Err(refused.into()));
        }
        if config.limit != self.config.limit {
            self.window.set_limit(config.limit);
        }
        self.config = config;
        step.reply(call, Ok(Done::Reconfigured));
    }

    fn reconfigure_child(&mut self, call: CallId, key: SlotKey, spec: &ChildSpec, step: &mut Step<'_>) {
        let reply = match spec.check(self.config.auto_shutdown) {
            Ok(()) => {
                self.slots.set_policy(key, spec.policy);
                Ok(Done::Reconfigured)
            }
            Err(refused) => Err(refused.into()),
        };
        step.reply(call, reply);
    }
}
