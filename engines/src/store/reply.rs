//! What a store answers. Each of these is an outcome that the store knows; what it does not know is an error.
#![expect(
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    reason = "back ends of others build and match these"
)]

use super::fence::Fence;
use super::name::LeaseName;
use std::time::Duration;

/// The answer to an [`acquire`](super::LeaseStore::acquire).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// The lease is one's own, under this fence.
    Granted(Fence),
    /// Somebody else has it.
    Held(Holding),
}

/// The answer to an [`extend`](super::LeaseStore::extend).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extended {
    /// The lease is one's own, under this fence, and lasts longer.
    ///
    /// The fence is another than that of the first grant when an acquire of the same token arrived late, after the
    /// lease had ended: somebody else may have had it in between.
    Confirmed(Fence),
    /// The lease is no more one's own; it is free, or somebody else has it.
    Gone(Option<Holding>),
}

/// The answer to a [`release`](super::LeaseStore::release).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The lease was one's own and is free.
    Now,
    /// There was nothing of one's own to release.
    NotHeld,
}

/// The answer to a [`write`](super::LeaseStore::write).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Everything was written.
    Accepted,
    /// Nothing was written, because the fence is not the newest of the name.
    Refused {
        /// The newest fence, if one was ever granted as far as the store knows.
        newest: Option<Fence>,
    },
}

/// A lease that is held, as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holding {
    /// Which lease.
    pub name: LeaseName,
    /// Who has it, in its own words.
    pub owner: String,
    /// The fence it has it under.
    pub fence: Fence,
    /// For how long it has had it.
    pub age: Duration,
    /// How long it has it yet, unless it is extended or released.
    pub remaining: Duration,
}

/// A value, and the fence under which it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fenced {
    /// What was written.
    pub value: Vec<u8>,
    /// The fence of who wrote it.
    pub fence: Fence,
}
