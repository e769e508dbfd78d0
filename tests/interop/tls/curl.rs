//! `curl` against our server, which answers by hand.

use super::{HOST, Trust, accepted, listening};
use crate::peer::{Peer, patiently};
use arbour::transports::tls::TlsError;
use arbour::transports::tls::attributes::{AlpnProtocol, PeerNames};
use arbour::transports::{AttributesExt, Buffered, ByteSendExt};

fn curl(trust: &Trust, scheme: &str, port: u16, more: &[&str]) -> Peer {
    let (root, url) = (trust.root(), format!("{scheme}://{HOST}:{port}/greeting"));
    let resolve = format!("{HOST}:{port}:127.0.0.1");
    let args = ["--silent", "--show-error", "--noproxy", "*", "--resolve", &resolve, "--cacert", &root, &url];
    Peer::start("curl", args.into_iter().chain(more.iter().copied()))
}

#[arbour::test(start_paused = false)]
async fn it_gets_a_page_and_shows_who_it_is() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let [certificate, key] = trust.ada();
    let client = curl(&trust, "https", address.port(), &["--http1.1", "--cert", &certificate, "--key", &key]);
    let config = trust.on_server_asking().alpn(["http/1.1"]).require_alpn().build().unwrap();
    let stream = accepted(&listener, &config).await.unwrap();
    assert_eq!(stream.attribute::<AlpnProtocol>().unwrap(), "http/1.1");
    let name = stream.attribute::<PeerNames>().unwrap().common_name.unwrap();

    let mut stream = Buffered::new(stream);
    let head = patiently(stream.receive_until(b"\r\n\r\n", 4096)).await.unwrap();
    assert!(head.starts_with(b"GET /greeting HTTP/1.1\r\n"), "{head:?}");
    let body = format!("hello, {name}");
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.send(answer.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(client.end().await, ("hello, ada".to_owned(), true));
}

#[arbour::test(start_paused = false)]
async fn a_body_that_ends_with_the_stream_is_whole_after_our_goodbye() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let client = curl(&trust, "https", address.port(), &["--http1.1"]);
    let mut stream = Buffered::new(accepted(&listener, &trust.on_server().build().unwrap()).await.unwrap());
    patiently(stream.receive_until(b"\r\n\r\n", 4096)).await.unwrap();
    stream.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nup to the end").await.unwrap();
    drop(stream);
    assert_eq!(client.end().await, ("up to the end".to_owned(), true));
}

#[arbour::test(start_paused = false)]
async fn plain_http_to_the_port_of_tls_is_called_so() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let client = curl(&trust, "http", address.port(), &[]);
    let refused = accepted(&listener, &trust.on_server().build().unwrap()).await.unwrap_err();
    assert!(matches!(TlsError::of(&refused), Some(TlsError::PlainHttp)), "{refused}");
    assert!(!client.end().await.1);
}
