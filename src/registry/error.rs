//! Why a name was not given, not found, or its value not changed.

use std::fmt;
use std::sync::Arc;

/// A name was not given. Hands back the value that was to go with it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError<V = ()> {
    /// A living actor has the name.
    #[error("the name {name:?} is not free: the actor {owner} has it")]
    AlreadyRegistered {
        /// The name.
        name: Arc<str>,
        /// Whose it is.
        owner: Arc<str>,
        /// The value, untouched.
        value: V,
    },
    /// The actor that was to have it has ended for good.
    #[error("the name {name:?} was not given: the actor {actor} has ended for good")]
    Ended {
        /// The name.
        name: Arc<str>,
        /// Who was to have it.
        actor: Arc<str>,
        /// The value, untouched.
        value: V,
    },
}

impl<V> RegisterError<V> {
    /// The value, untouched.
    pub fn into_value(self) -> V {
        match self {
            Self::AlreadyRegistered { value, .. } | Self::Ended { value, .. } => value,
        }
    }
}

impl<V> fmt::Debug for RegisterError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRegistered { name, owner, .. } => f
                .debug_struct("RegisterError::AlreadyRegistered")
                .field("name", name)
                .field("owner", owner)
                .finish_non_exhaustive(),
            Self::Ended { name, actor, .. } => f
                .debug_struct("RegisterError::Ended")
                .field("name", name)
                .field("actor", actor)
                .finish_non_exhaustive(),
        }
    }
}

/// No address was found under a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// No living actor has the name.
    #[error("no actor is registered as {name:?}")]
    Unknown {
        /// The name.
        name: Arc<str>,
    },
    /// An actor of another type has it.
    #[error("the actor {owner}, registered as {name:?}, is a {found}, not a {wanted}")]
    OtherActor {
        /// The name.
        name: Arc<str>,
        /// Whose it is.
        owner: Arc<str>,
        /// The type of that actor.
        found: &'static str,
        /// The type that was looked for.
        wanted: &'static str,
    },
}

/// The value of a name was not changed, and the change was not computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// No living actor has the name.
    #[error("the value was not changed: no actor is registered as {name:?}")]
    Unknown {
        /// The name.
        name: Arc<str>,
    },
    /// Another actor has it: the value is only its own to change.
    #[error("the value was not changed: {name:?} belongs to the actor {owner}, not to {actor}")]
    NotOwner {
        /// The name.
        name: Arc<str>,
        /// Whose it is.
        owner: Arc<str>,
        /// Who was to change it.
        actor: Arc<str>,
    },
}
