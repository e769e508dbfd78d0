//! `openssl s_client` against our server.

use super::{Trust, accepted, as_openssl_says, line, listening, rest};
use crate::peer::{Peer, patiently};
use arbour::transports::tls::attributes::{PeerNames, ServerName};
use arbour::transports::tls::{TlsError, Unwrapped};
use arbour::transports::{AttributesExt, Buffered, ByteReceiveExt, ByteSendExt};

/// A client that verifies us, with these arguments, too.
fn s_client(trust: &Trust, port: u16, more: &[&str]) -> Peer {
    let connect = format!("127.0.0.1:{port}");
    let root = trust.root();
    let args =
        ["s_client", "-connect", &connect, "-servername", super::HOST, "-verify_hostname", super::HOST];
    let args = args.into_iter().chain(["-CAfile", &root, "-verify_return_error", "-nocommands"]);
    Peer::start("openssl", args.chain(more.iter().copied()))
}

async fn both_say_the_same(version: &str) {
    let trust = Trust::new();
    let config = trust.on_server_asking().alpn(["h2", "echo"]).build().unwrap();
    let (listener, address) = listening().await;
    let [certificate, key] = trust.ada();
    let flags = [version, "-alpn", "other,echo", "-cert", &certificate, "-key", &key];
    let mut client = s_client(&trust, address.port(), &flags);
    let mut stream = accepted(&listener, &config).await.unwrap();

    let (ours, suite, alpn) = as_openssl_says(&stream).await;
    assert_eq!(client.until("subject=").await, "subject=CN = server.example");
    assert_eq!(client.until("New, ").await, format!("New, {ours}, Cipher is {suite}"));
    assert_eq!(client.until("ALPN protocol").await, format!("ALPN protocol: {alpn}"));
    assert_eq!(alpn, "echo");
    assert!(client.until("Verify return code").await.contains("0 (ok)"));
    assert_eq!(stream.attribute::<ServerName>().as_deref(), Some(super::HOST));
    assert_eq!(stream.attribute::<PeerNames>().unwrap().common_name.as_deref(), Some("ada"));

    client.send("hello\n").await;
    assert_eq!(line(&mut stream).await, "hello\n");
    stream.send(b"olleh\n").await.unwrap();
    client.until("olleh").await;
    client.end_input();
    assert_eq!(rest(&mut stream).await.unwrap(), "", "it says goodbye");
}

#[arbour::test(start_paused = false)]
async fn both_say_the_same_of_tls_1_3() {
    both_say_the_same("-tls1_3").await;
}

#[arbour::test(start_paused = false)]
async fn both_say_the_same_of_tls_1_2() {
    both_say_the_same("-tls1_2").await;
}

#[arbour::test(start_paused = false)]
async fn a_client_of_tls_1_2_is_refused_where_1_3_is_asked_for() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let client = s_client(&trust, address.port(), &["-tls1_2"]);
    let refused = accepted(&listener, &trust.on_server().only_tls13().build().unwrap()).await.unwrap_err();
    assert!(
        matches!(TlsError::of(&refused), Some(TlsError::NoCommonVersion { only_tls13: true })),
        "{refused}"
    );
    let (said, content) = client.end().await;
    assert!(!content && said.contains("alert protocol version"), "{said}");
}

#[arbour::test(start_paused = false)]
async fn a_client_without_a_certificate_is_told_so() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let mut client = s_client(&trust, address.port(), &["-tls1_3"]);
    let refused = accepted(&listener, &trust.on_server_asking().build().unwrap()).await.unwrap_err();
    assert!(matches!(TlsError::of(&refused), Some(TlsError::NoCertificate(_))), "{refused}");
    client.until("alert certificate required").await;
}

#[arbour::test(start_paused = false)]
async fn a_client_that_trusts_others_says_why_it_goes() {
    let (trust, stranger) = (Trust::new(), Trust::new());
    let (listener, address) = listening().await;
    let client = s_client(&stranger, address.port(), &[]);
    let refused = accepted(&listener, &trust.on_server().build().unwrap()).await.unwrap_err();
    assert!(matches!(TlsError::of(&refused), Some(TlsError::Refused(_))), "{refused}");
    assert!(!client.end().await.1);
}

#[arbour::test(start_paused = false)]
async fn starttls_in_the_words_of_smtp() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let mut client = s_client(&trust, address.port(), &["-starttls", "smtp", "-quiet"]);
    let mut plain = Buffered::new(patiently(listener.accept()).await.unwrap());
    plain.send(b"220 server.example\r\n").await.unwrap();
    for (word, answer) in [("EHLO", "250-server.example\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go on\r\n")]
    {
        let asked = patiently(plain.receive_until(b"\r\n", 1024)).await.unwrap();
        assert!(asked.starts_with(word.as_bytes()), "{asked:?}");
        plain.send(answer.as_bytes()).await.unwrap();
    }
    let (plain, read) = plain.into_parts();
    let config = trust.on_server().build().unwrap();
    let mut stream = patiently(config.upgrade(plain, read)).await.unwrap();
    client.send("EHLO again\n").await;
    assert_eq!(line(&mut stream).await, "EHLO again\n");

    client.end_input();
    let Unwrapped { mut stream, surplus, .. } = patiently(stream.unwrap()).await.unwrap();
    assert!(surplus.is_empty());
    assert!(patiently(ByteReceiveExt::receive(&mut stream, 64)).await.unwrap().is_none());
}
