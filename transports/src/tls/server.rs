//! The configuration of servers.

use super::TlsStream;
use super::certificates::Certificates;
use super::clients::{Asked, Clients};
use super::crypto::Crypto;
use super::error::{ConfigError, TlsSide};
use super::handshake::{self, Failed};
use super::material::Identity;
use super::terms::{Terms, terms};
use crate::{ByteStream, HandshakeError};
use bytes::Bytes;
use parking_lot::Mutex;
use rustls::crypto::CryptoProvider;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls;

/// How this side is a server of TLS. Clones share it, its certificates too.
///
/// # Examples
///
/// ```
/// use arbour::transports::tcp::TcpListener;
/// use arbour::transports::tls::{Identity, ServerConfig, TlsListener};
///
/// # fn pem() -> (String, String) {
/// #     let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
/// #     (made.cert.pem(), made.signing_key.serialize_pem())
/// # }
/// # #[arbour::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let ((certificates, key), (newer, newer_key)) = (pem(), pem());
/// let tls = ServerConfig::builder().identity(Identity::from_pem(certificates, key)?).build()?;
/// let listener = TlsListener::new(TcpListener::bind("127.0.0.1:0").await?, tls.clone());
///
/// // Later, while connections are open, and go on:
/// tls.reload(Identity::from_pem(newer, newer_key)?)?;
/// # drop(listener);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ServerConfig {
    inner: Arc<Inner>,
}

struct Inner {
    /// What the next handshake goes by.
    rustls: Mutex<Arc<rustls::ServerConfig>>,
    terms: Arc<Terms>,
    /// None if all this is rustls's own affair.
    own: Option<Own>,
}

/// What can be exchanged while the server runs.
struct Own {
    certificates: Arc<Certificates>,
    /// Locked while they are exchanged.
    clients: Mutex<Clients>,
    provider: Arc<CryptoProvider>,
}

impl ServerConfig {
    /// A configuration to be filled in.
    #[must_use]
    pub fn builder() -> ServerConfigBuilder {
        ServerConfigBuilder {
            terms: Terms::new(TlsSide::Server),
            clients: Clients::default(),
            identity: None,
            by_name: Vec::new(),
        }
    }

    /// Makes TLS of a stream that was accepted.
    ///
    /// Whoever accepts from a listener wraps that in a [`TlsListener`](super::TlsListener) instead.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the stream is closed. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`], which carries a [`TlsError`](super::TlsError); the stream is closed.
    pub async fn accept<S: ByteStream + 'static>(&self, stream: S) -> Result<TlsStream<S>, HandshakeError> {
        self.upgrade(stream, Bytes::new()).await
    }

    /// The same with a stream in use, after both sides agreed in plain to go on with TLS (STARTTLS).
    ///
    /// `already_read` is what was read from the stream and not used: the beginning of the handshake.
    ///
    /// # Cancel safety
    ///
    /// As [`accept`](Self::accept).
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub async fn upgrade<S: ByteStream + 'static>(
        &self,
        stream: S,
        already_read: Bytes,
    ) -> Result<TlsStream<S>, HandshakeError> {
        self.handshake(stream, already_read).await.map_err(Failed::into_error)
    }

    pub(super) async fn handshake<S: ByteStream + 'static>(
        &self,
        stream: S,
        already_read: Bytes,
    ) -> Result<TlsStream<S>, Failed<S>> {
        let rustls = Arc::clone(&self.inner.rustls.lock());
        handshake::server(&rustls, &self.inner.terms, stream, already_read).await
    }

    /// Uses another identity from the next handshake on. Open connections go on as they are.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: it does not fit together; then the one in use stays.
    pub fn reload(&self, identity: Identity) -> Result<(), ConfigError> {
        let own = self.own()?;
        own.certificates.set(identity.certified(&own.provider)?);
        Ok(())
    }

    /// The same for clients who ask for this name; see [`identity_for`](ServerConfigBuilder::identity_for).
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: it does not fit together, or the name is none; then the one in use stays.
    pub fn reload_for(&self, name: &str, identity: Identity) -> Result<(), ConfigError> {
        let own = self.own()?;
        own.certificates.set_for(name, identity.certified(&own.provider)?)
    }

    /// Trusts these roots (PEM, one or several) to issue certificates of clients from the next handshake on, and no
    /// others. Open connections go on as they are; no session of before is resumed.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: there is none in it, or clients are [not asked](ConfigError::NobodyAsked) for certificates; then
    /// those in use stay.
    pub fn reload_client_roots_pem(&self, pem: impl AsRef<[u8]>) -> Result<(), ConfigError> {
        self.reload_clients(|clients| clients.trust.set_root_pem(pem.as_ref()))
    }

    /// Refuses certificates of clients by these revocation lists (PEM, one or several) from the next handshake on, and
    /// by no others. Open connections go on as they are; no session of before is resumed.
    ///
    /// A list is good until the time of its next update: a server that uses some has to be given newer ones before.
    ///
    /// # Errors
    ///
    /// As [`reload_client_roots_pem`](Self::reload_client_roots_pem).
    pub fn reload_revocation_lists_pem(&self, pem: impl AsRef<[u8]>) -> Result<(), ConfigError> {
        self.reload_clients(|clients| clients.trust.set_revocation_pem(pem.as_ref()))
    }

    fn reload_clients(&self, change: impl FnOnce(&mut Clients)) -> Result<(), ConfigError> {
        let own = self.own()?;
        let mut clients = own.clients.lock();
        let mut changed = clients.clone();
        change(&mut changed);
        let rustls = rustls_config(&self.inner.terms, &own.provider, &changed, &own.certificates)?;
        *self.inner.rustls.lock() = Arc::new(rustls);
        *clients = changed;
        Ok(())
    }

    fn own(&self) -> Result<&Own, ConfigError> {
        self.inner.own.as_ref().ok_or(ConfigError::ForeignCertificates)
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { terms, own, .. } = &*self.inner;
        f.debug_struct("ServerConfig")
            .field("terms", terms)
            .field("certificates", &own.as_ref().map(|own| &own.certificates))
            .finish_non_exhaustive()
    }
}

