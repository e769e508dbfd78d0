//! Where the workers of a test keep their leases.

use crate::scratch::Scratch;

/// A place that is gone when it is dropped.
#[derive(Debug)]
pub(crate) enum Place {
    File(Scratch),
}

impl Place {
    pub(crate) fn file() -> Self {
        Self::File(Scratch::without_disk())
    }

    /// What workers are told of it.
    pub(crate) fn engine(&self) -> String {
        match self {
            Self::File(scratch) => format!("sqlite:{}", scratch.path().join("leases.db").display()),
        }
    }
}
