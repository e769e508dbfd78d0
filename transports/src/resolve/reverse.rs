//! From addresses to names.

use arbour_primitives::scope::Gate;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;

/// What an address and a port are called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostAndService {
    /// The host's name, or its address where it has none.
    pub host: String,
    /// The service's name, or the port where it has none.
    pub service: String,
}

/// What an address and its port are called, as the system knows it. It is asked in a thread for blocking work.
///
/// # Cancel safety
///
/// Dropped before it is ready, it has no effect; the system's look-up may go on in its thread. In a
/// cancelled scope it does not begin.
///
/// # Errors
///
/// The system cannot tell.
///
/// # Examples
///
/// ```no_run
/// # #[arbour::main]
/// # async fn main() {
/// let found = arbour::transports::reverse_lookup("127.0.0.1:80".parse().unwrap()).await.unwrap();
/// assert_eq!((found.host.as_str(), found.service.as_str()), ("localhost", "http"));
/// # }
/// ```
pub async fn reverse_lookup(address: SocketAddr) -> io::Result<HostAndService> {
    let mut gate = Gate::new();
    poll_fn(|cx| gate.poll_enter(cx)).await;
    let asked = tokio::task::spawn_blocking(move || dns_lookup::getnameinfo(&address, 0));
    let (host, service) = asked.await.map_err(io::Error::other)?.map_err(io::Error::from)?;
    Ok(HostAndService { host, service })
}
