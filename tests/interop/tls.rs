//! TLS with other libraries: OpenSSL by its own programs, curl and socat, and Python's by asyncio and AnyIO.

mod anyio;
mod curl;
mod openssl_client;
mod openssl_server;
mod python;
mod socat;

use crate::certificates::{Authority, Pair, server};
use crate::peer::{Folder, patiently, told};
use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::transports::tls::attributes::{AlpnProtocol, CipherSuite, Version};
use arbour::transports::tls::{ClientConfigBuilder, ServerConfig, ServerConfigBuilder, TlsStream};
use arbour::transports::{AttributesExt, ByteReceiveExt, HandshakeError, StreamError};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

const HOST: &str = "server.example";

/// An authority, whom it vouches for, and all of it in files for other programs.
struct Trust {
    authority: Authority,
    pair: Pair,
    ada: Pair,
    /// Keeps the files.
    folder: Folder,
}

impl Trust {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let authority = Authority::new(&format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let (pair, ada) = (authority.issue(&[HOST]), authority.issue(&["ada"]));
        Self { authority, pair, ada, folder: Folder::new() }
    }

    fn root(&self) -> String {
        self.folder.file("root.pem", &self.authority.pem)
    }

    fn certificate(&self) -> String {
        self.folder.file("server.pem", &self.pair.certificate)
    }

    fn key(&self) -> String {
        self.folder.file("server.key", &self.pair.key)
    }

    /// Certificate and key of a client.
    fn ada(&self) -> [String; 2] {
        [self.folder.file("ada.pem", &self.ada.certificate), self.folder.file("ada.key", &self.ada.key)]
    }

    fn on_server(&self) -> ServerConfigBuilder {
        server(&self.pair)
    }

    fn on_server_asking(&self) -> ServerConfigBuilder {
        self.on_server().require_client_certificates().client_root_pem(&self.authority.pem)
    }

    fn on_client(&self) -> ClientConfigBuilder {
        self.authority.client()
    }
}

async fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_address();
    (listener, address)
}

async fn accepted(
    listener: &TcpListener,
    config: &ServerConfig,
) -> Result<TlsStream<TcpStream>, HandshakeError> {
    let stream = patiently(listener.accept()).await.unwrap();
    patiently(config.accept(stream)).await
}

async fn connected(config: ClientConfigBuilder, port: u16) -> Result<TlsStream<TcpStream>, HandshakeError> {
    let stream = TcpStream::connect(([127, 0, 0, 1], port).into()).await.unwrap();
    patiently(config.build().unwrap().connect(stream, HOST)).await
}

/// Receives up to the end of a line.
async fn line(stream: &mut TlsStream<TcpStream>) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        line.extend(patiently(stream.receive(1)).await.unwrap().expect("it ended within a line"));
    }
    String::from_utf8(line).unwrap()
}

/// Receives to the end.
async fn rest(stream: &mut TlsStream<TcpStream>) -> Result<String, StreamError> {
    let mut all = Vec::new();
    while let Some(bytes) = patiently(stream.receive(1024)).await? {
        all.extend_from_slice(&bytes);
    }
    Ok(String::from_utf8(all).unwrap())
}

/// What we say of a connection: its version, its cipher suite as OpenSSL calls that, its application protocol.
async fn as_openssl_says(stream: &TlsStream<TcpStream>) -> (String, String, String) {
    let suite = stream.attribute::<CipherSuite>().unwrap();
    let known = told("openssl", ["ciphers", "-s", "-stdname", "ALL:COMPLEMENTOFALL"]).await;
    let row = known.lines().find(|row| row.split_whitespace().next() == Some(&suite));
    let name = row.and_then(|row| row.split_whitespace().nth(2)).unwrap_or_else(|| panic!("{suite}?"));
    let version = stream.attribute::<Version>().unwrap().to_string();
    let alpn = stream.attribute::<AlpnProtocol>();
    let alpn = alpn.map_or("none".to_owned(), |alpn| String::from_utf8(alpn.to_vec()).unwrap());
    (version, name.to_owned(), alpn)
}
