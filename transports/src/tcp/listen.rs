//! How to listen on TCP ports.

use super::{TcpListener, TcpStream};
use crate::{BoxListener, MultiListener};
use rustix::net::{self, AddressFamily, SocketType, sockopt};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use thiserror::Error;

/// How often several sockets try to get one free port for all of them.
const TRIES: u32 = 10;

/// How to listen on TCP ports.
///
/// A port whose last connections have just ended can be bound again at once.
///
/// # Examples
///
/// ```
/// use arbour::transports::tcp::{TcpListen, TcpStream};
/// use arbour::transports::{AttributesExt, Listener, attributes::LocalAddress};
///
/// # #[arbour::main]
/// # async fn main() {
/// let mut listener = TcpListen::new().backlog(16).bind_everywhere(0).unwrap();
/// let port = listener.attribute::<LocalAddress>().unwrap().port();
/// let client = TcpStream::connect(([127, 0, 0, 1], port).into()).await.unwrap();
/// let server = listener.accept().await.unwrap().establish().await.unwrap();
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "it listens when something is bound"]
pub struct TcpListen {
    backlog: u16,
    share_port: bool,
    dual_stack: bool,
}

/// Nothing was bound.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TcpBindError {
    /// The address is taken, is not of this machine, or is not allowed.
    #[error("cannot listen on {address}: {source}")]
    #[non_exhaustive]
    Refused {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Each port that was free on one address was taken on another.
    #[error("no port is free on each of {addresses:?}: tried {tries} times, and last {last}")]
    #[non_exhaustive]
    NoCommonPort {
        /// All addresses.
        addresses: Vec<SocketAddr>,
        /// How often it was tried.
        tries: u32,
        /// The last failure.
        #[source]
        last: Box<Self>,
    },
    /// No address was given.
    #[error("no address to listen on was given")]
    NoAddress,
}

impl Default for TcpListen {
    fn default() -> Self {
        Self::new()
    }
}

impl TcpListen {
    /// Listens as is usual.
    pub fn new() -> Self {
        Self { backlog: 1024, share_port: false, dual_stack: false }
    }

    /// How many connections wait to be accepted before more are turned away; 1024 unless said. The system
    /// has a limit of its own.
    pub fn backlog(mut self, backlog: u16) -> Self {
        self.backlog = backlog;
        self
    }

    /// Lets several listeners of one user share a port: the system gives each connection to one of them.
    /// All of them must ask for it.
    pub fn share_port(mut self) -> Self {
        self.share_port = true;
        self
    }

    /// Lets an IPv6 listener on all addresses take IPv4 connections too: then IPv4 can have no listener of its
    /// own on the same port. Without, it takes none.
    pub fn dual_stack(mut self) -> Self {
        self.dual_stack = true;
        self
    }

    /// Listens on one address; port 0 is one that is free.
    ///
    /// # Errors
    ///
    /// [`TcpBindError::Refused`].
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind(&self, address: SocketAddr) -> Result<TcpListener, TcpBindError> {
        let bound = self.listening(address).and_then(TcpListener::adopted);
        bound.map_err(|source| TcpBindError::Refused { address, source })
    }

    /// Listens on all addresses of this machine, IPv6 and IPv4, on one port; port 0 is one that is free for
    /// both. A machine without IPv6 has only IPv4. With [`dual_stack`](Self::dual_stack) it is one listener for
    /// both.
    ///
    /// # Errors
    ///
    /// [`TcpBindError`].
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind_everywhere(&self, port: u16) -> Result<MultiListener<TcpStream>, TcpBindError> {
        let (v6, v4) = ((Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into());
        let both = if self.dual_stack { &[v6][..] } else { &[v6, v4] };
        match self.bind_all(both) {
            Err(error) if error.lacks_family() => self.bind_all(&[v4]),
            bound => bound,
        }
    }

    /// Listens on several addresses. Those with port 0 get one port for all of them; where another program
    /// has it on one of the addresses, all is closed and another port is tried, at most 10 times.
    ///
    /// # Errors
    ///
    /// [`TcpBindError`]: nothing is bound.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn bind_all(&self, addresses: &[SocketAddr]) -> Result<MultiListener<TcpStream>, TcpBindError> {
        let bound = bind_together(addresses, |address| self.bind(address), TcpListener::local_address)?;
        Ok(bound.into_iter().map(BoxListener::new).collect())
    }

    fn listening(&self, address: SocketAddr) -> io::Result<OwnedFd> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = crate::descriptor::open(family, SocketType::STREAM)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        if self.share_port {
            sockopt::set_socket_reuseport(&socket, true)?;
        }
        if address.is_ipv6() {
            sockopt::set_ipv6_v6only(&socket, !self.dual_stack)?;
        }
        net::bind(&socket, &address)?;
        net::listen(&socket, self.backlog.into())?;
        Ok(socket)
    }
}

