//! How tasks live and end: deadlines, task groups, supervisors.
//!
//! Users see these items under `arbour::`.
#![forbid(unsafe_code)]

mod failure;
mod group;
mod panic;
mod runtime;
mod timeout;

pub use failure::Failure;
pub use group::{
    GroupError, Ready, StartError, Started, TaskBuilder, TaskError, TaskGroup, TaskHandle, task_group,
    try_task_group,
};
pub use runtime::install;
pub use timeout::{TimedOut, current_deadline, fail_after, fail_at, move_on_after, move_on_at};
