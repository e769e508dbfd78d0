//! Verifying certificates: webpki's rules, and a word for two mistakes that nearly everybody makes once.
//!
//! To webpki a certificate that its own owner issued is one of an unknown issuer, and that of an authority, used by a
//! peer as its own, something else that is wrong. Whoever reads the error needs to know more: the one is usually the
//! certificate of a test, or of a machine that nobody has set up yet; the other was made by somebody who took the first
//! recipe for a certificate that came along, and the roots are not what is wrong with it.

use super::names;
use rustls::RootCertStore;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, SignatureScheme};
use std::sync::Arc;
use thiserror::Error;
use tokio_rustls::rustls;

/// Travels inside of an error of rustls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Mistake {
    #[error("the certificate is self-signed, and none of the roots")]
    SelfSigned,
    #[error("the certificate is that of an authority")]
    Authority,
}

/// A verifier that tells these mistakes from others.
#[derive(Debug)]
pub(super) struct Telling<V: ?Sized> {
    pub(super) roots: Arc<RootCertStore>,
    pub(super) verifier: Arc<V>,
}

impl<V: ?Sized> Telling<V> {
    fn told(&self, error: rustls::Error, certificate: &CertificateDer<'_>) -> rustls::Error {
        let rustls::Error::InvalidCertificate(problem) = &error else { return error };
        let is_unclear = matches!(problem, CertificateError::Other(_));
        if !is_unclear && *problem != CertificateError::UnknownIssuer {
            return error;
        }
        let mistake = if names::is_self_issued(certificate) && !names::is_among(certificate, &self.roots) {
            Mistake::SelfSigned
        } else if is_unclear && names::is_authority(certificate) {
            Mistake::Authority
        } else {
            return error;
        };
        CertificateError::Other(OtherError(Arc::new(mistake))).into()
    }
}

impl ServerCertVerifier for Telling<dyn ServerCertVerifier> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.verifier.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        verified.map_err(|error| self.told(error, certificate))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

impl ClientCertVerifier for Telling<dyn ClientCertVerifier> {
    fn offer_client_auth(&self) -> bool {
        self.verifier.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.verifier.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.verifier.verify_client_cert(certificate, intermediates, now);
        verified.map_err(|error| self.told(error, certificate))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