impl TcpBindError {
    fn is_taken(&self) -> bool {
        matches!(self, Self::Refused { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }

    /// Whether this machine does not have the family of the address, or no address of it.
    fn lacks_family(&self) -> bool {
        let codes = [libc::EAFNOSUPPORT, libc::EPROTONOSUPPORT, libc::EADDRNOTAVAIL];
        let code = match self {
            Self::Refused { address, source } if address.is_ipv6() => source.raw_os_error(),
            _ => None,
        };
        code.is_some_and(|code| codes.contains(&code))
    }
}

/// With the kind of what the system said.
impl From<TcpBindError> for io::Error {
    fn from(error: TcpBindError) -> Self {
        let kind = match &error {
            TcpBindError::Refused { source, .. } => source.kind(),
            TcpBindError::NoCommonPort { .. } => io::ErrorKind::AddrInUse,
            TcpBindError::NoAddress => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

/// Binds all addresses, those with port 0 to one port.
fn bind_together<L>(
    addresses: &[SocketAddr],
    bind: impl Fn(SocketAddr) -> Result<L, TcpBindError>,
    address_of: impl Fn(&L) -> SocketAddr,
) -> Result<Vec<L>, TcpBindError> {
    if addresses.is_empty() {
        return Err(TcpBindError::NoAddress);
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let mut chosen = 0;
        let bound = addresses.iter().map(|address| {
            let mut wanted = *address;
            if wanted.port() == 0 {
                wanted.set_port(chosen);
            }
            let shares = wanted.port() == chosen && chosen != 0;
            let listener = bind(wanted).map_err(|error| (error, shares))?;
            if address.port() == 0 {
                chosen = address_of(&listener).port();
            }
            Ok(listener)
        });
        match bound.collect::<Result<Vec<L>, (TcpBindError, bool)>>() {
            Ok(bound) => return Ok(bound),
            Err((error, true)) if error.is_taken() => {
                if tries == TRIES {
                    let addresses = addresses.to_vec();
                    return Err(TcpBindError::NoCommonPort { addresses, tries, last: Box::new(error) });
                }
            }
            Err((error, _)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    //! One port for several sockets, where others have some of them.

    use super::{TRIES, TcpBindError, TcpListen, bind_together};
    use crate::attributes::LocalAddress;
    use crate::tcp::TcpStream;
    use crate::{AttributesExt, Listener};
    use futures::future::join;
    use std::cell::RefCell;
    use std::io::{self, ErrorKind};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

    /// A machine that gives out the ports 1001, 1002, … and where some addresses are taken.
    struct Machine {
        given: RefCell<u16>,
        open: RefCell<Vec<SocketAddr>>,
        taken: fn(SocketAddr) -> bool,
    }

    struct Bound<'a>(&'a Machine, SocketAddr);

    impl Drop for Bound<'_> {
        fn drop(&mut self) {
            self.0.open.borrow_mut().retain(|open| *open != self.1);
        }
    }

    impl Machine {
        fn new(taken: fn(SocketAddr) -> bool) -> Self {
            Self { given: RefCell::new(1000), open: RefCell::default(), taken }
        }

        fn bind(&self, mut address: SocketAddr) -> Result<Bound<'_>, TcpBindError> {
            if address.port() == 0 {
                *self.given.borrow_mut() += 1;
                address.set_port(*self.given.borrow());
            }
            if (self.taken)(address) {
                let source = io::Error::from(ErrorKind::AddrInUse);
                return Err(TcpBindError::Refused { address, source });
            }
            self.open.borrow_mut().push(address);
            Ok(Bound(self, address))
        }

        fn bind_all(&self, addresses: &[&str]) -> Result<Vec<SocketAddr>, TcpBindError> {
            let addresses: Vec<SocketAddr> =
                addresses.iter().map(|address| address.parse().unwrap()).collect();
            let bound = bind_together(&addresses, |address| self.bind(address), |bound| bound.1)?;
            assert_eq!(self.open.borrow().len(), bound.len(), "what collided is closed");
            Ok(bound.iter().map(|bound| bound.1).collect())
        }
    }

    #[test]
    fn a_port_that_is_taken_on_the_second_address_is_given_back_and_another_is_tried() {
        let machine = Machine::new(|address| address.is_ipv4() && address.port() < 1004);
        let bound = machine.bind_all(&["[::]:0", "0.0.0.0:0"]).unwrap();
        assert_eq!(bound, ["[::]:1004".parse().unwrap(), "0.0.0.0:1004".parse().unwrap()]);
    }

    #[test]
    fn it_is_given_up_after_ten_tries() {
        let machine = Machine::new(|address| address.is_ipv4());
        let error = machine.bind_all(&["[::]:0", "0.0.0.0:0"]).unwrap_err();
        assert!(matches!(error, TcpBindError::NoCommonPort { tries: TRIES, .. }), "{error}");
        assert_eq!((*machine.given.borrow(), machine.open.borrow().len()), (1010, 0));
    }

    #[test]
    fn a_port_that_was_asked_for_is_not_tried_twice() {
        let machine = Machine::new(|address| address.port() == 80);
        for addresses in [&["[::]:0", "0.0.0.0:80"][..], &["[::]:80", "0.0.0.0:80"]] {
            let error = machine.bind_all(addresses).unwrap_err();
            assert!(matches!(error, TcpBindError::Refused { .. }), "{error}");
        }
        assert_eq!((*machine.given.borrow(), machine.open.borrow().len()), (1001, 0));
    }

    #[test]
    fn no_address_is_refused() {
        let error = Machine::new(|_| false).bind_all(&[]).unwrap_err();
        assert!(matches!(error, TcpBindError::NoAddress), "{error}");
    }

    #[test]
    fn one_listener_of_both_families_is_enough_for_everywhere() {
        arbour::testing::block_on(async {
            let mut listener = TcpListen::new().dual_stack().bind_everywhere(0).unwrap();
            let port = listener.attribute::<LocalAddress>().unwrap().port();
            for host in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
                let connecting = TcpStream::connect((host, port).into());
                let (connected, accepted) = join(connecting, listener.accept()).await;
                connected.unwrap();
                accepted.unwrap();
            }
        });
    }
}
