//! UDP sockets, connected to one peer and not.

use crate::descriptors::{OpenSocket, poll_in_own_turn};
use crate::support::soon;
use arbour::testing::wait_all_tasks_blocked;
use arbour::transports::attributes::{AddressFamily, Family, LocalAddress, RemoteAddress};
use arbour::transports::udp::{ConnectedUdpSocket, DatagramError, UdpBind, UdpSocket};
use arbour::transports::unix::ConnectedUnixDatagram;
use arbour::transports::{AttributeError, AttributesExt, UnfitDescriptor};
use arbour::{CancelScope, checkpoint, move_on_after};
use futures::StreamExt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn local() -> UdpSocket {
    UdpSocket::bind(ANY_PORT).unwrap()
}

async fn connected_to(socket: &UdpSocket) -> ConnectedUdpSocket {
    UdpBind::new().host(Ipv4Addr::LOCALHOST).connect(socket.local_address()).await.unwrap()
}

/// A pair of datagram sockets of which one has no room to send.
///
/// Over the loopback a UDP datagram is at its receiver before its send returns, so that a UDP socket is
/// never full there. Unix datagrams go through the same code, and their sockets do get full.
async fn full() -> (Arc<ConnectedUnixDatagram>, ConnectedUnixDatagram, usize) {
    let (one, other) = ConnectedUnixDatagram::pair().unwrap();
    let mut taken = 0;
    while poll_in_own_turn(one.send(&[0; 1000])).await.is_ready() {
        taken += 1;
    }
    (Arc::new(one), other, taken)
}

mod anyio_sockets {
    use super::*;

    #[arbour::test]
    async fn udpsocket_extra_attributes() {
        let socket = local();
        assert_eq!(socket.attribute::<LocalAddress>(), Some(socket.local_address()));
        assert_eq!(socket.attribute::<Family>(), Some(AddressFamily::V4));
        assert!(matches!(socket.require::<RemoteAddress>(), Err(AttributeError::Missing { .. })));
    }

