//! Actors under supervisors, where every supervisor is a task group.
//!
//! [book]: https://github.com/arbour-rs/arbour/blob/main/book/src/introduction.md
//! [architecture]: https://github.com/arbour-rs/arbour/blob/main/ARCHITECTURE.md
//! [contributing]: https://github.com/arbour-rs/arbour/blob/main/CONTRIBUTING.md
//! [compare]: https://github.com/arbour-rs/arbour/blob/main/COMPARE.md
//! [changelog]: https://github.com/arbour-rs/arbour/blob/main/CHANGELOG.md
//! [security]: https://github.com/arbour-rs/arbour/blob/main/SECURITY.md
//! [mit]: https://github.com/arbour-rs/arbour/blob/main/LICENSE-MIT
//! [apache]: https://github.com/arbour-rs/arbour/blob/main/LICENSE-APACHE
//!
// One text for both readers: of a link's two definitions Markdown takes the first.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "private.rs"]
#[allow(missing_docs, reason = "no part of the interface")]
pub mod __private;
mod actor;
#[cfg(doctest)]
mod book;
mod contain;
pub mod leases;
mod news;
mod process_groups;
mod registry;
mod root;
#[cfg(feature = "transports")]
mod serve;
pub mod sync;
pub mod testing;

pub use arbour_macros::{actor, main, test};
pub use root::{Root, RootOutcome, Signal, run};

pub use actor::{
    Actor, ActorSpec, ActorStatus, Address, AskError, AskMany, BlockingAddress, Circle, Context, Down,
    Interval, Mailbox, MissedTicks, Monitor, NoQuorum, OnRestart, Overflow, PendingReply, Progress,
    Recipient, Redelivery, Reply, StopError, StopReason, Tell, TellError, Undelivered, WeakAddress, ask_many,
    run_actor, spawn_actor,
};
#[cfg(feature = "diagnostics")]
pub use actor::{report_deep_mailboxes_at, report_slow_handlers_after};
pub use process_groups::{GroupEvent, JoinError, NotJoined, ProcessGroups};
pub use registry::{LookupError, RegisterError, Registry, RegistryEvent, UpdateError};

pub use arbour_primitives::attribute;
pub use arbour_primitives::scope::{
    AllFailed, FirstOk, JoinAll, NothingToRace, Race, Raced, TryJoinAll, first_ok, join_all, race,
    try_join_all,
};
pub use arbour_primitives::scope::{
    Cancelled, Catch, Cause, Origin, Scope, ScopeHandle, Shield, UntilCancelled, UntilStopping, cancelled,
    catch_cancel, clean_up, defer, shield, stopping,
};
pub use arbour_primitives::scope::{Kind as TaskKind, Stage as TaskStage};
pub use arbour_primitives::scope::{cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled};
pub use arbour_primitives::stream;
pub use arbour_primitives::{join, race, try_join};
pub use arbour_supervisor::Kept;
pub use arbour_supervisor::backoff::{Backoff, BackoffError};
pub use arbour_supervisor::bridge;
pub use arbour_supervisor::directive::Directive;
pub use arbour_supervisor::exit::{Exit, ExitKind};
pub use arbour_supervisor::intensity::{Exhausted, RestartLimit, ZeroPeriod};
pub use arbour_supervisor::machine::{
    BrokenLimit, CallError, ChildId, ChildKind, ChildPolicy, Config as SupervisorConfig, Counts,
    Ended as ChildEnded, Incarnation, Next as NextStep, Outcome as SupervisorOutcome, SlotKey, SlotState,
    SpecError, StartedBy, StopCause, StopGear,
};
pub use arbour_supervisor::restart::Restart;
pub use arbour_supervisor::shutdown::Shutdown;
pub use arbour_supervisor::significance::AutoShutdown;
pub use arbour_supervisor::strategy::{StopOrder, Strategy};
pub use arbour_supervisor::thread;
pub use arbour_supervisor::{
    AsCompleted, Completed, LocalGroup, LocalTaskBuilder, MapConcurrent, as_completed, clean_up_local,
    defer_local, for_each_concurrent, gather, local_group, map_concurrent,
};
#[cfg(feature = "serde")]
pub use arbour_supervisor::{
    BindError, BoundSpec, ChildEntry, SpecProblem, SpecRefusal, SpecRefused, SupervisorSpec,
};
pub use arbour_supervisor::{
    CancelScope, ChildContext, ChildInfo, ChildRef, ChildSnapshot, ChildSpec, ChildStart, Happened, Refused,
    StartInfo, SupervisionEvent, Supervisor, SupervisorBuilder, SupervisorError, SupervisorHandle,
    SupervisorSnapshot, Unfit,
};
pub use arbour_supervisor::{
    DynamicSupervisor, DynamicSupervisorBuilder, DynamicSupervisorHandle, NoPartitions, PartitionError,
    PartitionSupervisor, PartitionSupervisorBuilder, PartitionSupervisorHandle, RefusedArgument, ResizeError,
};
pub use arbour_supervisor::{
    Failure, GroupError, Ready, StartError, Started, TaskBuilder, TaskError, TaskGroup, TaskHandle,
    TaskState, TimedOut, current_deadline, fail_after, fail_at, move_on_after, move_on_at, task_group,
    try_task_group,
};
pub use arbour_supervisor::{GaveUp, RetryError, RetryPolicy, retry, retry_if};
pub use arbour_supervisor::{GroupStatistics, TaskInfo, TaskTree, tasks};
pub use arbour_supervisor::{Scoped, ScopedValue, Unset, scoped_value};
#[cfg(feature = "transports")]
pub use arbour_transports as transports;
#[cfg(feature = "transports")]
pub use serve::{Handled, Serve, ServeError, ServeHandle, ServeStatistics, serve};
