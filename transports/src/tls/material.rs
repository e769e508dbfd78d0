//! Certificates, keys and revocation lists, as they are given and as TLS takes them.

use super::error::ConfigError;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;
use tokio_rustls::rustls;

/// A certificate with what leads to its root, and its private key: how one side proves who it is.
pub struct Identity {
    /// The own certificate first, then those of its issuers.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// From PEM: the own certificate first, then those of its issuers; and the key (PKCS #8, SEC 1 or
    /// PKCS #1). Both may be in one text.
    ///
    /// # Errors
    ///
    /// A text is no PEM, or has no certificate or no key in it. Whether both belong together is seen when a
    /// configuration is built with them.
    pub fn from_pem(certificates: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let chain = from_pem(certificates.as_ref(), "certificate")?;
        Ok(Self {
            chain,
            key: PrivateKeyDer::from_pem_slice(key.as_ref()).map_err(ConfigError::bad_key_pem)?,
        })
    }

    /// From DER: the own certificate first, then those of its issuers; and the key (PKCS #8, SEC 1 or
    /// PKCS #1).
    ///
    /// # Errors
    ///
    /// There is no certificate, or the key is of no known kind.
    pub fn from_der(
        certificates: impl IntoIterator<Item: Into<Vec<u8>>>,
        key: impl Into<Vec<u8>>,
    ) -> Result<Self, ConfigError> {
        let chain: Vec<_> = certificates.into_iter().map(|der| CertificateDer::from(der.into())).collect();
        if chain.is_empty() {
            return Err(ConfigError::Nothing { what: "certificate" });
        }
        let key = PrivateKeyDer::try_from(key.into()).map_err(|_| ConfigError::UnknownKey)?;
        Ok(Self { chain, key })
    }

    pub(super) fn certified(self, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, ConfigError> {
        CertifiedKey::from_der(self.chain, self.key, provider)
            .map(Arc::new)
            .map_err(ConfigError::bad_identity)
    }
}

impl fmt::Debug for Identity {
    /// The key is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

/// Whom one side trusts: roots, and what they revoked.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    roots: Vec<Given>,
    platform: bool,
    revocations: Vec<Given>,
}

/// One text or block of bytes, not yet looked at.
#[derive(Clone)]
enum Given {
    Pem(Vec<u8>),
    Der(Vec<u8>),
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(bytes) => write!(f, "Pem({} bytes)", bytes.len()),
            Self::Der(bytes) => write!(f, "Der({} bytes)", bytes.len()),
        }
    }
}

impl Trust {
    pub(super) fn root_pem(&mut self, pem: &[u8]) {
        self.roots.push(Given::Pem(pem.to_vec()));
    }

    /// In place of all that were given.
    pub(super) fn set_root_pem(&mut self, pem: &[u8]) {
        self.roots.clear();
        self.root_pem(pem);
    }

    /// In place of all that were given.
    pub(super) fn set_revocation_pem(&mut self, pem: &[u8]) {
        self.revocations.clear();
        self.revocation_pem(pem);
    }

    pub(super) fn root_der(&mut self, der: Vec<u8>) {
        self.roots.push(Given::Der(der));
    }

    pub(super) fn platform(&mut self) {
        self.platform = true;
    }

    pub(super) fn revocation_pem(&mut self, pem: &[u8]) {
        self.revocations.push(Given::Pem(pem.to_vec()));
    }

    pub(super) fn revocation_der(&mut self, der: Vec<u8>) {
        self.revocations.push(Given::Der(der));
    }

    pub(super) fn has_roots(&self) -> bool {
        self.platform || !self.roots.is_empty()
    }

    /// Whether nothing was given.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_roots() && self.revocations.is_empty()
    }

    pub(super) fn roots(&self) -> Result<Arc<RootCertStore>, ConfigError> {
        let mut store = RootCertStore::empty();
        for root in read::<CertificateDer<'static>>(&self.roots, "root certificate")? {
            store
                .add(root)
                .map_err(|source| ConfigError::BadCertificate { what: "root certificate", source })?;
        }
        if self.platform {
            add_platform(&mut store)?;
        }
        Ok(Arc::new(store))
    }

    pub(super) fn revocations(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, ConfigError> {
        read(&self.revocations, "revocation list")
    }
}

/// The platform has old and odd roots among its own that nobody can use; they are passed over.
fn add_platform(store: &mut RootCertStore) -> Result<(), ConfigError> {
    let platform = rustls_native_certs::load_native_certs();
    let (usable, _) = store.add_parsable_certificates(platform.certs);
    if usable == 0 {
        let why: Vec<String> = platform.errors.iter().map(ToString::to_string).collect();
        return Err(ConfigError::NoPlatformRoots { why: why.join("; ") });
    }
    Ok(())
}

fn read<T: PemObject + From<Vec<u8>>>(given: &[Given], what: &'static str) -> Result<Vec<T>, ConfigError> {
    let mut found = Vec::new();
    for given in given {
        match given {
            Given::Pem(pem) => found.extend(from_pem(pem, what)?),
            Given::Der(der) => found.push(T::from(der.clone())),
        }
    }
    Ok(found)
}

fn from_pem<T: PemObject>(pem: &[u8], what: &'static str) -> Result<Vec<T>, ConfigError> {
    let found: Result<Vec<T>, _> = T::pem_slice_iter(pem).collect();
    let found = found.map_err(|source| ConfigError::BadPem { what, source })?;
    if found.is_empty() { Err(ConfigError::Nothing { what }) } else { Ok(found) }
}
