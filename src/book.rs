//! The chapters of the book, so that every example in them is compiled and run.

#[doc = include_str!("../book/src/structured.md")]
mod structured {}

#[doc = include_str!("../book/src/concurrency.md")]
mod concurrency {}

#[doc = include_str!("../book/src/cancellation.md")]
mod cancellation {}

#[doc = include_str!("../book/src/streams.md")]
mod streams {}

#[doc = include_str!("../book/src/one_to_many.md")]
mod one_to_many {}

#[cfg(feature = "transports")]
#[doc = include_str!("../book/src/wrappers.md")]
mod wrappers {}

#[cfg(feature = "transports")]
#[doc = include_str!("../book/src/serving.md")]
mod serving {}

#[doc = include_str!("../book/src/threads.md")]
mod threads {}

#[doc = include_str!("../book/src/synchronisation.md")]
mod synchronisation {}

#[doc = include_str!("../book/src/supervisors.md")]
mod supervisors {}

#[doc = include_str!("../book/src/choosing.md")]
mod choosing {}

#[doc = include_str!("../book/src/surviving.md")]
mod surviving {}

#[doc = include_str!("../book/src/stopping.md")]
mod stopping {}

#[doc = include_str!("../book/src/from_otp.md")]
mod from_otp {}

#[cfg(feature = "serde")]
#[doc = include_str!("../book/src/specs.md")]
mod specs {}

#[doc = include_str!("../book/src/seeing.md")]
mod seeing {}

#[doc = include_str!("../book/src/actors.md")]
mod actors {}

#[doc = include_str!("../book/src/mailboxes.md")]
mod mailboxes {}

#[doc = include_str!("../book/src/asking.md")]
mod asking {}

#[doc = include_str!("../book/src/from_peers.md")]
mod from_peers {}

#[cfg(feature = "transports")]
#[doc = include_str!("../book/src/transports.md")]
mod transports {}

#[doc = include_str!("../book/src/leases.md")]
mod leases {}

#[doc = include_str!("../book/src/lock_workers.md")]
mod lock_workers {}

#[doc = include_str!("../book/src/root.md")]
mod root {}

#[cfg(feature = "redis")]
#[doc = include_str!("../book/src/redis.md")]
mod redis {}

#[doc = include_str!("../book/src/testing.md")]
mod testing {}

#[cfg(all(feature = "names", feature = "tls"))]
#[doc = include_str!("../book/src/from_anyio.md")]
mod from_anyio {}

#[cfg(feature = "tls")]
#[doc = include_str!("../book/src/tls.md")]
mod tls {}

#[doc = include_str!("../book/src/observing.md")]
mod observing {}

#[doc = include_str!("../book/src/decisions/0002-try-task-group.md")]
mod try_task_group {}

#[doc = include_str!("../book/src/decisions/0005-reopened-mailbox.md")]
mod reopened_mailbox {}

#[doc = include_str!("../book/src/decisions/0010-address-trait.md")]
mod address_trait {}

#[cfg(feature = "transports")]
#[doc = include_str!("../book/src/unix_and_udp.md")]
mod unix_and_udp {}
