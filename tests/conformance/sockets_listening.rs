//! TCP listeners: accepting, options, several as one, and what is said when it does not go.

use crate::support::turns;
use arbour::testing::{check_byte_stream, check_listener};
use arbour::transports::attributes::{LocalAddress, RawDescriptor, RemoteAddress};
use arbour::transports::tcp::{TcpBindError, TcpConnect, TcpListen, TcpListener, TcpStream};
use arbour::transports::{
    AcceptError, AttributesExt, BoxListener, ByteReceiveExt, ByteSendExt, ByteStream, Connect, IntoConnect,
    Listener, MultiListener, memory_listener,
};
use arbour::{Failure, serve, task_group};
use std::net::{SocketAddr, TcpListener as Plain, TcpStream as PlainStream};
use std::os::fd::AsFd;
use std::sync::Arc;

fn loopback(family: u8, port: u16) -> SocketAddr {
    if family == 4 { ([127, 0, 0, 1], port).into() } else { ([0, 0, 0, 0, 0, 0, 0, 1], port).into() }
}

fn listen(address: &str) -> TcpListener {
    TcpListen::new().bind(address.parse().unwrap()).unwrap()
}

/// A round trip over the next connection of a listener.
async fn talk(listener: &mut impl Listener<Stream: ByteStream>, to: SocketAddr) {
    let client = TcpStream::connect(to).await.unwrap();
    let mut server = listener.accept().await.unwrap().establish().await.unwrap();
    client.send(b"question").await.unwrap();
    assert_eq!(server.receive(16).await.unwrap().unwrap(), "question");
    server.send(b"answer").await.unwrap();
    assert_eq!(client.receive(16).await.unwrap().unwrap(), "answer");
}

fn port(listener: &impl AttributesExt) -> u16 {
    listener.attribute::<LocalAddress>().unwrap().port()
}

/// Whether calls on the descriptor come back at once.
fn does_not_block(provider: &impl AttributesExt) -> bool {
    let number = provider.attribute::<RawDescriptor>().unwrap();
    let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
    i32::from_str_radix(flags, 8).unwrap() & 0o4000 != 0
}

mod anyio_sockets {
    use super::*;

    #[arbour::test]
    async fn tcplistener_accept() {
        let (mut v4, mut v6) = (listen("127.0.0.1:0"), listen("[::1]:0"));
        let (at_v4, at_v6) = (v4.local_address(), v6.local_address());
        talk(&mut v4, at_v4).await;
        talk(&mut v6, at_v6).await;
        let mut both = TcpListen::new().bind_everywhere(0).unwrap();
        let port = port(&both);
        talk(&mut both, loopback(4, port)).await;
        talk(&mut both, loopback(6, port)).await;
    }

    #[arbour::test]
    async fn tcplistener_accept_after_close() {
        let listener = listen("127.0.0.1:0");
        listener.close();
        assert!(matches!(listener.accept().await, Err(AcceptError::Closed)));
    }

    #[arbour::test]
    async fn tcplistener_socket_options() {
        let listener = listen("127.0.0.1:0");
        let client = PlainStream::connect(listener.local_address()).unwrap();
        let server = listener.accept().await.unwrap();
        assert!(server.no_delay().unwrap() && !client.nodelay().unwrap(), "ours goes at once, by our doing");
        assert!(does_not_block(&server) && does_not_block(&listener));
        server.close();
        listener.close();
        TcpListen::new().bind(listener.local_address()).expect("what has just ended keeps no port");
    }

    #[arbour::test]
    async fn tcplistener_reuse_port() {
        let listen = TcpListen::new().share_port();
        let first = listen.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let second = listen.bind(first.local_address()).unwrap();
        assert_eq!(first.local_address(), second.local_address());
        let refused = TcpListen::new().bind(first.local_address()).unwrap_err();
        assert!(matches!(refused, TcpBindError::Refused { .. }), "{refused}");
    }

    #[arbour::test]
    async fn tcplistener_send_after_eof() {
        let listener = listen("127.0.0.1:0");
        let client = TcpStream::connect(listener.local_address()).await.unwrap();
        let server = listener.accept().await.unwrap();
        client.send(b"over").await.unwrap();
        client.send_eof().await.unwrap();
        assert_eq!(server.receive(16).await.unwrap().unwrap(), "over");
        assert!(server.receive(16).await.unwrap().is_none());
        server.send(b"and out").await.unwrap();
        server.close();
        assert_eq!(client.receive(16).await.unwrap().unwrap(), "and out");
        assert!(client.receive(16).await.unwrap().is_none());
    }

