//! Supervisors, as their users see them: one module per subject, nearly all in virtual time.

mod administration;
mod backoff;
mod closures;
mod deadlines;
mod dropping;
mod events;
mod flat;
mod gears;
mod incarnation;
mod limits;
mod outside;
mod own_thread;
mod readiness;
#[path = "../structured/recorder.rs"]
mod recorder;
mod reporting;
mod restart;
mod runtimes;
mod snapshot;
#[cfg(feature = "serde")]
mod specs;
mod start;
mod state;
mod stop;
mod strategies;
mod support;
mod verdicts;
mod waiting_for_itself;
