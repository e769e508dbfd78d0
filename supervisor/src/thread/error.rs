//! Why a call into a thread, or out of one, gave no value.

use crate::failure::Failure;
use arbour_primitives::scope::Cause;
use std::fmt;
use std::panic::Location;

/// Why a function was not run in a thread. A panic of the function is no such error: it is resumed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadError {
    /// The code that called was not polled by a tokio runtime.
    #[error("the call at {place} needs a tokio runtime and found none; its function was not run")]
    NoRuntime {
        /// Where the call was made.
        place: &'static Location<'static>,
    },
    /// The operating system gave no thread. The limiter has its token back.
    #[error("no thread for the call at {place}: {reason}; its function was not run")]
    NoThread {
        /// Where the call was made.
        place: &'static Location<'static>,
        /// What the runtime said.
        reason: String,
    },
    /// The runtime shut down before the function began.
    #[error("the runtime shut down before the call at {place} had a thread; its function was not run")]
    ShuttingDown {
        /// Where the call was made.
        place: &'static Location<'static>,
    },
    /// A cancellation from outside ended the call and was then lifted.
    #[error("the call at {place} was cancelled: {cause}")]
    Cancelled {
        /// Where the call was made.
        place: &'static Location<'static>,
        /// Why.
        cause: Cause,
    },
}

/// Why a thread got no value from the runtime.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The thread was not started by [`run_sync`](super::run_sync), and no runtime polls it.
    #[error("this thread belongs to no runtime: give it a RuntimeHandle, or call through a Portal")]
    NoRuntime,
    /// The calling thread is one that the runtime polls its tasks on: blocked, it could not run them.
    #[error("a blocking call from a thread of the runtime that is to serve it: await it instead")]
    WouldDeadlock,
    /// The runtime, or the scope that the call belongs to, ended before the call gave a value. It ran in part at most,
    /// and not at all where they had ended before.
    #[error("the runtime or the scope of this call ended before it gave a value")]
    Finished,
    /// The portal was stopped and takes no more calls, or its runtime ended before the call gave a value.
    #[error("the portal was stopped before this call gave a value")]
    Stopped,
    /// The scope of the call was cancelled.
    #[error("cancelled: {0}")]
    Cancelled(Cause),
    /// The task panicked.
    #[error("the task failed: {0}")]
    Panicked(Failure),
}

/// Why a task that a thread waited for did not say that it is ready. It has ended.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StartError<T> {
    /// It gave its value instead, its error as a rule: here it is.
    #[error("the task ended without saying that it is ready")]
    Ended(T),
    /// It dropped its token, and was cancelled for that.
    #[error("the task dropped its token without saying that it is ready, and was cancelled")]
    TokenDropped,
    /// It was refused, cancelled from outside, or panicked.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl<T> fmt::Debug for StartError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(_) => f.write_str("Ended(..)"),
            Self::TokenDropped => f.write_str("TokenDropped"),
            Self::Call(error) => f.debug_tuple("Call").field(error).finish(),
        }
    }
}