    #[arbour::test]
    async fn tcplistener_eof_after_send() {
        let listener = listen("127.0.0.1:0");
        let client = TcpStream::connect(listener.local_address()).await.unwrap();
        client.send(b"long since sent").await.unwrap();
        client.close();
        let server = listener.accept().await.unwrap();
        assert_eq!(server.receive(4).await.unwrap().unwrap(), "long");
        assert_eq!(server.receive(99).await.unwrap().unwrap(), " since sent");
        assert!(server.receive(16).await.unwrap().is_none());
    }

    #[arbour::test]
    async fn tcplistener_from_socket() {
        let plain = Plain::bind("127.0.0.1:0").unwrap();
        let address = plain.local_addr().unwrap();
        let mut listener = TcpListener::from_descriptor(plain).unwrap();
        assert_eq!(listener.local_address(), address);
        talk(&mut listener, address).await;
    }

    #[arbour::test]
    async fn tcplistener_from_socket_not_bound() {
        let unbound = tokio::net::TcpSocket::new_v4().unwrap().as_fd().try_clone_to_owned().unwrap();
        let refused = TcpListener::from_descriptor(unbound).unwrap_err();
        let expected = "a listening TCP stream socket is needed, and this one is not bound";
        assert_eq!(refused.to_string(), expected);
    }

    #[arbour::test]
    async fn tcplistener_tcp_listener_dualstack_disabled() {
        let mut v6 = listen("[::]:0");
        let port = v6.local_address().port();
        let mut v4 = TcpListen::new().bind(([0, 0, 0, 0], port).into()).unwrap();
        talk(&mut v4, loopback(4, port)).await;
        talk(&mut v6, loopback(6, port)).await;
        let mut dual = TcpListen::new().dual_stack().bind("[::]:0".parse().unwrap()).unwrap();
        let port = dual.local_address().port();
        talk(&mut dual, loopback(4, port)).await;
    }

    /// That another try succeeds is shown beside the code, where ports can be made up; here none ever can.
    #[arbour::test]
    async fn tcplistener_tcp_listener_retry_after_partial_failure() {
        let twice = ["127.0.0.1:0".parse().unwrap(); 2];
        let error = TcpListen::new().bind_all(&twice).unwrap_err();
        let TcpBindError::NoCommonPort { addresses, tries, last, .. } = error else { panic!("{error}") };
        assert_eq!((addresses, tries), (twice.to_vec(), 10));
        let TcpBindError::Refused { address, .. } = *last else { panic!("{last}") };
        TcpListen::new().bind(address).unwrap();
    }

    #[arbour::test]
    async fn multi_listener() {
        let (tcp, (memory, connect)) = (listen("127.0.0.1:0"), memory_listener("memory:test", 64));
        let address = tcp.local_address();
        let mut both: MultiListener<Box<dyn ByteStream>> =
            [BoxListener::of_byte_streams(memory), BoxListener::of_byte_streams(tcp)].into_iter().collect();
        assert_eq!(both.attribute::<LocalAddress>(), Some(address));
        talk(&mut both, address).await;
        let (client, accepted) = arbour::join!(connect.connect(), both.accept());
        let mut server = accepted.unwrap().establish().await.unwrap();
        client.unwrap().send(b"hello").await.unwrap();
        assert_eq!(server.receive(16).await.unwrap().unwrap(), "hello");
    }
}

