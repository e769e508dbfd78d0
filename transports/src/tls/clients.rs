//! Whom a server asks for a certificate, and by what it judges those that it gets.

use super::error::ConfigError;
use super::material::Trust;
use super::verify::Telling;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use std::sync::Arc;
use tokio_rustls::rustls;

#[derive(Debug, Clone, Default)]
pub(super) struct Clients {
    pub(super) asked: Asked,
    pub(super) trust: Trust,
}

/// Whether clients have to present a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Asked {
    #[default]
    Nobody,
    WhoHasOne,
    Everybody,
}

impl Clients {
    pub(super) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
        match (self.asked, self.trust.has_roots()) {
            // Whoever gave something to judge by meant to judge.
            (Asked::Nobody, _) if !self.trust.is_empty() => Err(ConfigError::NobodyAsked),
            (Asked::Nobody, _) => Ok(Arc::new(NoClientAuth)),
            (_, false) => Err(ConfigError::NoClientRoots),
            (asked, true) => self.judge(asked, provider),
        }
    }

    fn judge(
        &self,
        asked: Asked,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
        let roots = self.trust.roots()?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(provider))
            .with_crls(self.trust.revocations()?)
            .enforce_revocation_expiration();
        let verifier = if asked == Asked::WhoHasOne { verifier.allow_unauthenticated() } else { verifier };
        let verifier = verifier.build().map_err(ConfigError::bad_verifier)?;
        Ok(Arc::new(Telling { roots, verifier }))
    }
}
