//! Leases with fences, and the stores that hold them: where one machine is not enough.
//!
//! A lease says who may work on something until when; its [`Fence`] makes sure that who works on it any longer does
//! no harm. The store compares: a [`write`](LeaseStore::write) with an older fence is refused, in the same atomic
//! step in which it would have been done.
//!
//! - [`LeaseStore`] is what a back end is. [`AnyLeaseStore`] holds one whose kind is chosen when the program runs.
//! - [`MemoryStore`] is the back end of one process: for tests, which it serves in paused time, and for programs that
//!   need no other.
//! - `SqliteStore` (feature `sqlite`) is one for the processes of one machine: a file. `RedisStore` (feature
//!   `redis`) is one for several machines.
//! - [`Clock`] is what holders of leases count their time by.
//! - [`FaultyStore`] loses and delays requests and replies; [`check_lease_store`] holds the clauses of [`LeaseStore`]
//!   against any back end.
//!
//! Users see these items under `arbour::leases` and `arbour::testing`.
#![forbid(unsafe_code)]

mod assigner;
mod begin;
mod clock;
mod conformance;
mod fault;
mod faulty;
mod leases;
mod machine;
mod memory;
#[cfg(all(unix, feature = "redis"))]
mod redis;
#[cfg(all(unix, feature = "sqlite"))]
mod sqlite;
mod store;
mod times;

pub use assigner::{Assigner, Assignment};
pub use clock::{Clock, Moment};
pub use conformance::{BrokenClause, BrokenClauses, check_lease_store};
pub use faulty::{Fault, FaultyStore};
pub use leases::{HoldError, Lease, LeaseLost, LeaseStatus, Leases, WriteError};
pub use machine::{LeaseState, LossReason};
pub use memory::MemoryStore;
#[cfg(all(unix, feature = "redis"))]
pub use redis::{BadRedis, RedisStore};
#[cfg(all(unix, feature = "sqlite"))]
pub use sqlite::{SqliteOpenError, SqliteStore};
pub use store::{
    Acquired, AnyLeaseStore, BadName, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Operation,
    Released, StoreError, StoreErrorKind, Token, Written,
};
pub use times::{BadTimes, Effects, LeaseTimes};