mod trio_highlevel_socket {
    use super::*;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = tokio::net::TcpSocket::new_v4().unwrap();
        listener.set_recv_buffer_size(1 << 14).unwrap();
        listener.bind(loopback(4, 0)).unwrap();
        let listener = listener.listen(1).unwrap().into_std().unwrap();
        let listener = TcpListener::from_descriptor(listener).unwrap();
        let client = tokio::net::TcpSocket::new_v4().unwrap();
        client.set_send_buffer_size(1 << 14).unwrap();
        let client = client.connect(listener.local_address()).await.unwrap().into_std().unwrap();
        (TcpStream::from_descriptor(client).unwrap(), listener.accept().await.unwrap())
    }

    /// The buffers are small in one direction and as usual in the other.
    #[arbour::test(start_paused = false)]
    async fn socketstream_generic() {
        check_byte_stream(pair).clogged_by(48 << 20).run().await.unwrap();
    }

    #[arbour::test(start_paused = false)]
    async fn socketlistener() {
        let pairs = async || {
            let listener = listen("127.0.0.1:0");
            let connect = listener.local_address().into_connect().unwrap();
            (listener, connect)
        };
        check_listener(pairs).run().await.unwrap();

        let listener = Arc::new(listen("127.0.0.1:0"));
        let descriptor = listener.attribute::<RawDescriptor>().unwrap();
        let socket = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
        let closer = Arc::clone(&listener);
        let (accepted, ()) = arbour::join!(listener.accept(), async move {
            turns(3).await;
            closer.close();
        });
        assert!(matches!(accepted, Err(AcceptError::Closed)));
        let now = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).ok();
        assert_ne!(now, Some(socket), "the descriptor is free");
        assert!(matches!(listener.accept().await, Err(AcceptError::Closed)));
    }

    #[arbour::test]
    async fn socket_stream_works_when_peer_has_already_closed() {
        let listener = listen("127.0.0.1:0");
        let client = TcpStream::connect(listener.local_address()).await.unwrap();
        client.send(b"x").await.unwrap();
        drop(client);
        let server = listener.accept().await.unwrap();
        assert_eq!(server.receive(16).await.unwrap().unwrap(), "x");
        assert!(server.receive(16).await.unwrap().is_none());
    }
}

mod trio_highlevel_open_tcp_listeners {
    use super::*;

    #[arbour::test]
    async fn open_tcp_listeners_basic() {
        let mut everywhere = TcpListen::new().backlog(3).bind_everywhere(0).unwrap();
        let port = port(&everywhere);
        for family in [4, 6] {
            talk(&mut everywhere, loopback(family, port)).await;
        }
        let addresses: Vec<_> =
            everywhere.into_listeners().iter().map(|one| one.attribute::<LocalAddress>()).collect();
        let expected = ["[::]", "0.0.0.0"].map(|address| format!("{address}:{port}").parse().ok());
        assert_eq!(addresses, expected);
    }

    #[arbour::test]
    async fn open_tcp_listeners_ipv6_v6only() {
        let v6 = listen("[::]:0");
        let refused = TcpStream::connect(loopback(4, v6.local_address().port())).await.unwrap_err();
        assert!(refused.to_string().contains("refused"), "{refused}");
        TcpStream::connect(loopback(6, v6.local_address().port())).await.unwrap();
    }

    #[arbour::test]
    async fn open_tcp_listeners_rebind() {
        let listener = listen("127.0.0.1:0");
        let address = listener.local_address();
        let taken = TcpListen::new().bind(address).unwrap_err();
        assert_eq!(taken.to_string().split(": ").next(), Some(&*format!("cannot listen on {address}")));
        let client = TcpStream::connect(address).await.unwrap();
        let server = listener.accept().await.unwrap();
        // Whoever closes first is the one whose port waits.
        server.close();
        assert!(client.receive(1).await.unwrap().is_none());
        client.close();
        listener.close();
        TcpListen::new().bind(address).unwrap();
    }

    #[arbour::test]
    async fn serve_tcp() {
        let listener = TcpListen::new().bind_everywhere(0).unwrap();
        let port = port(&listener);
        let echo = async |stream: TcpStream| {
            while let Some(bytes) = stream.receive(1024).await? {
                stream.send(&bytes).await?;
            }
            Ok::<_, Failure>(())
        };
        let group = task_group(async |group| {
            let served = group.spawn(serve(listener, echo).run());
            for host in ["127.0.0.1", "::1"] {
                let client = TcpConnect::to(host, port).unwrap().connect().await.unwrap();
                assert_eq!(client.attribute::<RemoteAddress>().unwrap().port(), port);
                client.send(b"x").await.unwrap();
                assert_eq!(client.receive(1).await.unwrap().unwrap(), "x");
            }
            group.scope().drain();
            served.await.unwrap();
        });
        group.await.unwrap();
    }
}