    #[arbour::test]
    async fn udpsocket_send_receive() {
        for host in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
            let address = SocketAddr::new(host, 0);
            let (one, other) = (UdpSocket::bind(address).unwrap(), UdpSocket::bind(address).unwrap());
            one.send_to(b"packet", other.local_address()).await.unwrap();
            let (packet, from) = soon(other.receive()).await.unwrap();
            assert_eq!((&*packet, from), (&b"packet"[..], one.local_address()));
        }
    }

    #[arbour::test]
    async fn udpsocket_iterate() {
        let (one, mut other) = (local(), local());
        for packet in ["first", "", "last"] {
            one.send_to(packet.as_bytes(), other.local_address()).await.unwrap();
        }
        for packet in ["first", "", "last"] {
            let (received, from) = soon(other.next()).await.unwrap().unwrap();
            assert_eq!((&*received, from), (packet.as_bytes(), one.local_address()));
        }
        other.close();
        assert!(soon(other.next()).await.is_none());
    }

    #[arbour::test]
    async fn udpsocket_reuse_port() {
        let bind = UdpBind::new().host(Ipv4Addr::LOCALHOST).reuse_port();
        let first = bind.bind().unwrap();
        let port = first.local_address().port();
        let second = bind.port(port).bind().unwrap();
        assert_eq!(second.local_address(), first.local_address());
        let refused = UdpSocket::bind(first.local_address()).unwrap_err().to_string();
        let expected =
            format!("cannot bind a UDP socket to {}: Address already in use", first.local_address());
        assert!(refused.starts_with(&expected), "{refused}");
    }

    #[arbour::test]
    async fn udpsocket_concurrent_receive() {
        let (one, other) = (local(), Arc::new(local()));
        let first = Arc::clone(&other);
        let receiving = tokio::spawn(async move { first.receive().await.unwrap().0 });
        wait_all_tasks_blocked().await;
        let Err(DatagramError::Busy(busy)) = other.receive().await else { panic!("two receive at a time") };
        assert_eq!(busy.action, "receiving from this UDP socket");
        one.send_to(b"for the first", other.local_address()).await.unwrap();
        assert_eq!(soon(receiving).await.unwrap(), "for the first");
    }

    #[arbour::test]
    async fn udpsocket_aclose_in_cancelled_scope_raises_cancelled_exc() {
        let socket = local();
        let open = OpenSocket::of(&socket);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let ended = scope.run(async {
            handle.cancel("enough");
            socket.close();
            assert!(!open.is_open());
            checkpoint().await;
            unreachable!("the scope is cancelled");
        });
        assert!(ended.await.is_err());
    }

    #[arbour::test]
    async fn udpsocket_receive_after_close() {
        let socket = local();
        socket.close();
        assert!(matches!(socket.receive().await, Err(DatagramError::Closed)));
    }

    #[arbour::test]
    async fn udpsocket_send_after_close() {
        let (socket, other) = (local(), local());
        socket.close();
        let refused = socket.send_to(b"x", other.local_address()).await;
        assert!(matches!(refused, Err(DatagramError::Closed)));
    }

    #[arbour::test]
    async fn udpsocket_create_unbound_socket() {
        let socket = UdpBind::new().bind().unwrap();
        assert_eq!(socket.local_address().ip(), Ipv4Addr::UNSPECIFIED);
        assert_ne!(socket.local_address().port(), 0);
    }

    #[arbour::test]
    async fn udpsocket_create_socket_bound_to_port() {
        let port = free_port();
        let socket = UdpBind::new().port(port).bind().unwrap();
        assert_eq!(socket.local_address(), SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    }

    #[arbour::test]
    async fn udpsocket_from_socket() {
        let foreign = std::net::UdpSocket::bind(ANY_PORT).unwrap();
        let address = foreign.local_addr().unwrap();
        let socket = UdpSocket::from_descriptor(foreign).unwrap();
        assert_eq!(socket.local_address(), address);
        local().send_to(b"taken over", address).await.unwrap();
        assert_eq!(soon(socket.receive()).await.unwrap().0, "taken over");
        drop(socket);
        std::net::UdpSocket::bind(address).unwrap();
    }

    #[arbour::test]
    async fn udpsocket_from_socket_wrong_socket_type() {
        let tcp = std::net::TcpListener::bind("[::1]:0").unwrap();
        let refused = UdpSocket::from_descriptor(tcp).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a bound UDP socket is needed, and this is a stream socket of the IPv6 family"
        );
        let connected = std::net::UdpSocket::bind(ANY_PORT).unwrap();
        connected.connect(local().local_address()).unwrap();
        let refused = UdpSocket::from_descriptor(connected).unwrap_err();
        assert_eq!(refused.to_string(), "a bound UDP socket is needed, and this one is connected");
    }

    #[arbour::test]
    async fn connectedudpsocket_aclose_waits_for_fd_release() {
        let peer = local();
        let socket = connected_to(&peer).await;
        let address = socket.local_address();
        socket.close();
        std::net::UdpSocket::bind(address).unwrap();
    }

    #[arbour::test]
    async fn connectedudpsocket_create_connected_socket_bound_to_port() {
        let (peer, port) = (local(), free_port());
        let socket = UdpBind::new().port(port).connect(peer.local_address()).await.unwrap();
        assert_eq!(socket.local_address(), SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }

    #[arbour::test]
    async fn connectedudpsocket_create_connected_socket_bound_to_port_unspecified_family() {
        let peer = UdpSocket::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, 0))).unwrap();
        let port = free_port();
        let socket = UdpBind::new().port(port).connect(peer.local_address()).await.unwrap();
        assert_eq!(socket.local_address(), SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
        let named = ("localhost", local().local_address().port());
        let socket = UdpBind::new().connect(named).await.unwrap();
        assert_eq!(socket.attribute::<Family>(), socket.attribute::<RemoteAddress>().map(Into::into));
    }

    #[arbour::test]
    async fn connectedudpsocket_extra_attributes() {
        let peer = local();
        let socket = connected_to(&peer).await;
        assert_eq!(socket.attribute::<LocalAddress>(), Some(socket.local_address()));
        assert_eq!(socket.attribute::<RemoteAddress>(), Some(peer.local_address()));
        assert_eq!(socket.attribute::<Family>(), Some(AddressFamily::V4));
    }

    #[arbour::test]
    async fn connectedudpsocket_iterate() {
        let (peer, stranger) = (local(), local());
        let mut socket = connected_to(&peer).await;
        let stranger_s = stranger.send_to(b"of a stranger", socket.local_address());
        stranger_s.await.unwrap();
        for packet in ["first", "", "last"] {
            peer.send_to(packet.as_bytes(), socket.local_address()).await.unwrap();
        }
        for packet in ["first", "", "last"] {
            assert_eq!(soon(socket.next()).await.unwrap().unwrap(), packet);
        }
        socket.close();
        assert!(soon(socket.next()).await.is_none());
    }

    #[arbour::test]
    async fn connectedudpsocket_reuse_port() {
        let peer = local();
        let bind = UdpBind::new().host(Ipv4Addr::LOCALHOST).port(free_port());
        let first = bind.reuse_port().connect(peer.local_address()).await.unwrap();
        let second = bind.reuse_port().connect(peer.local_address()).await.unwrap();
        assert_eq!(first.local_address(), second.local_address());
        bind.connect(peer.local_address()).await.unwrap_err();
    }

    #[arbour::test]
    async fn connectedudpsocket_concurrent_receive() {
        let peer = local();
        let socket = Arc::new(connected_to(&peer).await);
        let first = Arc::clone(&socket);
        let receiving = tokio::spawn(async move { first.receive().await.unwrap() });
        wait_all_tasks_blocked().await;
        let Err(DatagramError::Busy(busy)) = socket.receive().await else { panic!("two receive at a time") };
        assert_eq!(busy.action, "receiving from this connected UDP socket");
        peer.send_to(b"for the first", socket.local_address()).await.unwrap();
        assert_eq!(soon(receiving).await.unwrap(), "for the first");
    }

    #[arbour::test(flavor = "multi_thread", worker_threads = 2)]
    async fn connectedudpsocket_concurrent_aclose_forcefully_closes_socket() {
        let peer = local();
        for _ in 0..200 {
            let socket = Arc::new(connected_to(&peer).await);
            let open = Arc::new(OpenSocket::of(&socket));
            let close = |socket: Arc<ConnectedUdpSocket>, open: Arc<OpenSocket>| {
                tokio::task::spawn_blocking(move || {
                    socket.close();
                    assert!(!open.is_open());
                })
            };
            let both = [close(Arc::clone(&socket), Arc::clone(&open)), close(socket, open)];
            for closed in both {
                closed.await.unwrap();
            }
        }
    }

    #[arbour::test]
    async fn connectedudpsocket_receive_after_close() {
        let socket = connected_to(&local()).await;
        socket.close();
        assert!(matches!(socket.receive().await, Err(DatagramError::Closed)));
    }

    #[arbour::test]
    async fn connectedudpsocket_send_after_close() {
        let socket = connected_to(&local()).await;
        socket.close();
        assert!(matches!(socket.send(b"x").await, Err(DatagramError::Closed)));
    }

    #[arbour::test]
    async fn connectedudpsocket_from_socket() {
        let (peer, foreign) = (local(), std::net::UdpSocket::bind(ANY_PORT).unwrap());
        foreign.connect(peer.local_address()).unwrap();
        let socket = ConnectedUdpSocket::from_descriptor(foreign).unwrap();
        socket.send(b"taken over").await.unwrap();
        let (packet, from) = soon(peer.receive()).await.unwrap();
        assert_eq!((&*packet, from), (&b"taken over"[..], socket.local_address()));
    }

    #[arbour::test]
    async fn connectedudpsocket_from_socket_wrong_socket_type() {
        let (unix, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let refused = ConnectedUdpSocket::from_descriptor(unix).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a connected UDP socket is needed, and this is a stream socket of the Unix family"
        );
        let lonely = std::net::UdpSocket::bind(ANY_PORT).unwrap();
        let refused = ConnectedUdpSocket::from_descriptor(lonely).unwrap_err();
        assert!(matches!(refused.why, UnfitDescriptor::OtherState { found: "not connected", .. }));
    }

    #[arbour::test]
    async fn udpsocketbackpressure_send_waits_for_the_os_to_accept_the_datagram() {
        let (one, other, taken) = full().await;
        let sender = Arc::clone(&one);
        let sending = tokio::spawn(async move { sender.send(b"the last").await });
        wait_all_tasks_blocked().await;
        assert!(!sending.is_finished());
        for _ in 0..taken {
            assert_eq!(soon(other.receive()).await.unwrap().len(), 1000);
        }
        soon(sending).await.unwrap().unwrap();
        assert_eq!(soon(other.receive()).await.unwrap(), "the last");
    }

    #[arbour::test]
    async fn udpsocketbackpressure_cancelled_send_does_not_buffer_the_next_datagram() {
        let (one, other, taken) = full().await;
        let ms = Duration::from_millis(1);
        assert!(move_on_after(ms, one.send(b"cancelled")).await.is_err());
        assert!(move_on_after(ms, one.send(b"cancelled too")).await.is_err());
        for _ in 0..taken {
            assert_eq!(soon(other.receive()).await.unwrap().len(), 1000);
        }
        one.send(b"the next").await.unwrap();
        assert_eq!(soon(other.receive()).await.unwrap(), "the next");
    }

    #[arbour::test]
    async fn udpsocketbackpressure_close_during_send() {
        let (one, _other, _) = full().await;
        let (blocked, open) = (Arc::clone(&one), OpenSocket::of(&one));
        let sending = tokio::spawn(async move { blocked.send(b"x").await });
        wait_all_tasks_blocked().await;
        one.close();
        assert!(!open.is_open());
        assert!(matches!(soon(sending).await.unwrap(), Err(DatagramError::Closed)));
    }

    /// A port that nobody else is given for now: it was free a moment ago, on all addresses.
    fn free_port() -> u16 {
        let probe = std::net::UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
        probe.local_addr().unwrap().port()
    }
}
