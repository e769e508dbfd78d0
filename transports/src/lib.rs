//! Streams to the world, with typed attributes.
//!
//! - [`ByteStream`], [`ByteReceive`], [`ByteSend`]: what every byte stream is, whatever carries it.
//! - [`Listener`], [`Connect`]: where streams come from.
//! - [`Buffered`], [`Text`], [`Framed`], [`Stapled`], [`Tee`], [`Timeouts`]: streams made of streams.
//! - [`Foreign`]: a byte stream of what others made.
//! - [`byte_pipe`], [`memory_listener`]: streams and listeners in memory.
//! - [`tcp`]: streams and listeners over TCP.
#![cfg_attr(any(feature = "tls", feature = "tls-aws-lc"), doc = "- [`tls`]: TLS over any byte stream.")]
//! - [`udp`]: datagrams, with and without a peer to whom they are bound.
//! - [`unix`]: streams, packets and datagrams over Unix sockets, with descriptors sent along.
//! - [`readiness`]: waiting for any descriptor.
//!
//! A transport is a stream wrapper: it adds its own attributes (see [`attributes`]) and passes those of
//! what it wraps through. Users see these items under `arbour::transports`.
#![forbid(unsafe_code)]

pub mod attributes;
mod buffered;
mod byte;
mod connect;
mod datagrams;
mod descriptor;
mod error;
mod foreign;
mod forward;
mod framing;
mod from_chunks;
mod host;
mod into_connect;
mod listen;
mod memory;
mod messages;
mod multi;
mod outgoing;
mod peer;
mod polled;
pub mod readiness;
mod resolve;
mod sending;
mod side;
mod socket;
mod stapled;
pub mod tcp;
mod tee;
mod text;
mod timeouts;
#[cfg(any(feature = "tls", feature = "tls-aws-lc"))]
pub mod tls;
pub mod udp;
pub mod unix;

pub use arbour_primitives::attribute::{
    Attribute, AttributeError, Attributes, AttributesExt, Demand, Listed,
};
pub use buffered::{Buffered, ReceiveError, Wanted};
pub use byte::{ByteReceive, ByteReceiveExt, ByteSend, ByteSendExt, ByteStream};
pub use connect::{BoxConnect, Connect, ConnectError, MapConnect, NotConnected};
pub use descriptor::{RefusedDescriptor, UnfitDescriptor};
pub use error::StreamError;
pub use foreign::Foreign;
pub use framing::{
    BadFrame, Chunks, FrameError, Framed, Framing, Head, LengthDelimited, Lines, SendFrameError, chunks,
    length_delimited, lines,
};
pub use from_chunks::{Chunk, FromChunks};
pub use host::{Host, HostError};
pub use into_connect::IntoConnect;
pub use listen::{AcceptError, Accepted, BoxListener, HandshakeError, Listener, MapListener};
pub use memory::{
    BytePipe, BytePipeReceive, BytePipeSend, MemoryConnect, MemoryListener, byte_pipe, memory_listener,
    one_way_pipe,
};
pub use multi::MultiListener;
pub use peer::Peer;
#[cfg(feature = "names")]
pub use resolve::{HostAndService, reverse_lookup};
pub use resolve::{Resolve, Resolving, SystemResolver, lookup};
pub use stapled::{Stapled, StapledError, StapledObjects, StapledReceiveError};
pub use tee::Tee;
pub use text::{BadBytes, Encoding, OnBadBytes, Text, TextError};
pub use timeouts::{Timeouts, TooSlow};
