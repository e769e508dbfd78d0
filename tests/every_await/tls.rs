//! TLS: whoever is stopped at whichever poll, nothing of a connection stays, and what was received is in order.

use crate::certificates::{Authority, server};
use crate::support::sweep;
use arbour::transports::tls::{ClientConfig, ServerConfig, TlsConnector, TlsListener, Unwrapped};
use arbour::transports::{ByteReceiveExt, ByteSendExt, Connect, Listener, byte_pipe, memory_listener};
use bytes::Bytes;
use std::cell::RefCell;

const HELLO: &[u8] = b"hello, how are you?";

fn both() -> (ServerConfig, ClientConfig) {
    let authority = Authority::new("sweeps");
    let server = server(&authority.issue(&["server.example"])).build().unwrap();
    (server, authority.client().build().unwrap())
}

/// What came in must be the beginning of what went out, and all of it if the scenario was not stopped.
fn check(received: &RefCell<Vec<u8>>, finished: bool) {
    let received = received.take();
    assert!(HELLO.starts_with(&received), "{received:?}");
    assert!(!finished || received == HELLO, "{received:?}");
}

#[test]
fn listeners_and_ways_to_connect() {
    let (received, (on_server, on_client)) = (RefCell::new(Vec::new()), both());
    let scenario = || async {
        let (listener, to) = memory_listener("memory", 64 * 1024);
        let connect = TlsConnector::new(to, on_client.clone()).expect_host("server.example");
        let mut listener = TlsListener::new(listener, on_server.clone());
        let accept = async { listener.accept().await.unwrap().establish().await.unwrap() };
        let (client, mut server) = tokio::join!(connect.connect(), accept);
        let mut client = client.unwrap();
        let sends = async {
            client.send(HELLO).await.unwrap();
            client.close().await.unwrap();
        };
        let receives = async {
            while let Some(bytes) = server.receive(4).await.unwrap() {
                received.borrow_mut().extend_from_slice(&bytes);
            }
            server.close().await.unwrap();
        };
        tokio::join!(sends, receives);
    };
    sweep(scenario, |run| check(&received, run.output.is_some()));
}

#[test]
fn handshakes_on_streams_of_ones_own() {
    let (received, (on_server, on_client)) = (RefCell::new(Vec::new()), both());
    let scenario = || async {
        let (client, server) = byte_pipe(64 * 1024);
        let (client, server) =
            tokio::join!(on_client.connect(client, "server.example"), on_server.accept(server));
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        client.send(HELLO).await.unwrap();
        client.send_eof().await.unwrap();
        while let Some(bytes) = server.receive(4).await.unwrap() {
            received.borrow_mut().extend_from_slice(&bytes);
        }
    };
    sweep(scenario, |run| check(&received, run.output.is_some()));
}

#[test]
fn upgrades_and_unwraps() {
    let (received, (on_server, on_client)) = (RefCell::new(Vec::new()), both());
    let scenario = || async {
        let (mut client, mut server) = byte_pipe(64 * 1024);
        client.send(b"STARTTLS").await.unwrap();
        let asked = server.receive(8).await.unwrap().unwrap();
        received.borrow_mut().extend_from_slice(&HELLO[..2]);
        let (client, server) = tokio::join!(
            on_client.upgrade(client, "server.example", Bytes::new()),
            on_server.upgrade(server, asked.slice(8..)),
        );
        let (client, server) = tokio::join!(client.unwrap().unwrap(), server.unwrap().unwrap());
        client.unwrap().stream.send(&HELLO[2..]).await.unwrap();
        let Unwrapped { mut stream, surplus, .. } = server.unwrap();
        received.borrow_mut().extend_from_slice(&surplus);
        while let Some(bytes) = stream.receive(4).await.unwrap() {
            received.borrow_mut().extend_from_slice(&bytes);
        }
    };
    sweep(scenario, |run| check(&received, run.output.is_some()));
}
