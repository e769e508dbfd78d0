//! Dynamic supervisors: many children of one kind, told apart by their slots.
//!
//! They have no order, so they are stopped together, and each is restarted by itself. A child that is not brought back
//! leaves no slot behind. One that waits for its next restart takes a place all the same.

use super::{
    Action, CallError, CallId, ChildPolicy, ChildSpec, Config, Done, Machine, SlotKey, SpecError, StartedBy,
    Step, table::Slots,
};
use crate::{significance::AutoShutdown, strategy::Strategy};

#[derive(Clone, Debug)]
pub(super) struct Template {
    policy: ChildPolicy,
    max_children: Option<usize>,
}

impl Machine {
    /// A supervisor of children that come and go, all with this policy, and at most so many at a time.
    ///
    /// They are brought by [`Request::StartDynamic`](super::Request::StartDynamic), each into a slot of its own.
    ///
    /// # Errors
    ///
    /// [`SpecError`] if no child could be started with this policy, or if the configuration presumes an order or an end
    /// that such children do not have.
    pub fn dynamic(
        config: Config,
        policy: ChildPolicy,
        max_children: Option<usize>,
    ) -> Result<Self, SpecError> {
        check_config(&config)?;
        check_policy(policy)?;
        Ok(Self::of(config, Slots::default(), Some(Template { policy, max_children })))
    }

    /// Whether this is a dynamic supervisor.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.template.is_some()
    }

    /// The policy of the children that a dynamic supervisor starts from now on.
    #[must_use]
    pub fn template(&self) -> Option<&ChildPolicy> {
        self.template.as_ref().map(|template| &template.policy)
    }

    pub(super) fn check_config(&self, config: &Config) -> Result<(), SpecError> {
        if self.is_dynamic() { check_config(config) } else { Ok(()) }
    }

    pub(super) fn start_dynamic(&mut self, call: CallId, step: &mut Step<'_>) {
        let spec = match self.next_of_template() {
            Ok(spec) => spec,
            Err(refused) => return step.reply(call, Err(refused)),
        };
        let slot = self.slots.add(spec);
        step.push(Action::Added { slot, call });
        self.start(slot, StartedBy::StartChild(call), step);
    }

    fn next_of_template(&self) -> Result<ChildSpec, CallError> {
        let Some(template) = &self.template else { return Err(CallError::NotDynamic) };
        if let Some(max) = template.max_children.filter(|&max| self.slots().len() >= max) {
            return Err(CallError::TooManyChildren { max });
        }
        Ok(ChildSpec::new(self.slots.next_key().to_string(), template.policy))
    }

    pub(super) fn stop_dynamic(&mut self, call: CallId, slot: SlotKey, step: &mut Step<'_>) {
        match self.slots.get(slot) {
            _ if !self.is_dynamic() => step.reply(call, Err(CallError::NotDynamic)),
            Some(_) => self.stop_child(call, slot, step),
            None => step.reply(call, Err(CallError::NoSuchSlot { slot })),
        }
    }

    pub(super) fn replace_template(&mut self, call: CallId, policy: ChildPolicy, step: &mut Step<'_>) {
        let replaced = match (&mut self.template, check_policy(policy)) {
            (None, _) => Err(CallError::NotDynamic),
            (Some(_), Err(refused)) => Err(refused.into()),
            (Some(template), Ok(())) => {
                template.policy = policy;
                Ok(Done::Reconfigured)
            }
        };
        step.reply(call, replaced);
    }
}

fn check_config(&Config { strategy, auto_shutdown, .. }: &Config) -> Result<(), SpecError> {
    if strategy != Strategy::OneForOne {
        return Err(SpecError::DynamicStrategy { strategy });
    }
    if auto_shutdown != AutoShutdown::Never {
        return Err(SpecError::DynamicAutoShutdown { auto_shutdown });
    }
    Ok(())
}

fn check_policy(policy: ChildPolicy) -> Result<(), SpecError> {
    ChildSpec::new("template", policy).check(AutoShutdown::Never)
}
