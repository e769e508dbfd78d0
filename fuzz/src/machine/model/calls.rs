//! Calls of the model: the table of the administration.

use super::{
    super::words::{Answer, Ask, Deed, Number, Rules, Spec},
    By, Model, Phase, State,
};
use arbour_supervisor::{
    machine::{CallError, Config, SpecError},
    restart::Restart,
    significance::AutoShutdown,
    strategy::Strategy,
};

/// The columns of the table.
enum Column {
    Down,
    Running,
    Starting,
    Stopping,
    Stuck,
}

impl Model {
    pub(super) fn answer(&mut self, call: u64, answer: Answer) {
        self.deeds.push(Deed::Reply(call, answer));
    }

    fn refuse(&mut self, call: u64, error: CallError) {
        self.answer(call, Answer::Refused(error));
    }

    /// A start that somebody called for will not come about.
    pub(super) fn call_off(&mut self, child: Number, by: By) {
        let Some(call) = by.call() else { return };
        let id = self.of(child).name.clone().into();
        let ending = self.is_ending();
        self.refuse(
            call,
            if ending { CallError::ShuttingDown { id } } else { CallError::StoppedMeanwhile { id } },
        );
    }

    pub(super) fn too_late(&mut self, call: u64, ask: &Ask) {
        let error = match ask {
            Ask::Start(Spec { name, .. })
            | Ask::Rules(Spec { name, .. })
            | Ask::Stop(name)
            | Ask::Restart(name)
            | Ask::Delete(name) => CallError::ShuttingDown { id: name.clone().into() },
            Ask::Config(_) | Ask::StartDynamic | Ask::StopDynamic(_) | Ask::Template(_) => {
                CallError::SupervisorEnding
            }
        };
        self.refuse(call, error);
    }

    pub(super) fn call(&mut self, call: u64, ask: Ask) {
        match self.phase {
            Phase::Idle | Phase::First(_) => self.queue.push((call, ask)),
            Phase::Ending(_) | Phase::Over => self.too_late(call, &ask),
            Phase::Up => self.carry_out(call, ask),
        }
    }

    fn carry_out(&mut self, call: u64, ask: Ask) {
        match ask {
            Ask::Config(config) => self.configure(call, config),
            Ask::StartDynamic => self.start_dynamic(call),
            Ask::StopDynamic(_) | Ask::Template(_) if !self.is_dynamic() => {
                self.refuse(call, CallError::NotDynamic)
            }
            Ask::StopDynamic(child) if self.find(child).is_some() => self.stop_by_hand(call, child),
            Ask::StopDynamic(child) => self.answer(call, Answer::NoSuchSlot(child)),
            Ask::Template(rules) => self.replace_template(call, rules),
            Ask::Start(spec) => match self.named(call, &spec.name) {
                Ok(Some(child)) => self.refuse_start(call, child, spec.name),
                Ok(None) => self.arrive(call, spec),
                Err(()) => {}
            },
            Ask::Stop(name) => self.by_name(call, name, Self::stop_by_hand),
            Ask::Restart(name) => self.by_name(call, name, Self::start_by_hand),
            Ask::Delete(name) => self.by_name(call, name, Self::delete),
            Ask::Rules(Spec { name, rules }) => {
                self.by_name(call, name, |model, call, child| model.change_rules(call, child, rules));
            }
        }
    }

    /// The child of this name; a dynamic supervisor knows none, and says so.
    fn named(&mut self, call: u64, name: &str) -> Result<Option<Number>, ()> {
        if self.is_dynamic() {
            self.refuse(call, CallError::Dynamic { id: name.into() });
            return Err(());
        }
        Ok(self.children.iter().find(|child| child.name == name).map(|child| child.number))
    }

    fn by_name(&mut self, call: u64, name: String, carry_out: impl FnOnce(&mut Self, u64, Number)) {
        match self.named(call, &name) {
            Ok(Some(child)) => carry_out(self, call, child),
            Ok(None) => self.refuse(call, CallError::NotFound { id: name.into() }),
            Err(()) => {}
        }
    }

    fn column(&mut self, child: Number) -> Column {
        let turn_to_come = self.group_will_start(child);
        let late = self.of(child).unfinished_start().is_some();
        match self.of(child).state {
            State::Down if !turn_to_come => Column::Down,
            State::Running { .. } => Column::Running,
            State::Stuck => Column::Stuck,
            State::Draining { .. } => Column::Stopping,
            State::Cancelled { .. } | State::Aborted { .. } if !late => Column::Stopping,
            _ => Column::Starting,
        }
    }

