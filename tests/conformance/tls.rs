//! TLS over any byte stream: what both sides see, how a stream ends, and what a failed handshake costs.
//!
//! Over sockets the clock runs: with a paused one the deadline of a handshake could come before the system
//! has delivered what was sent.

use crate::certificates::{Authority, server};
use crate::log::heard;
use crate::network::Known;
use crate::support::{SECOND, poll_once, soon};
use arbour::testing::check_byte_stream;
use arbour::transports::attributes::{LocalAddress, RemoteAddress};
use arbour::transports::tcp::{TcpConnect, TcpListener, TcpStream};
use arbour::transports::tls::attributes::{
    AlpnProtocol, CipherSuite, PeerCertificates, PeerNames, ServerName, Side, StandardCompatible, TlsVersion,
    Version,
};
use arbour::transports::tls::{
    CertificateProblem, ClientConfig, ServerConfig, TlsConnector, TlsError, TlsListener, TlsSide, TlsStream,
    Unwrapped,
};
use arbour::transports::{
    AttributesExt, BytePipe, ByteReceiveExt, ByteSendExt, ByteStream, Connect, ConnectError, Foreign,
    Listener, StreamError, byte_pipe,
};
use arbour::{CancelScope, ServeHandle, move_on_after, serve, task_group};
use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};

/// A server's and a client's configuration that trust each other.
fn both() -> (ServerConfig, ClientConfig) {
    let authority = Authority::new("both");
    let server = server(&authority.issue(&["server.example"])).build().unwrap();
    (server, authority.client().build().unwrap())
}

/// The two ends of a stream of TLS over these.
async fn over<S: ByteStream + 'static>(
    (client, server): (S, S),
    (on_server, on_client): (&ServerConfig, &ClientConfig),
) -> (TlsStream<S>, TlsStream<S>) {
    let (client, server) =
        tokio::join!(on_client.connect(client, "server.example"), on_server.accept(server));
    (client.unwrap(), server.unwrap())
}

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_address()).await.unwrap();
    (client, listener.accept().await.unwrap())
}

/// Receives until the end of the stream.
async fn rest(stream: &mut impl ByteStream) -> Result<Vec<u8>, StreamError> {
    let mut received = Vec::new();
    while let Some(bytes) = stream.receive(1024).await? {
        received.extend_from_slice(&bytes);
    }
    Ok(received)
}

/// The way to an address that has a name.
struct To {
    address: SocketAddr,
    host: &'static str,
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tcp:{}", self.host)
    }
}

impl Connect for To {
    type Stream = TcpStream;

    async fn connect(&self) -> Result<TcpStream, ConnectError> {
        TcpStream::connect(self.address).await
    }

    fn host_name(&self) -> Option<&str> {
        Some(self.host)
    }
}

mod anyio_tls {
    use super::*;

    #[arbour::test(start_paused = false)]
    async fn tlsstream_send_receive() {
        let (on_server, on_client) = both();
        let (mut client, mut server) = over(tcp().await, (&on_server, &on_client)).await;
        client.send(b"hello").await.unwrap();
        assert_eq!(server.receive(1024).await.unwrap().unwrap(), "hello");
        server.send(b"olleh").await.unwrap();
        assert_eq!(client.receive(1024).await.unwrap().unwrap(), "olleh");
    }

    /// Elsewhere this breaks the stream. Here what was encrypted is kept, and goes out before what is sent
    /// next.
    #[arbour::test]
    async fn tlsstream_cancelled_send_breaks_stream() {
        let (on_server, on_client) = both();
        let (mut client, mut server) = over(byte_pipe(1024), (&on_server, &on_client)).await;
        let long = vec![b'a'; 4000];
        let cancelled = move_on_after(SECOND, client.send(&long)).await;
        assert!(cancelled.is_err(), "nobody reads, so it waits");

        let (sent, received) = tokio::join!(
            async {
                client.send(b"and more").await?;
                client.send_eof().await
            },
            rest(&mut server)
        );
        sent.unwrap();
        let received = received.unwrap();
        assert_eq!(received.len(), long.len() + "and more".len());
        assert!(received.starts_with(&long) && received.ends_with(b"and more"));
    }

