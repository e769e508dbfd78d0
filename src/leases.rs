//! Leases with fences: who may work on what until when, and why one who works on it any longer does no harm.

pub use arbour_engines::{
    Acquired, AnyLeaseStore, BadName, Clock, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore,
    MemoryStore, Moment, Operation, Released, StoreError, StoreErrorKind, Token, Written,
};
