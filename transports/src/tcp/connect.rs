//! The way to a TCP port of a host, as a value.

use super::race::race;
use super::{KeepAlive, TcpStream};
use crate::resolve::{Resolve, SystemResolver, resolve};
use crate::{Connect, ConnectError, Host, HostError, NotConnected};
use arbour_primitives::scope::Gate;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;

/// How long one attempt has for itself before the next one begins: RFC 8305, section 8.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The way to a TCP port of a host.
///
/// A name may have many addresses, of both families. They are tried after RFC 8305: the families by turns,
/// each 250 ms after the one before, or at once when one has failed. The first connection wins, and all
/// other attempts are closed.
///
/// # Examples
///
/// ```
/// use arbour::transports::Connect;
/// use arbour::transports::tcp::{TcpConnect, TcpListener};
///
/// # #[arbour::main]
/// # async fn main() {
/// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
/// let connect = TcpConnect::to("localhost", listener.local_address().port()).unwrap();
/// let stream = connect.connect().await.unwrap();
///
/// let refused = TcpConnect::to("127.0.0.1", 1).unwrap().connect().await.unwrap_err();
/// assert!(refused.to_string().starts_with("cannot connect to tcp:127.0.0.1:1: 127.0.0.1:1: "));
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "it connects when `connect` is called"]
pub struct TcpConnect<D = TcpDial> {
    host: Host,
    port: u16,
    resolver: Arc<dyn Resolve>,
    attempt_delay: Duration,
    dial: D,
}

/// How one address is dialled: the system does it, unless a [`TcpConnect`] is told to go another way, such
/// as through a proxy, or into a network that a test has made up.
pub trait Dial: Send + Sync {
    /// What a connection is.
    type Stream: Send + 'static;

    /// Connects to this address, and to no other.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the attempt is closed.
    ///
    /// # Errors
    ///
    /// It cannot be reached, or what is made ready afterwards failed.
    fn dial(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl TcpConnect {
    /// The way to this port of a host: a name, or an address.
    ///
    /// # Errors
    ///
    /// [`HostError`]: this is no name of a host.
    pub fn to(host: impl TryInto<Host, Error: Into<HostError>>, port: u16) -> Result<Self, HostError> {
        Ok(Self {
            host: host.try_into().map_err(Into::into)?,
            port,
            resolver: Arc::new(SystemResolver),
            attempt_delay: ATTEMPT_DELAY,
            dial: TcpDial::default(),
        })
    }

    /// From which address of this machine; without, the system chooses one.
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.dial.local_address = Some(address);
        self
    }

    /// From which port of this machine; without, the system chooses one that is free.
    pub fn from_port(mut self, port: u16) -> Self {
        self.dial.local_port = port;
        self
    }

    /// Asks a silent peer whether it is still there.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.dial.keep_alive = Some(keep_alive);
        self
    }

    /// Small sends wait for others to go with, where what was sent before is not acknowledged: more
    /// throughput, and more delay. Without, they go at once.
    pub fn delay_small_sends(mut self) -> Self {
        self.dial.delays = true;
        self
    }
}

impl<D> TcpConnect<D> {
    /// The host, as it was given.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whom to ask for the addresses of the name.
    pub fn resolver(mut self, resolver: impl Resolve + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// How long an attempt has for itself before the next one begins; 250 ms at first.
    pub fn attempt_delay(mut self, delay: Duration) -> Self {
        self.attempt_delay = delay;
        self
    }

    /// Dials addresses in another way.
    pub fn dial<E>(self, dial: E) -> TcpConnect<E> {
        let Self { host, port, resolver, attempt_delay, dial: _ } = self;
        TcpConnect { host, port, resolver, attempt_delay, dial }
    }
}

impl<D: Dial> TcpConnect<D> {
    async fn connected(&self) -> Result<D::Stream, NotConnected> {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let addresses = resolve(&*self.resolver, &self.host, self.port).await;
        let addresses = addresses.map_err(NotConnected::NotResolved)?;
        if addresses.is_empty() {
            return Err(NotConnected::NoAddress);
        }
        race(&self.dial, addresses, self.attempt_delay).await.map_err(NotConnected::AllFailed)
    }
}

impl<D: Dial> Connect for TcpConnect<D> {
    type Stream = D::Stream;

    async fn connect(&self) -> Result<D::Stream, ConnectError> {
        self.connected().await.map_err(|why| ConnectError::new(self.to_string(), why))
    }

    fn host_name(&self) -> Option<&str> {
        Some(self.host.as_str())
    }
}

impl<D> fmt::Display for TcpConnect<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.socket_address(self.port) {
            Some(address) => write!(f, "tcp:{address}"),
            None => write!(f, "tcp:{}:{}", self.host, self.port),
        }
    }
}

/// Dials addresses by the system's TCP.
#[derive(Debug, Clone, Default)]
pub struct TcpDial {
    local_address: Option<IpAddr>,
    local_port: u16,
    keep_alive: Option<KeepAlive>,
    delays: bool,
}

impl Dial for TcpDial {
    type Stream = TcpStream;

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(local) = self.local(address) {
            // A connection that ended here a moment ago does not keep its port from the next one.
            socket.set_reuseaddr(true)?;
            socket.bind(local)?;
        }
        let stream = socket.connect(address).await?;
        if let Some(keep_alive) = self.keep_alive {
            keep_alive.apply(&stream)?;
        }
        Ok(TcpStream::with(stream, !self.delays))
    }
}

impl TcpDial {
    /// Where the socket is bound: a port without an address is one of all addresses of the peer's family.
    fn local(&self, peer: SocketAddr) -> Option<SocketAddr> {
        let everywhere = match peer {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let wanted = self.local_address.is_some() || self.local_port != 0;
        wanted.then(|| SocketAddr::new(self.local_address.unwrap_or(everywhere), self.local_port))
    }
}