    fn refuse_start(&mut self, call: u64, child: Number, name: String) {
        match self.column(child) {
            Column::Running => {
                let run = self.of(child).run;
                self.answer(call, Answer::AlreadyStarted(name, child, run));
            }
            _ => self.refuse(call, CallError::AlreadyPresent { id: name.into() }),
        }
    }

    fn arrive(&mut self, call: u64, spec: Spec) {
        if let Some(error) = self.mistake_in(&spec.name, &spec.rules) {
            return self.refuse(call, error.into());
        }
        let child = self.add(spec.name, spec.rules);
        self.deeds.push(Deed::Added(child, call));
        if !self.takes_turn(child, By::Arrival(call)) {
            self.start(child, By::Arrival(call));
        }
    }

    fn stop_by_hand(&mut self, call: u64, child: Number) {
        self.leave_group(child);
        let id = self.of(child).name.clone().into();
        match self.of(child).state {
            State::Stuck => self.refuse(call, CallError::Stuck { id }),
            state if state.is_awaited() => {
                self.at(child).stops.push(call);
                self.stop(child);
            }
            _ => {
                self.free(child);
                self.answer(call, Answer::Stopped);
            }
        }
    }

    fn start_by_hand(&mut self, call: u64, child: Number) {
        if self.is_down(call, child) && !self.takes_turn(child, By::Hand(call)) {
            self.start(child, By::Hand(call));
        }
    }

    fn delete(&mut self, call: u64, child: Number) {
        if self.is_down(call, child) {
            self.remove(child);
            self.answer(call, Answer::Deleted);
        }
    }

    /// Whether it is down and stays so; if not, the call is refused.
    fn is_down(&mut self, call: u64, child: Number) -> bool {
        let id = self.of(child).name.clone().into();
        let error = match self.column(child) {
            Column::Down => return true,
            Column::Running => CallError::Running { id },
            Column::Starting => CallError::Restarting { id },
            Column::Stopping => CallError::Stopping { id },
            Column::Stuck => CallError::Stuck { id },
        };
        self.refuse(call, error);
        false
    }

    fn change_rules(&mut self, call: u64, child: Number, rules: Rules) {
        let name = self.of(child).name.clone();
        if let Some(error) = self.mistake_in(&name, &rules) {
            return self.refuse(call, error.into());
        }
        self.limit_one(child, rules.policy.limit);
        self.at(child).rules = rules;
        self.answer(call, Answer::Reconfigured);
    }

    fn configure(&mut self, call: u64, config: Config) {
        let Config { strategy, auto_shutdown, .. } = config;
        if self.is_dynamic() && strategy != Strategy::OneForOne {
            return self.refuse(call, SpecError::DynamicStrategy { strategy }.into());
        }
        if self.is_dynamic() && auto_shutdown != AutoShutdown::Never {
            return self.refuse(call, SpecError::DynamicAutoShutdown { auto_shutdown }.into());
        }
        self.limit_all(config.limit);
        self.config = config;
        self.answer(call, Answer::Reconfigured);
    }

    fn start_dynamic(&mut self, call: u64) {
        let Some((rules, max)) = self.template else { return self.refuse(call, CallError::NotDynamic) };
        if self.children.len() >= max {
            return self.refuse(call, CallError::TooManyChildren { max });
        }
        let child = self.add(self.added.to_string(), rules);
        self.deeds.push(Deed::Added(child, call));
        self.start(child, By::Arrival(call));
    }

    fn replace_template(&mut self, call: u64, rules: Rules) {
        if let Some(error) = self.mistake_in("template", &rules) {
            return self.refuse(call, error.into());
        }
        self.template = self.template.map(|(_, max)| (rules, max));
        self.answer(call, Answer::Reconfigured);
    }

    pub(super) fn counts_significant(&self) -> bool {
        self.config.auto_shutdown != AutoShutdown::Never
    }

    fn mistake_in(&self, name: &str, rules: &Rules) -> Option<SpecError> {
        let (id, policy) = (name.into(), &rules.policy);
        if policy.start_timeout.is_zero() {
            return Some(SpecError::ZeroStartTimeout { id });
        }
        if policy.significant && policy.restart == Restart::Permanent {
            return Some(SpecError::SignificantPermanent { id });
        }
        (policy.significant && !self.counts_significant()).then_some(SpecError::SignificantUnheard { id })
    }
}
