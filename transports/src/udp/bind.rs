//! How UDP sockets get their addresses.

use super::{ConnectedUdpSocket, UdpSocket};
use crate::descriptor::open;
use crate::{ConnectError, NotConnected};
use arbour_primitives::scope::Gate;
use rustix::net::{AddressFamily, SocketType, bind, connect, sockopt};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use thiserror::Error;
use tokio::net::{ToSocketAddrs, lookup_host};

/// A UDP socket could not be bound.
#[derive(Debug, Error)]
#[error("cannot bind a UDP socket to {address}: {source}")]
#[non_exhaustive]
pub struct BindUdpError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// The local side of a UDP socket: unless said otherwise any host, and a port that is free.
///
/// # Examples
///
/// ```
/// use arbour::transports::udp::UdpBind;
///
/// # #[arbour::main]
/// # async fn main() {
/// let socket = UdpBind::new().host([127, 0, 0, 1]).bind().unwrap();
/// let client = UdpBind::new().connect(socket.local_address()).await.unwrap();
/// client.send(b"question").await.unwrap();
/// let (question, from) = socket.receive().await.unwrap();
/// assert_eq!(question, "question");
/// socket.send_to(b"answer", from).await.unwrap();
/// assert_eq!(client.receive().await.unwrap(), "answer");
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[must_use = "it binds nothing before `bind` or `connect`"]
pub struct UdpBind {
    host: Option<SocketAddr>,
    port: u16,
    reuse_port: bool,
}

impl UdpBind {
    /// Any host, a port that is free.
    pub fn new() -> Self {
        Self::default()
    }

    /// The local host and port, with the scope of the address if it has one: a link-local address of IPv6 is
    /// none without.
    pub fn address(mut self, address: SocketAddr) -> Self {
        (self.host, self.port) = (Some(address), address.port());
        self
    }

    /// The local host. Without one it is any, of the family of the remote side; of IPv4 if there is none.
    pub fn host(mut self, host: impl Into<IpAddr>) -> Self {
        self.host = Some(SocketAddr::new(host.into(), 0));
        self
    }

    /// The local port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Lets others of the same user bind to the same port who say this too; the system shares out what comes.
    pub fn reuse_port(mut self) -> Self {
        self.reuse_port = true;
        self
    }

    /// A socket that sends to anybody.
    ///
    /// # Errors
    ///
    /// [`BindUdpError`]: the address is taken, is not of this machine, or is not allowed.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind(&self) -> Result<UdpSocket, BindUdpError> {
        let address = self.local(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let socket = self.socket(address).and_then(UdpSocket::new);
        socket.map_err(|source| BindUdpError { address, source })
    }

    /// A socket that is connected to one peer: the first of the remote name's addresses for which it works.
    ///
    /// # Cancel safety
    ///
    /// It waits only while a name is resolved; dropped meanwhile, it has bound nothing. In a cancelled scope
    /// it does not begin.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], with each address that failed.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub async fn connect(
        &self,
        remote: impl ToSocketAddrs + fmt::Debug,
    ) -> Result<ConnectedUdpSocket, ConnectError> {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let target = format!("udp:{remote:?}");
        let failed = |why| ConnectError::new(target, why);
        let remotes = match lookup_host(remote).await {
            Ok(remotes) => remotes,
            Err(error) => return Err(failed(NotConnected::NotResolved(error))),
        };
        let mut failures = Vec::new();
        for remote in remotes {
            match self.connected(remote) {
                Ok(socket) => return Ok(socket),
                Err(error) => failures.push((remote, error)),
            }
        }
        Err(failed(if failures.is_empty() {
            NotConnected::NoAddress
        } else {
            NotConnected::AllFailed(failures)
        }))
    }

    fn connected(&self, remote: SocketAddr) -> io::Result<ConnectedUdpSocket> {
        let any = match remote {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let socket = self.socket(self.local(any))?;
        connect(&socket, &remote)?;
        ConnectedUdpSocket::new(socket)
    }

    /// The address of this side, on any host if none was said.
    fn local(&self, any: IpAddr) -> SocketAddr {
        let mut local = self.host.unwrap_or(SocketAddr::new(any, 0));
        local.set_port(self.port);
        local
    }

    fn socket(&self, address: SocketAddr) -> io::Result<OwnedFd> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = open(family, SocketType::DGRAM)?;
        if self.reuse_port {
            sockopt::set_socket_reuseport(&socket, true)?;
        }
        bind(&socket, &address)?;
        Ok(socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_scope() {
        let address: SocketAddr = "[fe80::1%2]:5353".parse().unwrap();
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        assert_eq!(UdpBind::new().address(address).local(any), address);
        let error = UdpSocket::bind("[fe80::1%4294967295]:0".parse().unwrap()).unwrap_err();
        assert_eq!(error.address.to_string(), "[fe80::1%4294967295]:0");
    }
}
