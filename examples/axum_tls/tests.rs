//! The server as a client of HTTP over TLS sees it.

#[path = "../../tests/conformance/certificates.rs"]
mod certificates;

use super::*;
use arbour::transports::tcp::TcpStream;
use arbour::transports::tls::{ClientConfig, TlsStream};
use arbour::transports::{Buffered, ByteSendExt, Connect, ReceiveError, memory_listener};
use arbour::{fail_after, task_group};
use certificates::{Authority, server};

type Client<S> = Buffered<TlsStream<S>>;

async fn ask<S: ByteStream>(client: &mut Client<S>, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    client.send(request.as_bytes()).await.unwrap();
}

/// The head and the body of the next answer.
async fn answer_to<S: ByteStream>(client: &mut Client<S>) -> (String, String) {
    let head = client.receive_until(b"\r\n\r\n", 4_096).await.unwrap();
    let head = String::from_utf8(head.into()).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let body = client.receive_exactly(length.parse().unwrap()).await.unwrap();
    (head, String::from_utf8(body.into()).unwrap())
}

/// Both ends of TLS that trust each other.
fn both_ends() -> (ServerConfig, ClientConfig) {
    let authority = Authority::new("authority");
    let tls = server(&authority.issue(&["localhost"])).build().unwrap();
    (tls, authority.client().build().unwrap())
}

#[arbour::test(start_paused = false)]
async fn a_handler_sees_the_attributes_of_its_connection() {
    let (tls, trust) = both_ends();
    let test = task_group(async |group| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_address()).await.unwrap();
        group.spawn(serve_https(listener, tls));
        let mut client = Buffered::new(trust.connect(stream, "localhost").await.unwrap());
        ask(&mut client, "/").await;
        let (head, body) = answer_to(&mut client).await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert_eq!(body, "hello, 127.0.0.1\n");
        group.cancel("enough");
    });
    fail_after(Duration::from_secs(60), test).await.unwrap().unwrap();
}

#[arbour::test]
async fn a_request_that_is_being_answered_is_finished_by_the_drain_and_idle_connections_are_ended() {
    let (tls, trust) = both_ends();
    let test = task_group(async |group| {
        let (listener, connect) = memory_listener("memory:server", 64 * 1024);
        let serving = group.spawn(serve_https(listener, tls));
        let client = async || {
            let stream = connect.connect().await.unwrap();
            Buffered::new(trust.connect(stream, "localhost").await.unwrap())
        };
        let (mut busy, mut idle) = (client().await, client().await);
        ask(&mut busy, "/slow").await;
        ask(&mut idle, "/").await;
        assert_eq!(answer_to(&mut idle).await.1, "hello, whoever you are\n");
        sleep(Duration::from_millis(500)).await;
        serving.scope().unwrap().drain();
        let ended = idle.receive_exactly(1).await.unwrap_err();
        assert!(matches!(ended, ReceiveError::Incomplete { received: 0, .. }), "{ended}");
        let (head, body) = answer_to(&mut busy).await;
        assert!(head.contains("connection: close"), "{head}");
        assert_eq!(body, "after a while\n");
        serving.await.unwrap();
        assert!(connect.connect().await.is_err());
    });
    fail_after(Duration::from_secs(60), test).await.unwrap().unwrap();
}
