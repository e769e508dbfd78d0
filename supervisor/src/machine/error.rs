//! Why a specification or a call is refused.

use crate::{
    machine::{
        report::Ended,
        slot::{ChildId, Incarnation, SlotKey},
    },
    significance::AutoShutdown,
    strategy::Strategy,
};

/// A child was described in a way that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Two children of one supervisor have the same name.
    #[error("two children are called `{id}`: each needs a name of its own")]
    DuplicateId {
        /// The name.
        id: ChildId,
    },
    /// No child could ever become ready in time.
    #[error("child `{id}` has a start timeout of 0s and could never be ready in time")]
    ZeroStartTimeout {
        /// The name of the child.
        id: ChildId,
    },
    /// The end of a child that always comes back is awaited.
    #[error("child `{id}` is significant and permanent: it always comes back, so its end would never count")]
    SignificantPermanent {
        /// The name of the child.
        id: ChildId,
    },
    /// The end of a child is significant to nobody.
    #[error(
        "child `{id}` is significant, but its supervisor's auto-shutdown is `Never`: its end would not count"
    )]
    SignificantUnheard {
        /// The name of the child.
        id: ChildId,
    },
    /// The children of a dynamic supervisor do not depend on each other.
    #[error(
        "a dynamic supervisor cannot be {strategy:?}: its children have no order, and are restarted one for one"
    )]
    DynamicStrategy {
        /// The strategy that was asked for.
        strategy: Strategy,
    },
    /// The children of a dynamic supervisor come and go.
    #[error("a dynamic supervisor cannot have the auto-shutdown {auto_shutdown:?}: its children come and go")]
    DynamicAutoShutdown {
        /// What was asked for.
        auto_shutdown: AutoShutdown,
    },
}

/// Why a call of the administration was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// A child of this name runs.
    #[error("child `{id}` has been started already (incarnation {incarnation})")]
    AlreadyStarted {
        /// The name.
        id: ChildId,
        /// Where it runs.
        slot: SlotKey,
        /// Which run in that slot.
        incarnation: Incarnation,
    },
    /// A child of this name has a slot, but does not run.
    #[error("there is a child `{id}` already, and it is not running: restart or delete it")]
    AlreadyPresent {
        /// The name.
        id: ChildId,
    },
    /// The child runs.
    #[error("child `{id}` is running: stop it first")]
    Running {
        /// The name.
        id: ChildId,
    },
    /// The child is being started, or waits for its next restart.
    #[error("child `{id}` is being restarted: stop it first")]
    Restarting {
        /// The name.
        id: ChildId,
    },
    /// The child is being stopped.
    #[error("child `{id}` is being stopped: wait for its end")]
    Stopping {
        /// The name.
        id: ChildId,
    },
    /// A child asked for what would begin only when the child itself has ended, or has become ready.
    #[error(
        "child `{id}` would wait for itself: this begins when it has ended or is ready; to end, let it return or \
         call `request_stop`"
    )]
    WouldWait {
        /// The name of the child that asked.
        id: ChildId,
    },
    /// No child has this name.
    #[error("there is no child `{id}`")]
    NotFound {
        /// The name.
        id: ChildId,
    },
    /// The specification makes no sense.
    #[error(transparent)]
    Refused(#[from] SpecError),
    /// The child did not become ready.
    #[error("child `{id}` did not start: it {ended}")]
    StartFailed {
        /// The name.
        id: ChildId,
        /// What happened.
        ended: Ended,
    },
    /// Somebody stopped the child before it was ready.
    #[error("child `{id}` was stopped before it was ready")]
    StoppedMeanwhile {
        /// The name.
        id: ChildId,
    },
    /// It was aborted and is not gone: it does not yield.
    #[error(
        "child `{id}` is stuck: it was aborted and has not yielded since, and nothing can take its place"
    )]
    Stuck {
        /// The name.
        id: ChildId,
    },
    /// The supervisor has as many children as it may have.
    #[error("the supervisor has {max} children, and may have no more")]
    TooManyChildren {
        /// How many it may have.
        max: usize,
    },
    /// A dynamic supervisor was asked by name.
    #[error(
        "a dynamic supervisor tells its children apart by their slots, and knows no child by the name `{id}`"
    )]
    Dynamic {
        /// The name.
        id: ChildId,
    },
    /// Something was asked of a supervisor that only a dynamic one can do.
    #[error("the supervisor is not dynamic: its children have names and specifications of their own")]
    NotDynamic,
    /// The slot is not there, or no more.
    #[error("there is no child {slot}, or no more")]
    NoSuchSlot {
        /// The slot.
        slot: SlotKey,
    },
    /// The supervisor of this child is stopping or has ended.
    #[error("the supervisor of child `{id}` is shutting down or has ended")]
    ShuttingDown {
        /// The name.
        id: ChildId,
    },
    /// The supervisor is stopping or has ended.
    #[error("the supervisor is shutting down or has ended")]
    SupervisorEnding,
}
