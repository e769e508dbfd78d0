//! Why an actor did not join a group, or leave it.

use std::sync::Arc;

/// The actor cannot join: it has ended for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the actor {actor} did not join the group {group:?}: it has ended for good")]
#[non_exhaustive]
pub struct JoinError {
    /// Which group.
    pub group: Arc<str>,
    /// Who was to join.
    pub actor: Arc<str>,
}

/// The actor cannot leave: it is no member of the group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the actor {actor} did not leave the group {group:?}: it is not in it")]
#[non_exhaustive]
pub struct NotJoined {
    /// Which group.
    pub group: Arc<str>,
    /// Who was to leave.
    pub actor: Arc<str>,
}
