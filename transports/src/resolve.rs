//! From names to addresses, and back.

#[cfg(feature = "names")]
mod reverse;

#[cfg(feature = "names")]
pub use reverse::{HostAndService, reverse_lookup};

use crate::{Host, HostError};
use arbour_primitives::scope::Gate;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// Who knows the addresses of names. The system does, unless a [`TcpConnect`](crate::tcp::TcpConnect) is
/// told to ask somebody else.
pub trait Resolve: fmt::Debug + Send + Sync {
    /// The addresses of a name, with this port, the one to be preferred first.
    ///
    /// # Errors
    ///
    /// The name has no address, or nobody can tell.
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> Resolving<'a>;
}

/// The future of [`Resolve::resolve`].
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// The system's resolver, in a thread for blocking work.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

/// The addresses of a host, as the system knows them. An address is its own, and is not looked up.
///
/// # Cancel safety
///
/// Dropped before it is ready, it has no effect; the system's look-up may go on in its thread. In a
/// cancelled scope it does not begin.
///
/// # Errors
///
/// What is given names no host, or the system knows no address of it.
///
/// # Examples
///
/// ```
/// # #[arbour::main]
/// # async fn main() {
/// let found = arbour::transports::lookup("::1", 80).await.unwrap();
/// assert_eq!(found, ["[::1]:80".parse().unwrap()]);
/// # }
/// ```
pub async fn lookup(
    host: impl TryInto<Host, Error: Into<HostError>>,
    port: u16,
) -> io::Result<Vec<SocketAddr>> {
    let host = host.try_into().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.into()))?;
    let mut gate = Gate::new();
    poll_fn(|cx| gate.poll_enter(cx)).await;
    resolve(&SystemResolver, &host, port).await
}

/// The addresses of a host, as this resolver knows them.
pub(crate) async fn resolve(resolver: &dyn Resolve, host: &Host, port: u16) -> io::Result<Vec<SocketAddr>> {
    match (host.socket_address(port), host.name()) {
        (None, Some(name)) => resolver.resolve(name, port).await,
        (address, _) => Ok(address.into_iter().collect()),
    }
}
