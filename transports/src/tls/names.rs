//! Who a certificate is for, and of what kind it is: read out of its DER.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use thiserror::Error;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::{self, Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};

/// The names of a certificate's owner.
///
/// Who authorises by them looks at the names that its certificate authority vouches for; most vouch for
/// the alternative names and let the common name be any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubjectNames {
    /// The common name (CN) of its subject.
    pub common_name: Option<String>,
    /// Alternative names that are DNS names, in ASCII; `*.` may stand in front.
    pub dns: Vec<String>,
    /// Alternative names that are addresses.
    pub addresses: Vec<IpAddr>,
    /// Alternative names that are addresses of e-mail.
    pub emails: Vec<String>,
    /// Alternative names that are URIs, such as SPIFFE's.
    pub uris: Vec<String>,
}

/// The names of a certificate cannot be read.
#[derive(Debug, Error)]
#[error("the names of the certificate cannot be read: {0}")]
pub(super) struct UnreadableNames(#[from] der::Error);

impl SubjectNames {
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Result<Self, UnreadableNames> {
        let certificate = Certificate::from_der(certificate)?;
        let certificate = certificate.tbs_certificate();
        let common_name = certificate.subject().common_name()?;
        let mut names =
            Self { common_name: common_name.map(|name| name.value().into_owned()), ..Self::default() };
        if let Some((_, SubjectAltName(alternatives))) = certificate.get_extension()? {
            alternatives.into_iter().for_each(|name| names.add(name));
        }
        Ok(names)
    }

    fn add(&mut self, name: GeneralName) {
        match name {
            GeneralName::DnsName(name) => self.dns.push(name.as_str().to_owned()),
            GeneralName::Rfc822Name(name) => self.emails.push(name.as_str().to_owned()),
            GeneralName::UniformResourceIdentifier(name) => self.uris.push(name.as_str().to_owned()),
            GeneralName::IpAddress(bytes) => self.addresses.extend(address(bytes.as_bytes())),
            _ => {}
        }
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into())).ok()
}

/// Whether the subject of a certificate is its issuer, too.
pub(super) fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    Certificate::from_der(certificate).is_ok_and(|certificate| {
        let certificate = certificate.tbs_certificate();
        certificate.subject() == certificate.issuer()
    })
}

/// Whether a certificate says that its owner issues others.
pub(super) fn is_authority(certificate: &CertificateDer<'_>) -> bool {
    let constraints = Certificate::from_der(certificate)
        .and_then(|certificate| certificate.tbs_certificate().get_extension::<BasicConstraints>());
    matches!(constraints, Ok(Some((_, BasicConstraints { ca: true, .. }))))
}

/// Whether one of the roots has the name and the key of this certificate.
pub(super) fn is_among(certificate: &CertificateDer<'_>, roots: &RootCertStore) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else { return false };
    let certificate = certificate.tbs_certificate();
    let encoded = (certificate.subject().to_der(), certificate.subject_public_key_info().to_der());
    let (Ok(subject), Ok(key)) = encoded else { return false };
    // A root holds them without the head that says how long they are.
    roots.roots.iter().any(|root| {
        subject.ends_with(root.subject.as_ref()) && key.ends_with(root.subject_public_key_info.as_ref())
    })
}
