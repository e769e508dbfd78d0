//! What both sides of a connection settle for themselves: protocols, versions, deadlines, ends.

use super::crypto::Crypto;
use super::error::{ConfigError, TlsError, TlsSide};
use super::translate::{Known, protocols};
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use std::time::Duration;
use tokio_rustls::rustls;

/// How long a handshake may take unless somebody says otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

static NEWEST: &[&SupportedProtocolVersion] = &[&TLS13];
static BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) side: TlsSide,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) require_alpn: bool,
    pub(super) only_tls13: bool,
    pub(super) handshake_deadline: Duration,
    pub(super) lenient: bool,
    pub(super) crypto: Crypto,
}

impl Terms {
    pub(super) fn new(side: TlsSide) -> Self {
        Self {
            side,
            alpn: Vec::new(),
            require_alpn: false,
            only_tls13: false,
            handshake_deadline: DEADLINE,
            lenient: false,
            crypto: Crypto::default(),
        }
    }

    pub(super) fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        if self.only_tls13 { NEWEST } else { BOTH }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bad = self.alpn.iter().find(|protocol| protocol.is_empty() || protocol.len() > 255);
        if let Some(bad) = bad {
            return Err(ConfigError::BadProtocol { protocol: String::from_utf8_lossy(bad).into_owned() });
        }
        if self.require_alpn && self.alpn.is_empty() { Err(ConfigError::NoProtocols) } else { Ok(()) }
    }

    /// Whether what the handshake agreed on is enough.
    pub(super) fn suffices(&self, agreed: Option<&[u8]>) -> Result<(), TlsError> {
        if self.require_alpn && agreed.is_none() {
            return Err(TlsError::NoProtocol { ours: protocols(&self.alpn) });
        }
        Ok(())
    }

    pub(super) fn known<'a>(&'a self, begin: &'a [u8]) -> Known<'a> {
        Known { side: self.side, alpn: &self.alpn, only_tls13: self.only_tls13, begin }
    }
}

/// The settings that the builders of both sides share, as methods that users call; it is told where the trust is.
macro_rules! terms {
    ($($trust:ident).+) => {
        /// Offers these application protocols (ALPN), the best first; none by default.
        ///
        /// If both sides offer some and none in common, the handshake fails. If the peer offers none, there
        /// is none, unless [`require_alpn`](Self::require_alpn) asks for one.
        #[must_use]
        pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
            self.terms.alpn = protocols.into_iter().map(|protocol| protocol.as_ref().to_vec()).collect();
            self
        }

        /// Refuses a peer that takes no part in the choice of an application protocol.
        #[must_use]
        pub fn require_alpn(mut self) -> Self {
            self.terms.require_alpn = true;
            self
        }

        /// Refuses TLS 1.2, which is accepted otherwise. Older versions never are.
        #[must_use]
        pub fn only_tls13(mut self) -> Self {
            self.terms.only_tls13 = true;
            self
        }

        /// How long a handshake may take; 10 s unless said otherwise.
        #[must_use]
        pub fn handshake_deadline(mut self, deadline: Duration) -> Self {
            self.terms.handshake_deadline = deadline;
            self
        }

        /// Takes the end of the wrapped stream for the end of what the peer sent.
        ///
        /// By default a peer must say goodbye (`close_notify`) before it ends, or else its bytes are
        /// [`Truncated`](crate::StreamError::Truncated): somebody may have cut them off. Protocols that tell
        /// the length of each message, such as HTTP, do not need the goodbye, and many of their speakers do
        /// not send it.
        #[must_use]
        pub fn lenient_end(mut self) -> Self {
            self.terms.lenient = true;
            self
        }

        /// Says which library does the cryptography.
        #[must_use]
        pub fn crypto(mut self, crypto: Crypto) -> Self {
            self.terms.crypto = crypto;
            self
        }

        /// Refuses certificates of the peer that this list (PEM) revokes.
        ///
        /// With a list at hand, each certificate of the peer's chain must be covered by one whose next update
        /// is still to come: what may have been revoked since is refused as well. Without any list, revoked
        /// certificates are accepted: there is no other way of hearing of them.
        #[must_use]
        pub fn revocation_list_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
            self.$($trust).+.revocation_pem(pem.as_ref());
            self
        }

        /// The same with a list in DER.
        #[must_use]
        pub fn revocation_list_der(mut self, der: impl Into<Vec<u8>>) -> Self {
            self.$($trust).+.revocation_der(der.into());
            self
        }
    };
}

pub(super) use terms;
