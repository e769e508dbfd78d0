//! What those who monitor groups hear.

use crate::news::Event;
use crate::{Actor, WeakAddress};
use std::fmt;
use std::sync::Arc;

/// What has happened in a group. The member's address is a weak one, so that an event that nobody has taken keeps no
/// actor alive.
#[non_exhaustive]
pub enum GroupEvent<A: Actor> {
    /// An actor has joined, be it once more.
    Joined {
        /// Which group.
        group: Arc<str>,
        /// Who.
        member: WeakAddress<A>,
    },
    /// An actor has left, or is over: one of its memberships has ended.
    Left {
        /// Which group.
        group: Arc<str>,
        /// Who.
        member: WeakAddress<A>,
    },
}

impl<A: Actor> Event for GroupEvent<A> {
    fn about(&self) -> &Arc<str> {
        let (Self::Joined { group, .. } | Self::Left { group, .. }) = self;
        group
    }
}

impl<A: Actor> Clone for GroupEvent<A> {
    fn clone(&self) -> Self {
        match self {
            Self::Joined { group, member } => {
                Self::Joined { group: Arc::clone(group), member: member.clone() }
            }
            Self::Left { group, member } => Self::Left { group: Arc::clone(group), member: member.clone() },
        }
    }
}

impl<A: Actor> fmt::Debug for GroupEvent<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, group, member) = match self {
            Self::Joined { group, member } => ("Joined", group, member),
            Self::Left { group, member } => ("Left", group, member),
        };
        f.debug_struct(what).field("group", group).field("member", member).finish()
    }
}
