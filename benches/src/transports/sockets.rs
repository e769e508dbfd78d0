//! Two connected ends over TCP and over a Unix socket: ours, and tokio's with the same options.

use arbour::transports::tcp;
use arbour::transports::unix;

pub(super) async fn arbour_tcp() -> (tcp::TcpStream, tcp::TcpStream) {
    let listener = tcp::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let client = tcp::TcpStream::connect(listener.local_address()).await.expect("it listens");
    (client, listener.accept().await.expect("a client waits"))
}

pub(super) async fn tokio_tcp() -> (tokio::net::TcpStream, tokio::net::TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let client = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let (server, _) = listener.accept().await.expect("a client waits");
    for end in [&client, &server] {
        end.set_nodelay(true).expect("it is open");
    }
    (client, server)
}

pub(super) async fn arbour_unix() -> (unix::UnixStream, unix::UnixStream) {
    unix::UnixStream::pair().expect("two descriptors are free")
}

pub(super) async fn tokio_unix() -> (tokio::net::UnixStream, tokio::net::UnixStream) {
    tokio::net::UnixStream::pair().expect("two descriptors are free")
}
