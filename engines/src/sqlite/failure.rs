//! Why a request was not answered, and what is known of it by then.

use crate::store::{Operation, StoreError, StoreErrorKind};
use rusqlite::{Error, ErrorCode};
use std::path::Path;
use std::sync::Arc;

/// Without the lease and the file, which the caller knows.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// Before anything was committed: what the transaction had changed is undone.
    Before(Arc<Error>),
    /// In committing: it may be on the disk or not.
    Committing(Arc<Error>),
    /// The file is not at its path any more.
    Moved,
    /// The thread has gone before it answered.
    NoThread,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Before(Arc::new(error))
    }
}

impl Failure {
    /// The error of this request.
    pub(super) fn of(self, operation: Operation, name: &str, path: &Path) -> StoreError {
        StoreError::new(
            self.kind(),
            operation,
            name,
            Cause { path: path.display().to_string(), failure: self },
        )
    }

    fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Before(error) if passes(error) => StoreErrorKind::NotSent,
            Self::Before(_) | Self::Moved => StoreErrorKind::Refused,
            Self::Committing(_) | Self::NoThread => StoreErrorKind::Unknown,
        }
    }
}

/// Whether it may be otherwise the next time.
fn passes(error: &Error) -> bool {
    use ErrorCode::{DatabaseBusy, DatabaseLocked, OperationInterrupted, OutOfMemory, SystemIoFailure};
    let code = error.sqlite_error_code();
    let passing = [DatabaseBusy, DatabaseLocked, OperationInterrupted, OutOfMemory, SystemIoFailure];
    code.is_some_and(|code| passing.contains(&code))
}

#[derive(Debug, thiserror::Error)]
#[error("{path}: {failure}")]
struct Cause {
    path: String,
    failure: Failure,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Before(error) => error.fmt(f),
            Self::Committing(error) => write!(f, "the commit failed: {error}"),
            Self::Moved => f.write_str("the file was removed or replaced while it is in use"),
            Self::NoThread => f.write_str("the thread of the store has ended"),
        }
    }
}
