//! What kinds of frames there are.

use crate::scope::tree::Link;

/// What kind of frame this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scope) enum Plan {
    /// Resolves for a cancellation of its own, unless something outside cancels it too (C4).
    Scope,
    /// Has nothing to resolve to when it is aborted: stays pending until it is dropped.
    Shield,
    /// Resolves for any cancellation.
    Catch,
    /// A task of its own: always ends.
    Task,
    /// A clean-up or a finalizer: always ends.
    Beside,
}

impl Plan {
    pub(in crate::scope) const fn link(self) -> Link {
        match self {
            Self::Scope | Self::Shield | Self::Catch => Link::Nested,
            Self::Task => Link::Task,
            Self::Beside => Link::Beside,
        }
    }

    /// Whether it is an await of its own. A catch has passed a gate, the others are polled beside awaits.
    pub(super) const fn is_charged(self) -> bool {
        matches!(self, Self::Scope | Self::Shield)
    }

    pub(in crate::scope) const fn shields(self) -> bool {
        matches!(self, Self::Shield | Self::Beside)
    }
}
