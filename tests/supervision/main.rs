//! Supervisors, as their users see them: one module per subject, nearly all in virtual time.

mod administration;
mod backoff;
mod closures;
mod dropping;
mod flat;
mod gears;
mod incarnation;
mod limits;
mod outside;
mod restart;
mod runtimes;
mod snapshot;
mod start;
mod stop;
mod strategies;
mod support;
mod verdicts;
