//! Supervisors: who is started, in which order, who comes back after a crash, and when to give up.
//!
//! Decisions are pure: [`exit`], [`restart`], [`intensity`], [`backoff`], [`shutdown`] and [`machine`] know no
//! runtime and no clock; time and randomness reach them as arguments.
//! Users see these items under `arbour::`.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod exit;
pub mod intensity;
pub mod machine;
pub mod restart;
pub mod shutdown;
