//! TLS over any byte stream: clients and servers, as wrappers of streams, listeners and ways to connect.
//!
//! - [`ClientConfig`] and [`ServerConfig`] say how; mistakes are told when they are built.
//! - [`TlsConnector`] and [`TlsListener`] wrap a way to connect and a listener; both configurations also
//!   upgrade a stream in use.
//! - [`TlsStream`] is a byte stream; [`attributes`] says what it knows of its peer.
//! - [`TlsError`] says why a handshake failed.
//!
//! It is rustls, through tokio-rustls. No library of cryptography is installed process-wide: each
//! configuration has its own.

pub mod attributes;
mod certificates;
mod client;
mod clients;
mod connector;
mod crypto;
mod ends;
mod error;
mod handshake;
mod host;
mod listener;
mod material;
mod names;
mod records;
mod server;
mod stream;
mod terms;
mod translate;
mod verify;
mod wire;

pub use attributes::TlsVersion;
pub use client::{ClientConfig, ClientConfigBuilder};
pub use connector::TlsConnector;
pub use crypto::Crypto;
pub use error::{CertificateProblem, ConfigError, Refusal, TlsError, TlsSide};
pub use listener::TlsListener;
pub use material::Identity;
pub use names::SubjectNames;
pub use server::{ServerConfig, ServerConfigBuilder};
pub use stream::{TlsStream, Unwrapped};
pub use tokio_rustls::rustls;
