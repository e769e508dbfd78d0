//! Task groups for futures that are not `Send`: their children run on the thread of whoever awaits the
//! group.
//!
//! The children are tasks of a tokio `LocalSet`, so that each has an identity and a budget of its own, as
//! the rules for the current scope ask; an executor of ours could offer nothing more. The outermost local
//! group of a thread makes that set and polls it: the *driver*. Groups inside of it spawn onto the same
//! driver, so that their children outlive a drop by foreign code, are cancelled, and end in order, like
//! those of any group. When the driver itself is dropped, what is not `Send` is dropped with it, and
//! reported.

mod clean_up;
mod driver;
mod group;

pub use clean_up::{clean_up_local, defer_local};
pub(crate) use group::run_in;
pub use group::{LocalGroup, LocalTaskBuilder, local_group};
