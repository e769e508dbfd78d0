//! Peers that do not speak TLS, or stop in the middle of it.

use super::{HOST, tls};
use crate::certificates::{Authority, server};
use arbour::transports::tls::{ServerConfig, TlsError};
use arbour::transports::{ByteReceiveExt, ByteSendExt, HandshakeError, byte_pipe};
use std::time::Duration;
use tokio::time::Instant;

fn on_server() -> ServerConfig {
    server(&Authority::new("authority").issue(&[HOST])).build().unwrap()
}

/// What a server says of a peer that sends this, then ends.
async fn said_of(bytes: &[u8]) -> HandshakeError {
    let (mut peer, raw) = byte_pipe(1 << 20);
    peer.send(bytes).await.unwrap();
    peer.send_eof().await.unwrap();
    on_server().accept(raw).await.unwrap_err()
}

#[arbour::test]
async fn plain_http_is_called_so() {
    for request in
        ["GET / HTTP/1.1\r\n\r\n", "POST /login HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let error = said_of(request.as_bytes()).await;
        assert!(matches!(tls(&error), TlsError::PlainHttp), "{request}: {error}");
    }
}

#[arbour::test]
async fn a_client_that_meets_plain_http_calls_it_so() {
    let (client, mut peer) = byte_pipe(1 << 16);
    peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let client = Authority::new("authority").client().build().unwrap().connect(client, HOST).await;
    assert!(matches!(tls(&client.unwrap_err()), TlsError::PlainHttp));
}

#[arbour::test]
async fn garbage_is_shown_by_its_first_bytes() {
    let error = said_of(b"SSH-2.0-OpenSSH_9.2\r\n").await;
    assert!(matches!(tls(&error), TlsError::NotTls { begin } if begin == b"SSH-2"), "{error}");
    let error = said_of(&[0xff; 4096]).await;
    assert!(matches!(tls(&error), TlsError::NotTls { begin } if begin == &[0xff; 5]), "{error}");
}

#[arbour::test]
async fn no_bytes_of_garbage_reach_anybody() {
    // A seeded generator: each run sees the same 1,000 strangers.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let config = on_server();
    for case in 0..1000 {
        let mut bytes: Vec<u8> = (0..random() % 200).map(|_| random().to_le_bytes()[3]).collect();
        if case % 2 == 0 && bytes.len() > 2 {
            bytes[..3].copy_from_slice(&[22, 3, 1]);
        }
        let (mut peer, raw) = byte_pipe(4096);
        peer.send(&bytes).await.unwrap();
        peer.send_eof().await.unwrap();
        let error = config.accept(raw).await.unwrap_err();
        assert!(TlsError::of(&error).is_some(), "{bytes:?}: {error:?}");
    }
}

#[arbour::test]
async fn a_record_longer_than_allowed_is_refused_before_it_is_there() {
    let (mut peer, raw) = byte_pipe(1 << 20);
    peer.send(&[22, 3, 1, 0xff, 0xff, 1]).await.unwrap();
    let error = on_server().accept(raw).await.unwrap_err();
    assert!(matches!(tls(&error), TlsError::Protocol(_)), "{error}");
    assert!(peer.receive(64).await.unwrap().is_some(), "the peer is told");
}

#[arbour::test]
async fn who_hangs_up_in_the_middle_is_said_to_have() {
    for bytes in [&b""[..], &[22, 3, 1], &[22, 3, 1, 0, 100, 1, 0, 0, 96]] {
        let error = said_of(bytes).await;
        assert!(matches!(tls(&error), TlsError::HungUp), "{bytes:?}: {error}");
    }
}

#[arbour::test]
async fn three_bytes_and_then_silence_end_with_the_deadline() {
    let (mut peer, raw) = byte_pipe(64);
    peer.send(&[22, 3, 1]).await.unwrap();
    let begin = Instant::now();
    let error = on_server().accept(raw).await.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
    assert!(matches!(error, HandshakeError::TimedOut(within) if within == Duration::from_secs(10)));
    assert!(matches!(peer.receive(64).await, Ok(None)), "the connection is closed");

    let (_peer, raw) = byte_pipe(64);
    let client = Authority::new("authority").client().handshake_deadline(Duration::from_millis(1500));
    let begin = Instant::now();
    let error = client.build().unwrap().connect(raw, HOST).await.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::from_millis(1500), "a peer that does not even read");
    assert!(matches!(error, HandshakeError::TimedOut(_)));
}
