//! Leases with fences: who may work on what until when, and why one who works on it any longer does no harm.

pub use arbour_engines::{
    Acquired, AnyLeaseStore, Assigner, Assignment, BadName, BadTimes, Clock, Effects, Extended, Fence,
    Fenced, HoldError, Holding, Lease, LeaseLost, LeaseName, LeaseState, LeaseStatus, LeaseStore, LeaseTimes,
    Leases, LossReason, MemoryStore, Moment, Operation, Released, StoreError, StoreErrorKind, Token,
    WriteError, Written,
};
#[cfg(all(unix, feature = "redis"))]
pub use arbour_engines::{BadRedis, RedisStore};
#[cfg(all(unix, feature = "sqlite"))]
pub use arbour_engines::{SqliteOpenError, SqliteStore};
