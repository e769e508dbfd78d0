//! What can be read of a supervisor at any time, without a child having its say.

use super::handle::SupervisorHandle;
use super::info::ChildInfo;
use crate::machine::{CallError, ChildId, ChildPolicy, Config, Counts};

impl SupervisorHandle {
    /// The children, in the order of their start; none after the supervisor has ended.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    pub async fn which_children(&self) -> Vec<ChildInfo> {
        let number = self.number();
        let children =
            self.look(move |machine| machine.slots().map(|slot| ChildInfo::new(number, slot)).collect());
        children.await.unwrap_or_default()
    }

    /// The child of this name.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    ///
    /// # Errors
    ///
    /// [`CallError::NotFound`], or [`CallError::ShuttingDown`] after the supervisor has ended.
    pub async fn which_child(&self, id: impl Into<ChildId>) -> Result<ChildInfo, CallError> {
        let (number, id) = (self.number(), id.into());
        let name = ChildId::clone(&id);
        let found = self.look(move |machine| machine.find(&name).map(|slot| ChildInfo::new(number, slot)));
        found_or(id, found.await)
    }

    /// The policies of the child of this name, those that were not set included.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    ///
    /// # Errors
    ///
    /// [`CallError::NotFound`], or [`CallError::ShuttingDown`] after the supervisor has ended.
    pub async fn child_spec(&self, id: impl Into<ChildId>) -> Result<ChildPolicy, CallError> {
        let id = id.into();
        let name = ChildId::clone(&id);
        found_or(id, self.look(move |machine| machine.find(&name).map(|slot| *slot.policy())).await)
    }

    /// How many children there are, by kind and by whether they run; none after the supervisor has ended.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    pub async fn count_children(&self) -> Counts {
        self.look(|machine| machine.count_children()).await.unwrap_or_default()
    }

    /// What holds for the supervisor as a whole.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    ///
    /// # Errors
    ///
    /// [`CallError::SupervisorEnding`] after the supervisor has ended.
    pub async fn config(&self) -> Result<Config, CallError> {
        self.look(|machine| *machine.config()).await.ok_or(CallError::SupervisorEnding)
    }
}

/// `None` of none: the supervisor has ended.
fn found_or<T>(id: ChildId, found: Option<Option<T>>) -> Result<T, CallError> {
    match found {
        Some(Some(found)) => Ok(found),
        Some(None) => Err(CallError::NotFound { id }),
        None => Err(CallError::ShuttingDown { id }),
    }
}
