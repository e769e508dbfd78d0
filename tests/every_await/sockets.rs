//! Sockets: whoever is stopped at whichever poll, no descriptor stays, and what was received is in order.

use crate::support::sweep;
use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::transports::{
    BoxConnect, BoxListener, ByteReceiveExt, ByteSendExt, ByteStream, Connect, ConnectError, Listener,
};
use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;

const HELLO: &[u8] = b"hello, how are you?";

/// What came in must be the beginning of what went out, and all of it if the scenario was not stopped.
fn check(received: &RefCell<Vec<u8>>, finished: bool) {
    let received = received.take();
    assert!(HELLO.starts_with(&received), "{received:?}");
    assert!(!finished || received == HELLO, "{received:?}");
}

#[test]
fn a_tcp_connection() {
    let received = RefCell::new(Vec::new());
    let scenario = || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_address()).await.unwrap();
        let server = listener.accept().await.unwrap();
        client.send(HELLO).await.unwrap();
        client.send_eof().await.unwrap();
        while let Some(bytes) = server.receive(4).await.unwrap() {
            received.borrow_mut().extend_from_slice(&bytes);
        }
    };
    sweep(scenario, |run| check(&received, run.output.is_some()));
}

#[test]
fn any_byte_stream() {
    let received = RefCell::new(Vec::new());
    let scenario = || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_address()).await.unwrap();
        let mut client: Box<dyn ByteStream> = Box::new(client);
        let mut server: Box<dyn ByteStream> = Box::new(listener.accept().await.unwrap());
        client.send(HELLO).await.unwrap();
        client.send_eof().await.unwrap();
        while let Some(bytes) = server.receive(4).await.unwrap() {
            received.borrow_mut().extend_from_slice(&bytes);
        }
    };
    sweep(scenario, |run| check(&received, run.output.is_some()));
}

/// The way to one address.
struct To(SocketAddr);

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tcp:{}", self.0)
    }
}

impl Connect for To {
    type Stream = TcpStream;

    async fn connect(&self) -> Result<TcpStream, ConnectError> {
        TcpStream::connect(self.0).await
    }
}

#[test]
fn boxed_listeners_and_ways_to_connect() {
    let received = RefCell::new(Vec::new());
    let scenario = || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = BoxConnect::new(To(listener.local_address()));
        let mut listener = BoxListener::new(listener);
        let client = connect.connect().await.unwrap();
        let server = listener.accept().await.unwrap().establish().await.unwrap();
        client.send(HELLO).await.unwrap();
        client.close();
        while let Some(bytes) = server.receive(4).await.unwrap() {
            received.borrow_mut().extend_from_slice(&bytes);
        }
    };
    sweep(scenario, |run| check(&received, run.output.is_some()));
}
