//! Why there is no answer, and what is known of the request by then.

use crate::store::{Operation, StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError};
use std::fmt;
use std::time::Duration;

/// Without the lease and the server, which the caller knows.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// There is no connection; the last attempt to make one ended so, if there was one that ended.
    NoConnection(Option<RedisError>),
    /// An error came back, or the connection was lost under the request.
    Error(RedisError),
    /// Nothing came back for so long.
    Silence(Duration),
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self::Error(error)
    }
}

impl Failure {
    /// The error of this request.
    pub(super) fn of(self, operation: Operation, name: &str, server: &str) -> StoreError {
        let kind = self.kind();
        StoreError::new(kind, operation, name, Cause { server: server.to_owned(), failure: self })
    }

    fn kind(&self) -> StoreErrorKind {
        match self {
            Self::NoConnection(Some(error)) if kind(error) == StoreErrorKind::Refused => {
                StoreErrorKind::Refused
            }
            Self::NoConnection(_) => StoreErrorKind::NotSent,
            Self::Error(error) => kind(error),
            Self::Silence(_) => StoreErrorKind::Unknown,
        }
    }

    /// Whether another connection may do better than this one.
    pub(super) fn spoils_the_connection(&self) -> bool {
        match self {
            Self::NoConnection(_) => false,
            // A server that has become a replica, or lost its master, stays one: the name may lead elsewhere by now.
            Self::Error(error) => {
                error.is_unrecoverable_error() || matches!(error.code(), Some("READONLY" | "MASTERDOWN"))
            }
            Self::Silence(_) => true,
        }
    }
}

/// An error of the server comes before a lease or an entry is changed: at most, a fence was counted that nobody has.
fn kind(error: &RedisError) -> StoreErrorKind {
    match error.code() {
        // It is not ready, and will be; or the name leads to another that is.
        Some("LOADING" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" | "MASTERDOWN" | "NOREPLICAS" | "READONLY") => {
            StoreErrorKind::NotSent
        }
        Some(_) => StoreErrorKind::Refused,
        None if is_for_good(error) => StoreErrorKind::Refused,
        None => StoreErrorKind::Unknown,
    }
}

/// Whether it needs somebody to change the configuration.
fn is_for_good(error: &RedisError) -> bool {
    let kinds =
        [ErrorKind::AuthenticationFailed, ErrorKind::InvalidClientConfig, ErrorKind::RESP3NotSupported];
    kinds.contains(&error.kind())
}

#[derive(Debug, thiserror::Error)]
#[error("Redis at {server}: {failure}")]
struct Cause {
    server: String,
    failure: Failure,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection(Some(error)) => write!(f, "no connection: {error}"),
            Self::NoConnection(None) => f.write_str("no connection: it is still being made"),
            Self::Error(error) => error.fmt(f),
            Self::Silence(silence) => write!(f, "it said nothing for {silence:?}"),
        }
    }
}
