//! TCP streams: sending, receiving, ending, closing, and what is said when it does not go.

use crate::network::Known;
use crate::support::{MS, poll_once, turns};
use arbour::transports::attributes::{AddressFamily, Family, LocalAddress, RawDescriptor, RemoteAddress};
use arbour::transports::tcp::{TcpConnect, TcpListen, TcpListener, TcpStream};
use arbour::transports::{AttributesExt, ByteReceiveExt, ByteSendExt, Connect, StreamError};
use arbour::{CancelScope, move_on_after};
use std::error::Error;
use std::fs::File;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream as Plain, UdpSocket};
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::Arc;

async fn listener(address: &str) -> TcpListener {
    TcpListener::bind(address).await.unwrap()
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = listener("127.0.0.1:0").await;
    let client = TcpStream::connect(listener.local_address()).await.unwrap();
    (client, listener.accept().await.unwrap())
}

/// What the descriptor of a stream leads to, to be looked at again after it was closed. Another thread may
/// have the number by then, but not this socket.
struct Descriptor {
    number: RawFd,
    socket: String,
}

impl Descriptor {
    fn of(provider: &impl AttributesExt) -> Self {
        let number = provider.attribute::<RawDescriptor>().unwrap();
        Self { number, socket: Self::behind(number).unwrap() }
    }

    fn behind(number: RawFd) -> Option<String> {
        let link = std::fs::read_link(Path::new("/proc/self/fd").join(number.to_string())).ok()?;
        Some(link.to_string_lossy().into_owned())
    }

    fn is_closed(&self) -> bool {
        Self::behind(self.number).as_ref() != Some(&self.socket)
    }
}

/// More than there is room for between the ends of a [`narrow_pair`].
const MUCH: usize = 4 << 20;

/// Two ends whose buffers are small and stay so.
async fn narrow_pair() -> (TcpStream, TcpStream) {
    let listener = tokio::net::TcpSocket::new_v4().unwrap();
    listener.set_recv_buffer_size(1 << 14).unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listener.listen(1).unwrap().into_std().unwrap();
    let listener = TcpListener::from_descriptor(listener).unwrap();
    let client = tokio::net::TcpSocket::new_v4().unwrap();
    client.set_send_buffer_size(1 << 14).unwrap();
    let client = client.connect(listener.local_address()).await.unwrap().into_std().unwrap();
    (TcpStream::from_descriptor(client).unwrap(), listener.accept().await.unwrap())
}

mod anyio_sockets {
    use super::*;

    #[arbour::test]
    async fn tcpstream_extra_attributes() {
        for (address, family) in [("127.0.0.1:0", AddressFamily::V4), ("[::1]:0", AddressFamily::V6)] {
            let listener = listener(address).await;
            let client = TcpStream::connect(listener.local_address()).await.unwrap();
            let server = listener.accept().await.unwrap();
            assert_eq!(client.attribute::<Family>(), Some(family));
            assert_eq!(client.attribute::<RemoteAddress>(), Some(listener.local_address()));
            assert_eq!(client.attribute::<LocalAddress>(), server.attribute::<RemoteAddress>());
            assert_eq!(server.attribute::<LocalAddress>(), Some(listener.local_address()));
            assert_eq!(listener.attribute::<RemoteAddress>(), None);
            let names: Vec<_> = client.list_attributes().into_iter().map(|listed| listed.name).collect();
            assert_eq!(names, ["local address", "remote address", "family", "descriptor"]);
            client.close();
            let gone = client.require::<RawDescriptor>().unwrap_err();
            assert!(gone.to_string().contains("closed on this side"), "{gone}");
            assert_eq!(
                client.attribute::<RemoteAddress>(),
                Some(listener.local_address()),
                "it is remembered"
            );
        }
    }

    /// A send that finds no room and is cancelled leaves none of its own bytes behind.
    #[arbour::test(start_paused = false)]
    async fn tcpstream_cancelled_send_does_not_send_the_next_one() {
        let (client, server) = narrow_pair().await;
        assert!(poll_once(&mut Box::pin(client.send(&vec![0; MUCH]))).await.is_pending());
        // The system may make room for some more; then it has none.
        let mut sent = Vec::new();
        while poll_once(&mut Box::pin(cancelled(client.send(b"1")))).await.is_ready() {
            sent.push(b'1');
        }
        let (end, received) = arbour::join!(client.send(b"END"), async {
            let mut received = Vec::new();
            while !received.ends_with(b"END") {
                received.extend_from_slice(&server.receive(1 << 16).await.unwrap().unwrap());
            }
            received
        });
        end.unwrap();
        sent.extend_from_slice(b"END");
        let zeros = received.iter().take_while(|byte| **byte == 0).count();
        assert!(zeros < MUCH && received[zeros..] == sent, "{:?}", &received[zeros..]);
    }

    /// A send in a scope that is cancelled when it has been polled once; pending then.
    async fn cancelled(send: impl Future<Output = Result<(), StreamError>>) {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let sent = scope.run(async {
            let mut send = std::pin::pin!(send);
            if poll_once(&mut send).await.is_pending() {
                handle.cancel("it finds no room");
                send.await.unwrap();
            }
        });
        if sent.await.is_err() {
            std::future::pending().await
        }
    }

