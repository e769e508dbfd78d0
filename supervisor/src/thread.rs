//! Threads: blocking functions beside asynchronous code, the way back, and portals for programs without any.
//!
//! - [`run_sync`] runs a blocking function on a thread and waits for it; [`call`] chooses a limiter, or lets a
//!   cancelled caller go at once.
//! - In such a thread, [`check_cancelled`] tells whether the caller was cancelled, and [`block_on`] runs
//!   asynchronous code under the caller's scope. A thread of another kind does it through a [`RuntimeHandle`].
//! - A [`Portal`] lets synchronous code start and await tasks, in a runtime that is there or in one of its own.
//!
//! What an abandoned call leaves behind is counted: [`abandoned`] lists it.
//!
//! In paused time a thread counts as busy until its function returns, also while it blocks for the runtime: a timer
//! that it waits for then never comes.

mod abandoned;
mod attendance;
mod blocking;
mod call;
mod caught;
mod context;
mod error;
mod portal;
mod runtime_handle;

pub use abandoned::{AbandonedCall, abandoned};
#[doc(hidden)]
pub use blocking::block_thread;
pub use call::{CallBuilder, OnCancel, call, default_limiter, run_sync};
pub use context::{block_on, check_cancelled, is_cancelled, run_in_runtime};
pub use error::{CallError, StartError, ThreadError};
pub use portal::{
    Held, Hold, Portal, PortalBuilder, PortalProvider, PortalReady, PortalTask, PortalThread, SharedPortal,
};
pub use runtime_handle::RuntimeHandle;
