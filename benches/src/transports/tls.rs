//! Two ends of TLS over TCP: ours over our streams, tokio-rustls over tokio's, with one configuration of rustls.

use super::sockets;
use arbour::transports::tls::{ClientConfig, ServerConfig, TlsStream};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use std::sync::{Arc, LazyLock};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, RootCertStore};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The name in the certificate.
const NAME: &str = "localhost";

/// How both sides of both systems speak TLS.
static CONFIGS: LazyLock<(Arc<rustls::ClientConfig>, Arc<rustls::ServerConfig>)> = LazyLock::new(|| {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([NAME.to_owned()]).expect("the name is one");
    (Arc::new(client(cert.der())), Arc::new(server(cert.der(), &signing_key)))
});

fn client(root: &CertificateDer<'static>) -> rustls::ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).expect("it was made to be a certificate");
    rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn server(certificate: &CertificateDer<'static>, key: &KeyPair) -> rustls::ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("it was made to be a key");
    rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("they were made for each other")
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

pub(super) type Arbour = TlsStream<arbour::transports::tcp::TcpStream>;

pub(super) async fn arbour() -> (Arbour, Arbour) {
    let (client, server) = sockets::arbour_tcp().await;
    let (connect, accept) = &*CONFIGS;
    let connect = ClientConfig::from(Arc::clone(connect));
    let accept = ServerConfig::from(Arc::clone(accept));
    tokio::try_join!(connect.connect(client, NAME), accept.accept(server)).expect("they trust each other")
}

pub(super) type Tokio = tokio_rustls::TlsStream<tokio::net::TcpStream>;

pub(super) async fn tokio_rustls() -> (Tokio, Tokio) {
    let (client, server) = sockets::tokio_tcp().await;
    let (connect, accept) = &*CONFIGS;
    let name = ServerName::try_from(NAME).expect("it is a name");
    let connect = TlsConnector::from(Arc::clone(connect)).connect(name, client);
    let accept = TlsAcceptor::from(Arc::clone(accept)).accept(server);
    let (client, server) = tokio::try_join!(connect, accept).expect("they trust each other");
    (client.into(), server.into())
}
