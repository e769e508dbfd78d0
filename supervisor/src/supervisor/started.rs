//! What has come of a start that was asked for, and what a started child is known by.

use crate::machine::SlotKey;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// What has come of a start that somebody asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ChildStart {
    /// The child runs and is ready.
    Started {
        /// What it is known by.
        child: ChildRef,
        /// What it gave with [`ready_with`](crate::ChildContext::ready_with).
        info: Option<StartInfo>,
    },
    /// The child had [nothing to do](crate::ChildContext::decline): it does not run. Its slot is kept, unless it is
    /// temporary or the supervisor is dynamic.
    Declined,
}

impl ChildStart {
    /// The child, if it runs.
    #[must_use]
    pub fn child(&self) -> Option<ChildRef> {
        match self {
            Self::Started { child, .. } => Some(*child),
            Self::Declined => None,
        }
    }

    /// What the child gave when it was ready, if it gave a `T`.
    #[must_use]
    pub fn info<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        match self {
            Self::Started { info: Some(info), .. } => info.downcast(),
            Self::Started { info: None, .. } | Self::Declined => None,
        }
    }
}

/// What a child gave when it was ready: a value of any type.
#[derive(Clone)]
pub struct StartInfo {
    value: Arc<dyn Any + Send + Sync>,
}

impl StartInfo {
    pub(crate) fn new(value: impl Any + Send + Sync) -> Self {
        Self { value: Arc::new(value) }
    }

    /// The value, if it is a `T`.
    #[must_use]
    pub fn downcast<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.value).downcast().ok()
    }
}

impl fmt::Debug for StartInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartInfo").finish_non_exhaustive()
    }
}

/// What one child of one supervisor is known by, in each of its runs. It is never used for another child.
///
/// [`Display`](fmt::Display) gives the number of its slot, which is the name of a child of a dynamic supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChildRef {
    /// The number of the supervisor in this process.
    supervisor: u64,
    slot: SlotKey,
}

impl ChildRef {
    pub(super) fn new(supervisor: u64, slot: SlotKey) -> Self {
        Self { supervisor, slot }
    }

    pub(super) fn is_of(self, supervisor: u64) -> bool {
        self.supervisor == supervisor
    }

    /// The child's slot.
    #[must_use]
    pub fn slot(self) -> SlotKey {
        self.slot
    }
}

impl fmt::Display for ChildRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.slot.fmt(f)
    }
}
