//! How tasks live and end: deadlines, task groups, supervisors.
//!
//! What is decided (`exit`, `directive`, `restart`, `intensity`, `backoff`, `shutdown`, `strategy`, `significance`,
//! `machine`) is decided by pure functions of what happened and when; what is done is done by one driver.
//!
//! - [`move_on_after`], [`fail_after`] and their kin are scopes with a deadline.
//! - [`task_group`] and [`try_task_group`] end when their body and all their children have.
//! - [`retry`] tries again with the supervisors' back-off, as long as the scope's deadline allows.
//! - A [`Condition`] waits for a change of what a lock of tokio's guards.
//! - [`scoped_value!`] declares values that children inherit.
//! - [`gather`], [`map_concurrent`], [`as_completed`] are children over collections; [`local_group`] is for
//!   futures that are not `Send`; [`bridge`] leads to tokens and tasks of others.
//! - A [`Supervisor`] is such a group, whose children have restart policies; [`machine`] decides for it.
//!
//! Users see these items under `arbour::`.
#![forbid(unsafe_code)]

// The model of `fuzz/` is compiled into the tests of the machine, under the names that it has outside.
#[cfg(test)]
extern crate self as arbour_supervisor;

pub mod backoff;
pub mod bridge;
mod carried;
mod child;
mod concurrent;
mod condition;
pub mod directive;
mod dynamic;
pub mod exit;
mod failure;
mod fault;
mod group;
pub mod intensity;
mod kept;
mod local;
pub mod machine;
mod panic;
mod partition;
pub mod restart;
mod retry;
mod runtime;
mod scope;
pub mod shutdown;
pub mod significance;
#[doc(hidden)]
pub mod simulation;
mod spawn;
#[cfg(feature = "serde")]
mod spec;
mod storm;
pub mod strategy;
mod supervisor;
mod tasks;
pub mod thread;
mod timeout;
mod values;

pub use child::{ChildContext, ChildSpec};
pub use concurrent::{
    AsCompleted, Completed, MapConcurrent, as_completed, for_each_concurrent, gather, map_concurrent,
};
pub use condition::{Condition, ConditionStatistics, LockGuard};
pub use dynamic::{DynamicSupervisor, DynamicSupervisorBuilder, DynamicSupervisorHandle, RefusedArgument};
pub use failure::Failure;
#[doc(hidden)]
pub use group::in_own_scope;
pub use group::{
    GroupError, GroupStatistics, Ready, StartError, Started, TaskBuilder, TaskError, TaskGroup, TaskHandle,
    TaskState, task_group, try_task_group,
};
pub use kept::Kept;
pub use local::{LocalGroup, LocalTaskBuilder, clean_up_local, defer_local, local_group};
pub use partition::{
    NoPartitions, PartitionError, PartitionSupervisor, PartitionSupervisorBuilder, PartitionSupervisorHandle,
    ResizeError,
};
pub use retry::{GaveUp, RetryError, RetryPolicy, retry, retry_if};
pub use runtime::install;
pub use scope::CancelScope;
#[cfg(feature = "serde")]
pub use spec::{BindError, BoundSpec, ChildEntry, SpecProblem, SpecRefusal, SpecRefused, SupervisorSpec};
pub use supervisor::{
    ChildInfo, ChildRef, ChildSnapshot, ChildStart, Happened, Refused, StartInfo, SupervisionEvent,
    Supervisor, SupervisorBuilder, SupervisorError, SupervisorHandle, SupervisorSnapshot, Unfit,
};
pub use tasks::{TaskInfo, TaskTree, tasks};
pub use timeout::{TimedOut, current_deadline, fail_after, fail_at, move_on_after, move_on_at};
#[doc(hidden)]
pub use values::Key as ValueKey;
pub use values::{Scoped, ScopedValue, Unset};
