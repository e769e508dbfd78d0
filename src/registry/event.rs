//! What subscribers of a registry hear.

use crate::news::Event;
use std::fmt;
use std::sync::Arc;

/// What has happened in a registry.
#[non_exhaustive]
pub enum RegistryEvent<V = ()> {
    /// An actor was given a name.
    Registered {
        /// The name.
        name: Arc<str>,
        /// The actor's own name.
        owner: Arc<str>,
        /// What goes with the name.
        value: Arc<V>,
    },
    /// An actor has a name no more: it gave it up, or is over.
    Unregistered {
        /// The name.
        name: Arc<str>,
        /// The actor's own name.
        owner: Arc<str>,
        /// What went with the name at last.
        value: Arc<V>,
    },
}

impl<V> Event for RegistryEvent<V> {
    fn about(&self) -> &Arc<str> {
        let (Self::Registered { name, .. } | Self::Unregistered { name, .. }) = self;
        name
    }
}

impl<V> Clone for RegistryEvent<V> {
    fn clone(&self) -> Self {
        let (Self::Registered { name, owner, value } | Self::Unregistered { name, owner, value }) = self;
        let (name, owner, value) = (Arc::clone(name), Arc::clone(owner), Arc::clone(value));
        match self {
            Self::Registered { .. } => Self::Registered { name, owner, value },
            Self::Unregistered { .. } => Self::Unregistered { name, owner, value },
        }
    }
}

impl<V> fmt::Debug for RegistryEvent<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Registered { name, owner, .. } | Self::Unregistered { name, owner, .. }) = self;
        let what = match self {
            Self::Registered { .. } => "Registered",
            Self::Unregistered { .. } => "Unregistered",
        };
        f.debug_struct(what).field("name", name).field("owner", owner).finish_non_exhaustive()
    }
}
