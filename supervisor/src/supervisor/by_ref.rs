//! The calls that only a dynamic supervisor takes, whose children have no names.

use super::handle::SupervisorHandle;
use super::info::ChildInfo;
use super::start_call::{StartAnswer, StartCall};
use super::started::ChildRef;
use crate::child::ChildSpec;
use crate::machine::{CallError, ChildId, ChildPolicy, Request, Slot};

impl SupervisorHandle {
    pub(crate) async fn start_dynamic(&self, child: ChildSpec) -> StartAnswer {
        self.start(StartCall::of_template(child)).await
    }

    pub(crate) async fn stop_by_ref(&self, child: ChildRef) -> Result<(), CallError> {
        self.check(child)?;
        self.call(Request::StopDynamic(child.slot())).await
    }

    /// Stops a child, whichever kind of supervisor this is.
    ///
    /// # Errors
    ///
    /// As [`stop_child`](Self::stop_child).
    #[doc(hidden)]
    pub async fn stop_either(&self, id: ChildId, child: ChildRef) -> Result<(), CallError> {
        match self.stop_by_ref(child).await {
            Err(CallError::NotDynamic) => self.stop_child(id).await,
            stopped => stopped,
        }
    }

    pub(crate) async fn replace_policy(&self, policy: ChildPolicy) -> Result<(), CallError> {
        self.call(Request::ReplaceTemplate(policy)).await
    }

    pub(crate) async fn which_by_ref(&self, child: ChildRef) -> Result<ChildInfo, CallError> {
        let number = self.number();
        self.look_at(child, move |slot| ChildInfo::new(number, slot)).await
    }

    pub(crate) async fn policy_by_ref(&self, child: ChildRef) -> Result<ChildPolicy, CallError> {
        self.look_at(child, |slot| *slot.policy()).await
    }

    pub(crate) async fn template_policy(&self) -> Result<ChildPolicy, CallError> {
        let policy = self.look(|machine| machine.template().copied()).await;
        policy.ok_or(CallError::SupervisorEnding)?.ok_or(CallError::NotDynamic)
    }

    async fn look_at<T: Send + 'static>(
        &self,
        child: ChildRef,
        look: impl FnOnce(&Slot) -> T + Send + 'static,
    ) -> Result<T, CallError> {
        self.check(child)?;
        let slot = child.slot();
        let found = self.look(move |machine| machine.slot(slot).map(look)).await;
        found.ok_or(CallError::SupervisorEnding)?.ok_or(CallError::NoSuchSlot { slot })
    }

    /// Slots of several supervisors have the same numbers.
    fn check(&self, child: ChildRef) -> Result<(), CallError> {
        if child.is_of(self.number()) { Ok(()) } else { Err(CallError::NoSuchSlot { slot: child.slot() }) }
    }
}
