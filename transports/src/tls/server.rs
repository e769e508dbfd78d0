//! The configuration of servers.

use super::TlsStream;
use super::certificates::Certificates;
use super::crypto::Crypto;
use super::error::{ConfigError, TlsSide};
use super::handshake::{self, Failed};
use super::material::{Identity, Trust};
use super::terms::{Terms, terms};
use super::verify::Telling;
use crate::{ByteStream, HandshakeError};
use bytes::Bytes;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
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
    rustls: Arc<rustls::ServerConfig>,
    terms: Arc<Terms>,
    /// None if they are rustls's own affair.
    certificates: Option<Arc<Certificates>>,
    provider: Arc<CryptoProvider>,
}

/// Whether clients have to present a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Clients {
    #[default]
    Unasked,
    Optional,
    Required,
}

impl ServerConfig {
    /// A configuration to be filled in.
    #[must_use]
    pub fn builder() -> ServerConfigBuilder {
        ServerConfigBuilder {
            terms: Terms::new(TlsSide::Server),
            trust: Trust::default(),
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
        handshake::server(&self.inner.rustls, &self.inner.terms, stream, already_read).await
    }

    /// Uses another identity from the next handshake on. Open connections go on as they are.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: it does not fit together; then the one in use stays.
    pub fn reload(&self, identity: Identity) -> Result<(), ConfigError> {
        self.certificates()?.set(identity.certified(&self.inner.provider)?);
        Ok(())
    }

    /// The same for clients who ask for this name; see [`identity_for`](ServerConfigBuilder::identity_for).
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: it does not fit together, or the name is none; then the one in use stays.
    pub fn reload_for(&self, name: &str, identity: Identity) -> Result<(), ConfigError> {
        let identity = identity.certified(&self.inner.provider)?;
        self.certificates()?.set_for(name, identity)
    }

    fn certificates(&self) -> Result<&Certificates, ConfigError> {
        self.inner.certificates.as_deref().ok_or(ConfigError::ForeignCertificates)
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { terms, certificates, .. } = &*self.inner;
        f.debug_struct("ServerConfig")
            .field("terms", terms)
            .field("certificates", certificates)
            .finish_non_exhaustive()
    }
}

/// Takes a configuration made by rustls's own builder as it is: with a deadline of 10 s, and a strict end. Its
/// certificates cannot be reloaded here.
impl From<Arc<rustls::ServerConfig>> for ServerConfig {
    fn from(rustls: Arc<rustls::ServerConfig>) -> Self {
        let terms = Terms { alpn: rustls.alpn_protocols.clone(), ..Terms::new(TlsSide::Server) };
        let provider = Arc::clone(rustls.crypto_provider());
        Self { inner: Arc::new(Inner { rustls, terms: Arc::new(terms), certificates: None, provider }) }
    }
}

/// Makes a [`ServerConfig`].
#[derive(Debug)]
pub struct ServerConfigBuilder {
    terms: Terms,
    trust: Trust,
    clients: Clients,
    identity: Option<Identity>,
    by_name: Vec<(String, Identity)>,
}

impl ServerConfigBuilder {
    terms!();

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
        self.clients = Clients::Required;
        self
    }

    /// Asks clients for a certificate, and takes those that have none, too. One that is presented must be
    /// right.
    #[must_use]
    pub fn ask_for_client_certificates(mut self) -> Self {
        self.clients = Clients::Optional;
        self
    }

    /// Trusts these roots (PEM, one or several) to issue certificates of clients.
    #[must_use]
    pub fn client_root_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.trust.root_pem(pem.as_ref());
        self
    }

    /// The same with one root in DER.
    #[must_use]
    pub fn client_root_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.trust.root_der(der.into());
        self
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: there is no identity; a certificate, key, name, revocation list or protocol is none;
    /// or they do not fit together.
    pub fn build(mut self) -> Result<ServerConfig, ConfigError> {
        self.terms.check()?;
        let provider = self.terms.crypto.provider();
        let identity = self.identity.take().ok_or(ConfigError::NoIdentity)?;
        let certificates = Arc::new(Certificates::new(identity.certified(&provider)?));
        for (name, identity) in std::mem::take(&mut self.by_name) {
            certificates.set_for(&name, identity.certified(&provider)?)?;
        }
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.terms.versions())
            .map_err(ConfigError::Unfit)?
            .with_client_cert_verifier(self.verifier(&provider)?)
            .with_cert_resolver(Arc::clone(&certificates) as Arc<_>);
        config.alpn_protocols = self.terms.alpn.clone();
        let (rustls, terms) = (Arc::new(config), Arc::new(self.terms));
        let certificates = Some(certificates);
        Ok(ServerConfig { inner: Arc::new(Inner { rustls, terms, certificates, provider }) })
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
        if self.clients == Clients::Unasked {
            return Ok(Arc::new(NoClientAuth));
        }
        if !self.trust.has_roots() {
            return Err(ConfigError::NoClientRoots);
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(self.trust.roots()?, Arc::clone(provider))
            .with_crls(self.trust.revocations()?);
        let optional = self.clients == Clients::Optional;
        let verifier = if optional { verifier.allow_unauthenticated() } else { verifier };
        Ok(Arc::new(Telling(verifier.build().map_err(ConfigError::bad_verifier)?)))
    }
}
