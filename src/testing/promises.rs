//! What transports promise, as suites that any implementation is run through.
//!
//! A suite is a list of clauses, each a function about one promise. All of them are run, so that a failure
//! tells everything that is broken; the order is that of the list. After Trio's checks of streams.

#[cfg(feature = "transports")]
mod bytes;
#[cfg(feature = "transports")]
mod listeners;
mod objects;
mod verdict;

#[cfg(feature = "transports")]
pub use bytes::{ByteStreamCheck, check_byte_stream};
#[cfg(feature = "transports")]
pub use listeners::{ListenerCheck, check_listener};
pub use objects::{ObjectStreamCheck, check_object_stream};
pub use verdict::{BrokenPromise, BrokenPromises};
