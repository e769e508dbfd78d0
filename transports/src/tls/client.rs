//! The configuration of clients.

use super::crypto::Crypto;
use super::error::{ConfigError, TlsSide};
use super::handshake::{self, Failed};
use super::material::{Identity, Trust};
use super::terms::{Terms, terms};
use super::verify::Telling;
use super::{TlsStream, host};
use crate::{ByteStream, HandshakeError};
use bytes::Bytes;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::sign::SingleCertAndKey;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls;

/// How this side is a client of TLS. Clones share it.
///
/// # Examples
///
/// ```no_run
/// use arbour::transports::tcp::TcpStream;
/// use arbour::transports::tls::ClientConfig;
/// use arbour::transports::ByteSendExt;
///
/// # #[arbour::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tls = ClientConfig::builder().alpn(["http/1.1"]).build()?;
/// let tcp = TcpStream::connect("192.0.2.1:443".parse()?).await?;
/// let mut stream = tls.connect(tcp, "example.org").await?;
/// stream.send(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientConfig {
    inner: Arc<Inner>,
}

struct Inner {
    rustls: Arc<rustls::ClientConfig>,
    terms: Arc<Terms>,
}

impl ClientConfig {
    /// A configuration to be filled in.
    #[must_use]
    pub fn builder() -> ClientConfigBuilder {
        ClientConfigBuilder { terms: Terms::new(TlsSide::Client), trust: Trust::default(), identity: None }
    }

    /// Makes TLS of a fresh stream, whose server has to prove that it is `host`: a name, Unicode or not, or
    /// an address.
    ///
    /// Since TLS 1.3 it is done before the server has judged the client's certificate: if that is refused,
    /// the first receive or send says so.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the stream is closed. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`], which carries a [`TlsError`](super::TlsError); the stream is closed.
    pub async fn connect<S: ByteStream + 'static>(
        &self,
        stream: S,
        host: &str,
    ) -> Result<TlsStream<S>, HandshakeError> {
        self.upgrade(stream, host, Bytes::new()).await
    }

    /// The same with a stream in use, after both sides agreed in plain to go on with TLS (STARTTLS).
    ///
    /// `already_read` is what was read from the stream and not used: the beginning of the handshake.
    ///
    /// # Cancel safety
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn upgrade<S: ByteStream + 'static>(
        &self,
        stream: S,
        host: &str,
        already_read: Bytes,
    ) -> Result<TlsStream<S>, HandshakeError> {
        let name = host::server_name(host)?;
        let handshake = handshake::client(&self.inner.rustls, &self.inner.terms, name, stream, already_read);
        handshake.await.map_err(Failed::into_error)
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig").field("terms", &self.inner.terms).finish_non_exhaustive()
    }
}

/// Takes a configuration made by rustls's own builder as it is: with a deadline of 10 s, and a strict end.
impl From<Arc<rustls::ClientConfig>> for ClientConfig {
    fn from(rustls: Arc<rustls::ClientConfig>) -> Self {
        let terms = Terms { alpn: rustls.alpn_protocols.clone(), ..Terms::new(TlsSide::Client) };
        Self { inner: Arc::new(Inner { rustls, terms: Arc::new(terms) }) }
    }
}

/// Makes a [`ClientConfig`].
#[derive(Debug)]
pub struct ClientConfigBuilder {
    terms: Terms,
    trust: Trust,
    identity: Option<Identity>,
}

impl ClientConfigBuilder {
    terms!(trust);

    /// Trusts these roots (PEM, one or several), and no others that are not given, too.
    ///
    /// Without any root given, those of the platform are trusted.
    #[must_use]
    pub fn root_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.trust.root_pem(pem.as_ref());
        self
    }

    /// The same with one root in DER.
    #[must_use]
    pub fn root_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.trust.root_der(der.into());
        self
    }

    /// Trusts the roots of the platform, beside those that are given.
    ///
    /// They are read when the configuration is built, from the system's files: keep the configuration, and
    /// clone it.
    #[must_use]
    pub fn platform_roots(mut self) -> Self {
        self.trust.platform();
        self
    }

    /// Proves to servers that ask for it who this client is.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: a certificate, key, revocation list or protocol is none, or they do not fit together.
    pub fn build(mut self) -> Result<ClientConfig, ConfigError> {
        self.terms.check()?;
        if !self.trust.has_roots() {
            self.trust.platform();
        }
        let provider = self.terms.crypto.provider();
        let roots = self.trust.roots()?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .with_crls(self.trust.revocations()?)
            .enforce_revocation_expiration()
            .build()
            .map_err(ConfigError::bad_verifier)?;
        let verifier: Arc<dyn ServerCertVerifier> = verifier;
        let identity = self.identity.map(|identity| identity.certified(&provider)).transpose()?;
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.terms.versions())
            .map_err(ConfigError::Unfit)?
            // Not so dangerous: it verifies by webpki's rules, and names one failure more.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Telling { roots, verifier }));
        let mut config = match identity {
            Some(identity) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity))),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = self.terms.alpn.clone();
        Ok(ClientConfig { inner: Arc::new(Inner { rustls: Arc::new(config), terms: Arc::new(self.terms) }) })
    }
}