    #[arbour::test(start_paused = false)]
    async fn tlsstream_extra_attributes() {
        let authority = Authority::new("authority");
        let pair = authority.issue(&["server.example", "192.0.2.7", "other.example"]);
        let on_server = server(&pair).alpn(["dummy1", "dummy2"]).build().unwrap();
        let on_client = authority.client().alpn(["dummy0", "dummy2"]).build().unwrap();
        let (client, server) = over(tcp().await, (&on_server, &on_client)).await;

        assert_eq!(client.attribute::<RemoteAddress>(), server.attribute::<LocalAddress>());
        assert_eq!(client.attribute::<AlpnProtocol>().unwrap(), "dummy2");
        assert_eq!(client.attribute::<Version>(), Some(TlsVersion::Tls13));
        assert_eq!(client.attribute::<CipherSuite>(), server.attribute::<CipherSuite>());
        assert!(client.attribute::<CipherSuite>().unwrap().starts_with("TLS_"));
        assert_eq!(client.attribute::<Side>(), Some(TlsSide::Client));
        assert_eq!(client.attribute::<StandardCompatible>(), Some(true));
        assert_eq!(client.attribute::<ServerName>().as_deref(), Some("server.example"));
        assert_eq!(server.attribute::<ServerName>().as_deref(), Some("server.example"));

        let certificates = client.attribute::<PeerCertificates>().unwrap();
        let expected = rcgen_der(&pair.certificate);
        assert_eq!(certificates.first().map(|first| first.as_ref()), Some(&expected[..]));
        let names = client.attribute::<PeerNames>().unwrap();
        assert_eq!(names.common_name.as_deref(), Some("server.example"));
        assert_eq!(names.dns, ["server.example", "other.example"]);
        assert_eq!(names.addresses, ["192.0.2.7".parse::<std::net::IpAddr>().unwrap()]);
        assert!(server.attribute::<PeerCertificates>().is_none(), "the client presented none");
        assert!(client.list_attributes().iter().any(|line| line.name == "cipher suite"));
    }

    #[arbour::test(start_paused = false)]
    async fn tlsstream_unwrap() {
        let (on_server, on_client) = both();
        let (client, mut server) = over(tcp().await, (&on_server, &on_client)).await;
        server.send(b"unread").await.unwrap();
        let plain_of_server = async {
            let mut plain = server.unwrap().await.unwrap().stream;
            ByteSendExt::send(&mut plain, b"plain").await.unwrap();
            plain
        };
        let (client, server) = tokio::join!(client.unwrap(), plain_of_server);
        let Unwrapped { mut stream, surplus, unread, .. } = client.unwrap();
        assert_eq!(unread, "unread");

        server.close();
        let mut plain = surplus.to_vec();
        plain.extend(rest(&mut stream).await.unwrap());
        assert_eq!(plain, b"plain", "what was read already comes first");
    }

    /// What comes in one piece with the goodbye is not TLS's, and not lost.
    #[arbour::test(start_paused = false)]
    async fn tlsstream_unwrap_gives_back_what_came_with_the_goodbye() {
        let (on_server, on_client) = both();
        let (client, server) = over(byte_pipe(1 << 16), (&on_server, &on_client)).await;
        let mut unwrapping = pin!(client.unwrap());
        assert!(poll_once(&mut unwrapping).await.is_pending(), "the server has said nothing");
        let mut server = server.unwrap().await.unwrap().stream;
        server.send(b"plain").await.unwrap();
        let Unwrapped { surplus, unread, .. } = unwrapping.await.unwrap();
        assert_eq!((&surplus[..], &unread[..]), (&b"plain"[..], &b""[..]));
    }

    /// Whether the client, closing, is content, for a server that says goodbye or not.
    async fn close_of(client_is_lenient: bool, server_says_goodbye: bool) -> Result<(), StreamError> {
        let authority = Authority::new("authority");
        let on_server = server(&authority.issue(&["server.example"])).build().unwrap();
        let on_client = authority.client();
        let on_client = if client_is_lenient { on_client.lenient_end() } else { on_client };
        let (client, server) = over(tcp().await, (&on_server, &on_client.build().unwrap())).await;
        match server_says_goodbye {
            true => drop(server),
            false => server.wrapped().close(),
        }
        client.close().await
    }

    #[arbour::test(start_paused = false)]
    async fn tlsstream_ragged_eofs() {
        assert!(close_of(false, true).await.is_ok());
        assert!(matches!(close_of(false, false).await, Err(StreamError::Truncated)));
        assert!(close_of(true, true).await.is_ok());
        assert!(close_of(true, false).await.is_ok());
    }