    #[arbour::test]
    async fn tcpstream_send_receive() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = listener(address).await;
            let client = TcpStream::connect(listener.local_address()).await.unwrap();
            let server = listener.accept().await.unwrap();
            client.send(b"blah").await.unwrap();
            assert_eq!(server.receive(100).await.unwrap().unwrap(), "blah");
            server.send(b"halb").await.unwrap();
            assert_eq!(client.receive(100).await.unwrap().unwrap(), "halb");
        }
    }

    #[arbour::test]
    async fn tcpstream_receive_invalid_max_bytes() {
        let (client, mut server) = pair().await;
        let refused = client.receive(0).await.unwrap_err();
        assert_eq!(refused.to_string(), "a receive of at most 0 bytes is asked for: at least 1 is needed");
        assert!(matches!(ByteReceiveExt::receive(&mut server, 0).await, Err(StreamError::ZeroMaximum)));
    }

    #[arbour::test]
    async fn tcpstream_send_eof() {
        let (client, server) = pair().await;
        client.send(b"hello, ").await.unwrap();
        client.send(b"world").await.unwrap();
        client.send_eof().await.unwrap();
        client.send_eof().await.unwrap();
        let refused = client.send(b"more").await.unwrap_err();
        assert!(matches!(refused, StreamError::Ended), "{refused}");
        let mut received = Vec::new();
        while let Some(bytes) = server.receive(100).await.unwrap() {
            received.extend_from_slice(&bytes);
        }
        assert_eq!(received, b"hello, world");
        server.send(b"bye").await.unwrap();
        assert_eq!(client.receive(100).await.unwrap().unwrap(), "bye");
    }

    /// Each half is a stream of its own: the receiving one is looped over, the sending one ends by its drop.
    #[arbour::test]
    async fn tcpstream_iterate() {
        let (client, server) = pair().await;
        let (mut receive, _unused) = server.into_split();
        let (_other, mut send) = client.into_split();
        let sending = async {
            for chunk in [b"chunk 1", b"chunk 2"] {
                send.send(chunk).await.unwrap();
            }
            drop(send);
        };
        let receiving = async {
            let mut received = Vec::new();
            while let Some(chunk) = receive.receive(7).await.unwrap() {
                received.extend_from_slice(&chunk);
            }
            received
        };
        assert_eq!(arbour::join!(sending, receiving).1, b"chunk 1chunk 2");
    }

    #[arbour::test(start_paused = false)]
    async fn tcpstream_happy_eyeballs() {
        let both = TcpListen::new().bind_everywhere(0).unwrap();
        let v4 = listener("127.0.0.1:0").await;
        let v6 = TcpListen::new().bind("[::1]:0".parse().unwrap()).unwrap();
        let port_of_both = both.attribute::<LocalAddress>().unwrap().port();
        for (port, expected) in [
            (port_of_both, &["::1", "127.0.0.1"][..]),
            (v4.local_address().port(), &["127.0.0.1"]),
            (v6.local_address().port(), &["::1"]),
        ] {
            let connect =
                TcpConnect::to("both.test", port).unwrap().resolver(Known(vec!["::1", "127.0.0.1"]));
            let stream = connect.connect().await.unwrap();
            let peer = stream.attribute::<RemoteAddress>().unwrap();
            assert!(expected.contains(&peer.ip().to_string().as_str()), "{peer}");
        }
    }

    #[arbour::test(start_paused = false)]
    async fn tcpstream_connect_tcp_with_local_port() {
        let listener = listener("127.0.0.1:0").await;
        let free = self::listener("127.0.0.1:0").await.local_address().port();
        let connect = TcpConnect::to("127.0.0.1", listener.local_address().port()).unwrap().from_port(free);
        let connect = connect.from_address("127.0.0.1".parse().unwrap());
        let client = connect.connect().await.unwrap();
        let expected = SocketAddr::from(([127, 0, 0, 1], free));
        assert_eq!(client.attribute::<LocalAddress>(), Some(expected));
        assert_eq!(listener.accept().await.unwrap().attribute::<RemoteAddress>(), Some(expected));
    }

    #[arbour::test(start_paused = false)]
    async fn tcpstream_concurrent_send() {
        let (client, _server) = narrow_pair().await;
        let first = vec![0; MUCH];
        let mut first = Box::pin(client.send(&first));
        assert!(poll_once(&mut first).await.is_pending());
        let busy = client.send(b"second").await.unwrap_err();
        assert!(matches!(busy, StreamError::Busy(_)));
        assert!(busy.to_string().contains("sending into this TCP stream"), "{busy}");
    }

    #[arbour::test]
    async fn tcpstream_close_during_receive() {
        let (client, _server) = pair().await;
        let client = Arc::new(client);
        let closer = Arc::clone(&client);
        let (received, ()) = arbour::join!(client.receive(1), async move {
            turns(3).await;
            closer.close();
        });
        assert!(matches!(received, Err(StreamError::Closed)));
    }

    #[arbour::test(start_paused = false)]
    async fn tcpstream_close_during_send() {
        let (client, _server) = narrow_pair().await;
        let descriptor = Descriptor::of(&client);
        let client = Arc::new(client);
        let sender = Arc::clone(&client);
        let sending = tokio::spawn(async move { sender.send(&vec![0; MUCH]).await });
        turns(3).await;
        client.close();
        assert!(descriptor.is_closed());
        assert!(matches!(sending.await.unwrap(), Err(StreamError::Closed)));
    }

    #[arbour::test]
    async fn tcpstream_aclose_forcefully() {
        let (client, server) = pair().await;
        let descriptor = Descriptor::of(&client);
        drop(client);
        assert!(descriptor.is_closed());
        let descriptor = Descriptor::of(&server);
        server.close();
        server.close();
        assert!(descriptor.is_closed());
    }

    /// Closing waits for nothing, so it happens as a whole; the cancellation is delivered by the next await.
    #[arbour::test]
    async fn tcpstream_aclose_in_cancelled_scope_raises_cancelled_exc() {
        let (client, _server) = pair().await;
        let descriptor = Descriptor::of(&client);
        let scope = CancelScope::new();
        scope.handle().cancel("before it begins");
        let closed = scope.run(async {
            client.close();
            let _never = client.receive(1).await;
        });
        assert!(closed.await.is_err());
        assert!(descriptor.is_closed());
    }

    #[arbour::test]
    async fn tcpstream_receive_after_close() {
        let (client, server) = pair().await;
        server.send(b"unread").await.unwrap();
        client.close();
        assert!(matches!(client.receive(1).await, Err(StreamError::Closed)));
    }

    #[arbour::test]
    async fn tcpstream_send_after_close() {
        let (client, _server) = pair().await;
        client.close();
        assert!(matches!(client.send(b"late").await, Err(StreamError::Closed)));
        assert!(matches!(client.send_eof().await, Err(StreamError::Closed)));
    }

    #[arbour::test]
    async fn tcpstream_send_after_peer_closed() {
        let (client, server) = pair().await;
        drop(server);
        let refused = loop {
            if let Err(refused) = client.send(b"anybody there?").await {
                break refused;
            }
        };
        assert!(matches!(refused, StreamError::Broken(_)), "{refused}");
        client.close();
        assert!(matches!(client.send(b"late").await, Err(StreamError::Closed)));
    }

    /// A peer that closes with something unread resets the connection.
    async fn reset() -> TcpStream {
        let (client, server) = pair().await;
        client.send(b"unread").await.unwrap();
        server.receive(1).await.unwrap();
        server.close();
        client
    }

    #[arbour::test]
    async fn tcpstream_receive_exception_cause_preserved() {
        let error = reset().await.receive(1).await.unwrap_err();
        let source = error.source().unwrap().downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.kind(), ErrorKind::ConnectionReset);
        assert!(source.raw_os_error().is_some());
    }

    #[arbour::test]
    async fn tcpstream_send_exception_cause_preserved() {
        let client = reset().await;
        let error = client.send(b"more").await.unwrap_err();
        let source = error.source().unwrap().downcast_ref::<std::io::Error>().unwrap();
        assert!(matches!(source.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{source}");
        assert!(source.raw_os_error().is_some());
    }

    #[arbour::test]
    async fn tcpstream_from_socket() {
        let listener = listener("127.0.0.1:0").await;
        let plain = Plain::connect(listener.local_address()).unwrap();
        let client = TcpStream::from_descriptor(plain).unwrap();
        let server = listener.accept().await.unwrap();
        client.send(b"hello").await.unwrap();
        assert_eq!(server.receive(16).await.unwrap().unwrap(), "hello");
        let descriptor = Descriptor::of(&client);
        drop(client);
        assert!(descriptor.is_closed(), "it was taken over");
    }

    #[arbour::test]
    async fn tcpstream_from_socket_pass_file_fd() {
        let file = File::open("/dev/null").unwrap();
        let refused = TcpStream::from_descriptor(file).unwrap_err();
        let expected = "a connected TCP stream socket is needed, and this descriptor is no socket";
        assert_eq!(refused.to_string(), expected);
        assert!(File::from(refused.descriptor).metadata().is_ok(), "it is open");
    }

    #[arbour::test]
    async fn tcpstream_from_socket_wrong_socket_type() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let refused = TcpStream::from_descriptor(socket).unwrap_err();
        let expected =
            "a connected TCP stream socket is needed, and this is a datagram socket of the IPv4 family";
        assert_eq!(refused.to_string(), expected);
    }
}

/// Waiting on a stream of which one direction was closed costs the other nothing.
#[arbour::test]
async fn a_receive_that_times_out_leaves_the_stream_usable() {
    let (client, server) = pair().await;
    assert!(move_on_after(MS, client.receive(1)).await.is_err());
    server.send(b"x").await.unwrap();
    assert_eq!(client.receive(1).await.unwrap().unwrap(), "x");
}
