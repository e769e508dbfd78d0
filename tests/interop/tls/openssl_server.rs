//! `openssl s_server` against our client. It turns each line round.

use super::{HOST, Trust, as_openssl_says, connected, line, rest};
use crate::peer::{Peer, patiently, told};
use arbour::transports::tls::attributes::PeerNames;
use arbour::transports::tls::{CertificateProblem, Refusal, TlsError};
use arbour::transports::{AttributesExt, ByteReceiveExt, ByteSendExt};

/// A server with our certificate and these arguments, and its port.
async fn s_server(trust: &Trust, more: &[&str]) -> (Peer, u16) {
    let (certificate, key) = (trust.certificate(), trust.key());
    let args = ["s_server", "-accept", "127.0.0.1:0", "-cert", &certificate, "-key", &key, "-rev"];
    let mut server = Peer::start("openssl", args.into_iter().chain(more.iter().copied()));
    let port = server.port("ACCEPT").await;
    (server, port)
}

async fn both_say_the_same(version: &str) {
    let trust = Trust::new();
    let root = trust.root();
    let flags = [version, "-alpn", "echo,h2", "-Verify", "1", "-verify_return_error", "-CAfile", &root];
    let (mut server, port) = s_server(&trust, &flags).await;
    let client = trust.on_client().alpn(["other", "echo"]).identity(trust.ada.identity());
    let mut stream = connected(client, port).await.unwrap();
    stream.send(b"hello\n").await.unwrap();
    assert_eq!(line(&mut stream).await, "olleh\n");

    let (ours, suite, alpn) = as_openssl_says(&stream).await;
    assert_eq!(alpn, "echo");
    assert_eq!(server.until("Protocol version").await, format!("Protocol version: {ours}"));
    assert_eq!(server.until("Ciphersuite").await, format!("Ciphersuite: {suite}"));
    assert_eq!(server.until("Peer certificate").await, "Peer certificate: CN = ada");

    let certificate = trust.certificate();
    let printed = ["x509", "-in", &certificate, "-noout", "-subject", "-ext", "subjectAltName"];
    let (printed, names) = (told("openssl", printed).await, stream.attribute::<PeerNames>().unwrap());
    assert!(printed.contains(&format!("subject=CN = {}", names.common_name.unwrap())), "{printed}");
    assert!(printed.contains(&format!("DNS:{}", names.dns[0])), "{printed}");

    stream.send(b"CLOSE\n").await.unwrap();
    assert_eq!(rest(&mut stream).await.unwrap(), "", "it says goodbye");
    patiently(stream.close()).await.unwrap();
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
async fn a_server_of_tls_1_2_is_refused_where_1_3_is_asked_for() {
    let trust = Trust::new();
    let (_server, port) = s_server(&trust, &["-tls1_2"]).await;
    connected(trust.on_client(), port).await.unwrap();
    let refused = connected(trust.on_client().only_tls13(), port).await.unwrap_err();
    assert!(
        matches!(TlsError::of(&refused), Some(TlsError::NoCommonVersion { only_tls13: true })),
        "{refused}"
    );
}

#[arbour::test(start_paused = false)]
async fn a_server_that_wants_a_certificate_tells_so_at_the_first_receive() {
    let trust = Trust::new();
    let (_server, port) = s_server(&trust, &["-tls1_3", "-Verify", "1", "-CAfile", &trust.root()]).await;
    let mut stream = connected(trust.on_client(), port).await.unwrap();
    let told = patiently(stream.receive(1)).await.unwrap_err();
    assert!(matches!(TlsError::of(&told), Some(TlsError::Refused(Refusal::Missing))), "{told}");
}

#[arbour::test(start_paused = false)]
async fn a_server_whom_nobody_vouches_for_is_refused_and_hears_it() {
    let (trust, stranger) = (Trust::new(), Trust::new());
    let (mut server, port) = s_server(&trust, &[]).await;
    let refused = connected(stranger.on_client(), port).await.unwrap_err();
    let problem = TlsError::of(&refused).and_then(TlsError::certificate_problem);
    assert_eq!(problem, Some(&CertificateProblem::UnknownIssuer), "{refused}");
    server.until("alert unknown ca").await;
}

#[arbour::test(start_paused = false)]
async fn a_server_for_another_host_is_refused() {
    let mut trust = Trust::new();
    trust.pair = trust.authority.issue(&["other.example"]);
    let (_server, port) = s_server(&trust, &[]).await;
    let refused = connected(trust.on_client(), port).await.unwrap_err();
    let told = format!("it is for other.example, and not for {HOST}");
    assert!(refused.to_string().ends_with(&told), "{refused}");
}
