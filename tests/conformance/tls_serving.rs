//! TLS servers as they run: certificates by name, certificates that change, an upgrade in the middle, TLS 1.2.

use crate::certificates::{Authority, server};
use arbour::testing::check_byte_stream;
use arbour::transports::tls::attributes::{PeerNames, Version};
use arbour::transports::tls::rustls::pki_types::pem::PemObject;
use arbour::transports::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use arbour::transports::tls::rustls::{self, RootCertStore};
use arbour::transports::tls::{ClientConfig, ConfigError, ServerConfig, TlsStream, TlsVersion, Unwrapped};
use arbour::transports::{AttributesExt, BytePipe, ByteReceiveExt, ByteSendExt, byte_pipe};
use bytes::Bytes;
use std::sync::Arc;

async fn over(
    (on_server, on_client): (&ServerConfig, &ClientConfig),
    host: &str,
) -> (TlsStream<BytePipe>, TlsStream<BytePipe>) {
    let (client, server) = byte_pipe(64 * 1024);
    let (client, server) = tokio::join!(on_client.connect(client, host), on_server.accept(server));
    (client.unwrap(), server.unwrap())
}

/// The common name of the certificate that a client is shown who asks for this host.
async fn shown(configs: (&ServerConfig, &ClientConfig), host: &str) -> String {
    let (client, _server) = over(configs, host).await;
    client.attribute::<PeerNames>().unwrap().common_name.unwrap()
}

#[arbour::test]
async fn each_name_has_its_certificate_and_all_others_one_in_common() {
    let authority = Authority::new("authority");
    let on_server = server(&authority.issue(&["default.example", "192.0.2.1", "elsewhere.example"]))
        .identity_for("one.example", authority.issue(&["one.example"]).identity())
        .identity_for("*.many.example", authority.issue(&["*.many.example"]).identity())
        .build()
        .unwrap();
    let on_client = authority.client().build().unwrap();
    let configs = (&on_server, &on_client);
    assert_eq!(shown(configs, "one.example").await, "one.example");
    assert_eq!(shown(configs, "ONE.example").await, "one.example");
    assert_eq!(shown(configs, "a.many.example").await, "*.many.example");
    assert_eq!(shown(configs, "elsewhere.example").await, "default.example");
    assert_eq!(shown(configs, "192.0.2.1").await, "default.example", "no client asks for an address");
}

#[arbour::test]
async fn certificates_change_while_connections_go_on() {
    let authority = Authority::new("authority");
    let pair = |common_name| authority.issue(&[common_name, "server.example"]);
    let on_server = server(&pair("old")).build().unwrap();
    let on_client = || authority.client().build().unwrap();
    let (mut client, mut old) = over((&on_server, &on_client()), "server.example").await;

    on_server.clone().reload(pair("new").identity()).unwrap();
    assert_eq!(shown((&on_server, &on_client()), "server.example").await, "new");
    on_server.reload_for("server.example", pair("newest").identity()).unwrap();
    assert_eq!(shown((&on_server, &on_client()), "server.example").await, "newest");

    assert_eq!(client.attribute::<PeerNames>().unwrap().common_name.as_deref(), Some("old"));
    client.send(b"still here").await.unwrap();
    assert_eq!(old.receive(64).await.unwrap().unwrap(), "still here");
}

#[arbour::test]
async fn bytes_that_were_read_before_an_upgrade_belong_to_the_handshake() {
    let authority = Authority::new("authority");
    let on_server = server(&authority.issue(&["server.example"])).build().unwrap();
    let on_client = authority.client().build().unwrap();
    for read_too_far in [0, 1, 5, 100] {
        let (mut client, mut server) = byte_pipe(64 * 1024);
        client.send(b"STARTTLS").await.unwrap();
        let connects = on_client.upgrade(client, "server.example", Bytes::new());
        let accepts = async {
            let mut read = Vec::new();
            while read.len() < 8 + read_too_far {
                read.extend(server.receive(8 + read_too_far - read.len()).await.unwrap().unwrap());
            }
            on_server.upgrade(server, Bytes::from(read).slice(8..)).await
        };
        let (client, server) = tokio::join!(connects, accepts);
        let (client, server) = tokio::join!(client.unwrap().unwrap(), server.unwrap().unwrap());
        let Unwrapped { surplus, unread, .. } = server.unwrap();
        assert!(client.is_ok() && surplus.is_empty() && unread.is_empty(), "{read_too_far} bytes too far");
    }
}

#[arbour::test]
async fn a_peer_that_goes_on_sending_is_not_unwrapped() {
    let authority = Authority::new("authority");
    let on_server = server(&authority.issue(&["server.example"])).build().unwrap();
    let (mut client, server) =
        over((&on_server, &authority.client().build().unwrap()), "server.example").await;
    let (unwrapped, _sent) = tokio::join!(server.unwrap(), client.send(&[0; 100_000]));
    let error = unwrapped.unwrap_err().to_string();
    assert!(error.contains("more than 65536 bytes that nobody had received"), "{error}");
}

/// A configuration made by rustls's own builder, with TLS 1.2 only.
fn made_by_rustls(authority: &Authority) -> (ServerConfig, ClientConfig) {
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    let pair = authority.issue(&["server.example"]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (Arc::new(server).into(), Arc::new(client).into())
}

#[arbour::test]
async fn in_tls_1_2_it_keeps_what_byte_streams_promise() {
    let (on_server, on_client) = made_by_rustls(&Authority::new("authority"));
    let (client, server) = over((&on_server, &on_client), "server.example").await;
    assert_eq!(client.attribute::<Version>(), Some(TlsVersion::Tls12));
    drop((client, server));
    let other = Authority::new("other").issue(&["server.example"]).identity();
    assert!(matches!(on_server.reload(other), Err(ConfigError::ForeignCertificates)));
    let pairs = check_byte_stream(async || over((&on_server, &on_client), "server.example").await);
    pairs.clogged_by(1 << 20).run().await.unwrap();
}
