//! Why a lease was not held, or not to the end; why a write was not done.

use crate::machine::LossReason;
use crate::store::{BadName, Fence, Holding, LeaseName, StoreError};
use arbour_primitives::scope::Cancelled;
use arbour_supervisor::GroupError;

/// Why a body that was to run under a lease gave no value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HoldError {
    /// The name is none.
    #[error(transparent)]
    BadName(#[from] BadName),
    /// The body's own scope was cancelled, and not because of the lease.
    #[error(transparent)]
    Cancelled(Cancelled),
    /// The task that keeps the lease panicked, in the code of the store; the lease ends with its time to live.
    #[error("what keeps the lease failed: {0}")]
    Failed(GroupError),
    /// Somebody else has it, and the call does not wait.
    #[error(
        "lease `{}` is held by `{}` with fence {}; it is free in {:?} unless it is extended",
        .0.name, .0.owner, .0.fence, .0.remaining
    )]
    Held(Holding),
    /// The lease was lost while the body ran, which was cancelled.
    #[error(transparent)]
    Lost(#[from] LeaseLost),
    /// The store refused to grant it.
    #[error(transparent)]
    Refused(StoreError),
    /// The store gave no answer, and the call does not wait for one.
    #[error(transparent)]
    Unanswered(StoreError),
}

/// A lease that was held is held no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("lease `{name}` with fence {fence} is lost: {why}")]
#[non_exhaustive]
pub struct LeaseLost {
    /// Which lease.
    pub name: LeaseName,
    /// The fence it was held under.
    pub fence: Fence,
    /// How that is known.
    pub why: LossReason,
}

/// Why a write under a lease was not done, or is not known to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The lease was lost before the write could be sent.
    #[error("nothing was written, for {0}")]
    Lost(#[from] LeaseLost),
    /// The store refused it, because it has granted a newer fence. The lease is lost by that.
    #[error(
        "the store refused a write under fence {fence} of lease `{name}`, for {}; nothing was written, and the lease \
         is lost", newest_is(*newest)
    )]
    #[non_exhaustive]
    Refused {
        /// Which lease.
        name: LeaseName,
        /// The fence of the write.
        fence: Fence,
        /// The newest fence, if the store knows one.
        newest: Option<Fence>,
    },
    /// The store refused the request, or it was sent and not answered: then it may have been done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn newest_is(newest: Option<Fence>) -> String {
    newest.map_or_else(|| "it knows of no grant".to_owned(), |newest| format!("the newest is {newest}"))
}
