//! Which library does the cryptography. None is installed process-wide: each configuration is given its own.

use rustls::crypto::CryptoProvider;
use std::sync::Arc;
use tokio_rustls::rustls;

/// Which library does the cryptography of a configuration; ring if it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crypto {
    /// ring, by the feature `tls`.
    #[cfg(feature = "tls")]
    Ring,
    /// aws-lc, by the feature `tls-aws-lc`.
    #[cfg(feature = "tls-aws-lc")]
    AwsLc,
}

impl Default for Crypto {
    fn default() -> Self {
        #[cfg(feature = "tls")]
        return Self::Ring;
        #[cfg(not(feature = "tls"))]
        return Self::AwsLc;
    }
}

impl Crypto {
    pub(super) fn provider(self) -> Arc<CryptoProvider> {
        Arc::new(match self {
            #[cfg(feature = "tls")]
            Self::Ring => rustls::crypto::ring::default_provider(),
            #[cfg(feature = "tls-aws-lc")]
            Self::AwsLc => rustls::crypto::aws_lc_rs::default_provider(),
        })
    }
}
