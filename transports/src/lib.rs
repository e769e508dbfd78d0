//! Streams to the world, with typed attributes.
//!
//! - [`ByteStream`], [`ByteReceive`], [`ByteSend`]: what every byte stream is, whatever carries it.
//! - [`Listener`], [`Connect`]: where streams come from.
//! - [`byte_pipe`], [`memory_listener`]: both in memory.
//! - [`tcp`]: streams and listeners over TCP.
#![cfg_attr(any(feature = "tls", feature = "tls-aws-lc"), doc = "- [`tls`]: TLS over any byte stream.")]
//! - [`unix`]: the same over Unix sockets, with descriptors sent along.
//!
//! A transport is a stream wrapper: it adds its own attributes (see [`attributes`]) and passes those of
//! what it wraps through. Users see these items under `arbour::transports`.
#![forbid(unsafe_code)]

pub mod attributes;
mod byte;
mod connect;
mod descriptor;
mod error;
mod host;
mod into_connect;
mod listen;
mod memory;
mod multi;
mod peer;
mod polled;
mod resolve;
mod side;
mod socket;
pub mod tcp;
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
pub mod tls;
pub mod unix;

pub use arbour_primitives::attribute::{
    Attribute, AttributeError, Attributes, AttributesExt, Demand, Listed,
};
pub use byte::{ByteReceive, ByteReceiveExt, ByteSend, ByteSendExt, ByteStream};
pub use connect::{BoxConnect, Connect, ConnectError, NotConnected};
pub use descriptor::{RefusedDescriptor, UnfitDescriptor};
pub use error::StreamError;
pub use host::{Host, HostError};
pub use into_connect::IntoConnect;
pub use listen::{AcceptError, Accepted, BoxListener, HandshakeError, Listener};
pub use memory::{BytePipe, MemoryConnect, MemoryListener, byte_pipe, memory_listener};
pub use multi::MultiListener;
pub use peer::Peer;
#[cfg(feature = "names")]
pub use resolve::{HostAndService, reverse_lookup};
pub use resolve::{Resolve, Resolving, SystemResolver, lookup};