/// Takes a configuration made by rustls's own builder as it is: with a deadline of 10 s, and a strict end. Its
/// certificates cannot be reloaded here.
impl From<Arc<rustls::ServerConfig>> for ServerConfig {
    fn from(rustls: Arc<rustls::ServerConfig>) -> Self {
        let terms = Terms { alpn: rustls.alpn_protocols.clone(), ..Terms::new(TlsSide::Server) };
        Self { inner: Arc::new(Inner { rustls: Mutex::new(rustls), terms: Arc::new(terms), own: None }) }
    }
}

/// Makes a [`ServerConfig`].
#[derive(Debug)]
pub struct ServerConfigBuilder {
    terms: Terms,
    clients: Clients,
    identity: Option<Identity>,
    by_name: Vec<(String, Identity)>,
}

impl ServerConfigBuilder {
    terms!(clients.trust);

    /// Proves to clients who this server is. It is needed: for clients who ask for no name, or for one that
    /// has no identity of its own.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// The same for clients who ask for this name (SNI), Unicode or not; `*.` in front stands for any one
    /// label. A name given twice has the later identity.
    #[must_use]
    pub fn identity_for(mut self, name: impl Into<String>, identity: Identity) -> Self {
        self.by_name.push((name.into(), identity));
        self
    }

    /// Refuses clients without a certificate that one of the client roots issued.
    #[must_use]
    pub fn require_client_certificates(mut self) -> Self {
        self.clients.asked = Asked::Everybody;
        self
    }

    /// Asks clients for a certificate, and takes those that have none, too. One that is presented must be
    /// right.
    #[must_use]
    pub fn ask_for_client_certificates(mut self) -> Self {
        self.clients.asked = Asked::WhoHasOne;
        self
    }

    /// Trusts these roots (PEM, one or several) to issue certificates of clients.
    #[must_use]
    pub fn client_root_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.clients.trust.root_pem(pem.as_ref());
        self
    }

    /// The same with one root in DER.
    #[must_use]
    pub fn client_root_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.clients.trust.root_der(der.into());
        self
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: there is no identity; a certificate, key, name, revocation list or protocol is none;
    /// they do not fit together; or there is something to judge clients by, and none is asked for a certificate.
    pub fn build(mut self) -> Result<ServerConfig, ConfigError> {
        self.terms.check()?;
        let provider = self.terms.crypto.provider();
        let identity = self.identity.take().ok_or(ConfigError::NoIdentity)?;
        let certificates = Arc::new(Certificates::new(identity.certified(&provider)?));
        for (name, identity) in std::mem::take(&mut self.by_name) {
            certificates.set_for(&name, identity.certified(&provider)?)?;
        }
        let rustls = rustls_config(&self.terms, &provider, &self.clients, &certificates)?;
        let own = Own { certificates, clients: Mutex::new(self.clients), provider };
        let (rustls, terms) = (Mutex::new(Arc::new(rustls)), Arc::new(self.terms));
        Ok(ServerConfig { inner: Arc::new(Inner { rustls, terms, own: Some(own) }) })
    }
}

fn rustls_config(
    terms: &Terms,
    provider: &Arc<CryptoProvider>,
    clients: &Clients,
    certificates: &Arc<Certificates>,
) -> Result<rustls::ServerConfig, ConfigError> {
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(terms.versions())
        .map_err(ConfigError::Unfit)?
        .with_client_cert_verifier(clients.verifier(provider)?)
        .with_cert_resolver(Arc::clone(certificates) as Arc<_>);
    config.alpn_protocols = terms.alpn.clone();
    Ok(config)
}