    #[arbour::test(start_paused = false)]
    async fn tlsstream_ragged_eof_on_receive() {
        let authority = Authority::new("authority");
        let on_server = server(&authority.issue(&["server.example"])).build().unwrap();
        for lenient in [true, false] {
            let on_client = authority.client();
            let on_client = if lenient { on_client.lenient_end() } else { on_client };
            let (mut client, mut server) = over(tcp().await, (&on_server, &on_client.build().unwrap())).await;
            server.send(b"all of it").await.unwrap();
            server.wrapped().close();
            assert_eq!(client.receive(1024).await.unwrap().unwrap(), "all of it");
            for _ in 0..2 {
                match client.receive(1024).await {
                    Ok(None) => assert!(lenient),
                    Err(StreamError::Truncated) => assert!(!lenient),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[arbour::test(start_paused = false)]
    async fn tlsstream_receive_send_after_eof() {
        let (on_server, on_client) = both();
        let (mut client, server) = over(tcp().await, (&on_server, &on_client)).await;
        drop(server);
        assert!(client.receive(1024).await.unwrap().is_none());
        assert!(client.receive(1024).await.unwrap().is_none(), "it stays ended");
    }

    /// Elsewhere it is refused. Here it is a goodbye in one direction, and receiving goes on.
    #[arbour::test(start_paused = false)]
    async fn tlsstream_send_eof_not_implemented() {
        let (on_server, on_client) = both();
        let (mut client, mut server) = over(tcp().await, (&on_server, &on_client)).await;
        client.send(b"question").await.unwrap();
        client.send_eof().await.unwrap();
        client.send_eof().await.unwrap();
        assert!(matches!(client.send(b"more").await, Err(StreamError::Ended)));
        assert_eq!(rest(&mut server).await.unwrap(), b"question");
        server.send(b"answer").await.unwrap();
        drop(server);
        assert_eq!(rest(&mut client).await.unwrap(), b"answer");
    }

    /// A server of an echo over TLS, what its hook heard, and how often its handler ran.
    async fn with_server(
        config: ServerConfig,
        body: impl AsyncFnOnce(SocketAddr, &ServeHandle),
    ) -> (Vec<String>, Vec<Option<SocketAddr>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&told);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_address();
        let listener = TlsListener::new(listener, config).on_failure(move |_, peer| {
            hears.lock().unwrap().push(peer.attribute::<RemoteAddress>());
        });
        let server = serve(listener, async |mut stream: TlsStream<TcpStream>| {
            while let Some(bytes) = stream.receive(1024).await? {
                stream.send(&bytes).await?;
            }
            stream.close().await
        });
        let handle = server.handle();
        let log = heard(tracing::Level::WARN, async {
            let served = task_group(async |group| {
                let served = group.spawn(server.run());
                body(address, &handle).await;
                group.scope().drain();
                served.await
            });
            served.await.unwrap().unwrap();
        });
        let log = log.await;
        let told = told.lock().unwrap().clone();
        (log, told)
    }

    #[arbour::test(start_paused = false)]
    async fn tlslistener_handshake_fail() {
        let (on_server, on_client) = both();
        let mut failed = None;
        let (log, told) = with_server(on_server, async |address, handle| {
            let mut stranger = TcpStream::connect(address).await.unwrap();
            failed = stranger.attribute::<LocalAddress>();
            stranger.send(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            let _alert = rest(&mut stranger).await;

            let tcp = TcpStream::connect(address).await.unwrap();
            let mut client = on_client.connect(tcp, "server.example").await.unwrap();
            client.send(b"still there").await.unwrap();
            client.send_eof().await.unwrap();
            assert_eq!(rest(&mut client).await.unwrap(), b"still there");
            let statistics = handle.statistics();
            assert_eq!((statistics.accepted, statistics.failed), (2, 1), "the listener goes on");
        })
        .await;
        assert_eq!(told, [failed]);
        assert_eq!(log.len(), 1, "{log:?}");
        assert!(log[0].contains("the peer speaks plain HTTP, and this port speaks TLS"), "{log:?}");
    }

    #[arbour::test(start_paused = false)]
    async fn tlslistener_extra_attributes() {
        let authority = Authority::new("authority");
        let on_server = server(&authority.issue(&["server.example"]))
            .require_client_certificates()
            .client_root_pem(&authority.pem)
            .build()
            .unwrap();
        let on_client = authority.client().identity(authority.issue(&["ada"]).identity()).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_address();
        let mut listener = TlsListener::new(listener, on_server);
        assert_eq!(listener.attribute::<LocalAddress>(), Some(address));

        let tcp = TcpStream::connect(address).await.unwrap();
        let accept = async { listener.accept().await.unwrap().establish().await.unwrap() };
        let (client, server) = tokio::join!(on_client.connect(tcp, "server.example"), accept);
        assert_eq!(server.attribute::<Side>(), Some(TlsSide::Server));
        assert_eq!(server.attribute::<PeerNames>().unwrap().common_name.as_deref(), Some("ada"));
        assert_eq!(server.attribute::<PeerCertificates>().unwrap().len(), 1);
        assert_eq!(server.attribute::<RemoteAddress>(), client.unwrap().attribute::<LocalAddress>());
    }

    /// A way to one end of a pipe, once.
    struct Once(Mutex<Option<BytePipe>>);

    impl fmt::Display for Once {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("memory")
        }
    }

    impl Connect for Once {
        type Stream = BytePipe;

        async fn connect(&self) -> Result<BytePipe, ConnectError> {
            Ok(self.0.lock().unwrap().take().unwrap())
        }
    }

    #[arbour::test]
    async fn tls_connectable() {
        let (on_server, on_client) = both();
        let (one, other) = byte_pipe(1024);
        let connect = TlsConnector::new(Once(Mutex::new(Some(one))), on_client).expect_host("server.example");
        assert_eq!(connect.to_string(), "tls:memory as server.example");
        let (client, server) = tokio::join!(connect.connect(), on_server.accept(other));
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        client.send(b"hello").await.unwrap();
        assert_eq!(server.receive(1024).await.unwrap().unwrap(), "hello");
    }
}

fn rcgen_der(pem: &str) -> Vec<u8> {
    use arbour::transports::tls::rustls::pki_types::CertificateDer;
    use arbour::transports::tls::rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

mod anyio_sockets {
    use super::*;

    #[arbour::test(start_paused = false)]
    async fn tcpstream_connect_tcp_with_tls_cert_check_fail() {
        let (on_server, _) = both();
        let stranger = Authority::new("stranger").client().build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = To { address: listener.local_address(), host: "server.example" };
        let connect = TlsConnector::new(to, stranger);
        let accept = async {
            let stream = listener.accept().await.unwrap();
            on_server.accept(stream).await
        };
        let (refused, seen) = tokio::join!(connect.connect(), accept);
        let refused = refused.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "cannot connect to tls:tcp:server.example: the handshake failed: the certificate of the server is \
             not accepted: it was issued by nobody whom this side trusts"
        );
        let problem = TlsError::of(&refused).and_then(TlsError::certificate_problem);
        assert_eq!(problem, Some(&CertificateProblem::UnknownIssuer));
        let seen = seen.unwrap_err();
        assert!(matches!(TlsError::of(&seen), Some(TlsError::Refused(_))), "{seen}");
    }

    #[arbour::test(start_paused = false)]
    async fn asconnectable_tls_true() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = To { address: listener.local_address(), host: "server.example" };
        let default = ClientConfig::builder().build().unwrap();
        let connect = TlsConnector::new(to, default);
        assert_eq!(connect.wrapped().host, "server.example");
        let (on_server, _) = both();
        let accept = async {
            let stream = listener.accept().await.unwrap();
            on_server.accept(stream).await
        };
        let (refused, _) = tokio::join!(connect.connect(), accept);
        let problem = refused.unwrap_err();
        let problem = TlsError::of(&problem).and_then(TlsError::certificate_problem);
        assert_eq!(
            problem,
            Some(&CertificateProblem::UnknownIssuer),
            "no root of the platform vouches for it"
        );
    }

    /// What the server of these two sees when they connect.
    async fn agreed(
        connect: impl Connect<Stream = TlsStream<TcpStream>>,
        on: &ServerConfig,
        at: &TcpListener,
    ) -> TlsStream<TcpStream> {
        let accept = async { on.accept(at.accept().await.unwrap()).await };
        let (client, server) = tokio::join!(connect.connect(), accept);
        client.unwrap();
        server.unwrap()
    }

    #[arbour::test(start_paused = false)]
    async fn asconnectable_tls_explicit_context() {
        let authority = Authority::new("authority");
        let on_server = server(&authority.issue(&["server.example"])).alpn(["kept"]).build().unwrap();
        let explicit = authority.client().alpn(["kept"]).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = To { address: listener.local_address(), host: "server.example" };
        let server = agreed(TlsConnector::new(to, explicit), &on_server, &listener).await;
        assert_eq!(server.attribute::<AlpnProtocol>().unwrap(), "kept");
    }

    #[arbour::test(start_paused = false)]
    async fn asconnectable_tls_tcp_implicit_hostname() {
        let (on_server, on_client) = both();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = || To { address: listener.local_address(), host: "server.example" };
        let implicit = TlsConnector::new(to(), on_client.clone());
        assert_eq!(implicit.host_name(), Some("server.example"));
        let server = agreed(implicit, &on_server, &listener).await;
        assert_eq!(server.attribute::<ServerName>().as_deref(), Some("server.example"));

        let explicit = TlsConnector::new(to(), on_client).expect_host("other.example");
        assert_eq!(explicit.host_name(), Some("other.example"));
    }

    /// Elsewhere the name is handed on as it was given. Certificates write it in ASCII, and so is it asked for
    /// here.
    #[arbour::test(start_paused = false)]
    async fn tcpstream_connect_tcp_with_tls_unicode_hostname() {
        let authority = Authority::new("authority");
        let [right, wrong] = ["xn--fa-hia.de", "fass.de"].map(|name| server(&authority.issue(&[name])));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = || {
            let to = TcpConnect::to("faß.de", listener.local_address().port()).unwrap();
            TlsConnector::new(to.resolver(Known(vec!["127.0.0.1"])), authority.client().build().unwrap())
        };
        assert_eq!(to().host_name(), Some("faß.de"));
        let server = agreed(to(), &right.build().unwrap(), &listener).await;
        assert_eq!(server.attribute::<ServerName>().as_deref(), Some("xn--fa-hia.de"));

        let wrong = wrong.build().unwrap();
        let (connect, accepted) = (to(), async { wrong.accept(listener.accept().await.unwrap()).await });
        let (refused, _) = tokio::join!(connect.connect(), accepted);
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("fass.de") && refused.contains("xn--fa-hia.de"), "{refused}");
    }
}

#[arbour::test]
async fn a_goodbye_that_nobody_reads_holds_its_scope_for_five_seconds_at_most() {
    let (on_server, on_client) = both();
    let begin = tokio::time::Instant::now();
    let (mut client, server) = over(byte_pipe(1024), (&on_server, &on_client)).await;
    let scope = CancelScope::new().run(async move {
        assert!(move_on_after(SECOND, client.send(&[0; 4000])).await.is_err());
        drop(client);
    });
    scope.await.unwrap();
    assert_eq!(begin.elapsed(), SECOND * 6);
    drop(server);
}

#[arbour::test]
async fn a_goodbye_is_sent_as_clean_up_when_the_peer_reads_late() {
    let (on_server, on_client) = both();
    let (mut client, mut server) = over(byte_pipe(1024), (&on_server, &on_client)).await;
    let sends = CancelScope::new().run(async move {
        let _ = move_on_after(SECOND, client.send(&[7; 4000])).await;
        drop(client);
    });
    let receives = async {
        tokio::time::sleep(SECOND * 3).await;
        soon(rest(&mut server)).await
    };
    let (sent, received) = tokio::join!(sends, receives);
    sent.unwrap();
    assert_eq!(received.unwrap(), [7; 4000], "all that was taken, and then the goodbye");
}

#[arbour::test(start_paused = false)]
async fn over_sockets_it_keeps_what_byte_streams_promise() {
    let (on_server, on_client) = both();
    let sockets = check_byte_stream(async || over(tcp().await, (&on_server, &on_client)).await);
    sockets.run().await.unwrap();
}

#[arbour::test]
async fn in_memory_it_keeps_what_byte_streams_promise() {
    let (on_server, on_client) = both();
    let pairs = check_byte_stream(async || over(byte_pipe(64 * 1024), (&on_server, &on_client)).await);
    pairs.clogged_by(1 << 20).run().await.unwrap();
}

#[arbour::test]
async fn over_a_stream_that_others_made_it_keeps_what_byte_streams_promise() {
    let (on_server, on_client) = both();
    let duplex = || {
        let (one, other) = tokio::io::duplex(64 * 1024);
        (Foreign::new(one), Foreign::new(other))
    };
    let pairs = check_byte_stream(async || over(duplex(), (&on_server, &on_client)).await);
    pairs.clogged_by(1 << 20).run().await.unwrap();
}
