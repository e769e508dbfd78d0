//! Versions and application protocols that do not meet.

use super::{HOST, shaken, tls};
use crate::certificates::{Authority, server};
use arbour::transports::tls::attributes::{AlpnProtocol, TlsVersion, Version};
use arbour::transports::tls::rustls::pki_types::CertificateDer;
use arbour::transports::tls::rustls::pki_types::pem::PemObject;
use arbour::transports::tls::rustls::{self, RootCertStore};
use arbour::transports::tls::{ClientConfig, TlsError};
use arbour::transports::{AttributesExt, ByteReceiveExt};
use std::sync::Arc;

/// A client that speaks TLS 1.2 only.
fn old(authority: &Authority) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config).into()
}

#[arbour::test]
async fn a_client_of_tls_1_2_is_accepted_unless_1_3_is_asked_for() {
    let authority = Authority::new("authority");
    let lax = server(&authority.issue(&[HOST]));
    let (client, server_end) = shaken(&old(&authority), &lax.build().unwrap()).await;
    assert_eq!(server_end.unwrap().attribute::<Version>(), Some(TlsVersion::Tls12));
    client.unwrap();

    let strict = server(&authority.issue(&[HOST])).only_tls13().build().unwrap();
    let (client, server_end) = shaken(&old(&authority), &strict).await;
    let refused = server_end.unwrap_err();
    assert!(matches!(tls(&refused), TlsError::NoCommonVersion { only_tls13: true }), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "the handshake failed: no version of TLS is allowed on both sides: this side allows TLS 1.3 only"
    );
    let heard = client.unwrap_err();
    assert!(matches!(tls(&heard), TlsError::NoCommonVersion { only_tls13: false }), "{heard:?}");
}

#[arbour::test]
async fn without_a_common_protocol_both_sides_say_what_they_offer() {
    let authority = Authority::new("authority");
    let on_server = server(&authority.issue(&[HOST])).alpn(["h2"]).build().unwrap();
    let on_client = authority.client().alpn(["http/1.1", "spdy"]).build().unwrap();
    let (client, server_end) = shaken(&on_client, &on_server).await;
    let [client, server_end] = [client, server_end].map(Result::unwrap_err);
    let told = "the handshake failed: no application protocol (ALPN) is known to both sides; ours: ";
    assert_eq!(client.to_string(), format!("{told}http/1.1, spdy"));
    assert_eq!(server_end.to_string(), format!("{told}h2"));
}

#[arbour::test]
async fn a_peer_that_offers_no_protocol_is_refused_where_one_is_required() {
    let authority = Authority::new("authority");
    let without = || server(&authority.issue(&[HOST]));
    let offering = authority.client().alpn(["h2"]).build().unwrap();
    let (client, _server) = shaken(&offering, &without().build().unwrap()).await;
    assert_eq!(client.unwrap().attribute::<AlpnProtocol>(), None, "nobody asked for more");

    let requiring = authority.client().alpn(["h2"]).require_alpn().build().unwrap();
    let (client, server_end) = shaken(&requiring, &without().build().unwrap()).await;
    assert!(matches!(tls(&client.unwrap_err()), TlsError::NoProtocol { ours } if ours == &["h2"]));
    assert!(server_end.unwrap().receive(1).await.unwrap().is_none(), "the client said goodbye");

    let requiring = without().alpn(["h2"]).require_alpn().build().unwrap();
    let (_client, server_end) = shaken(&authority.client().build().unwrap(), &requiring).await;
    assert!(matches!(tls(&server_end.unwrap_err()), TlsError::NoProtocol { .. }));
}
