//! The engine that keeps the leases, chosen on the command line.
use std::path::PathBuf;
use std::time::Duration;

use arbour::leases::{AnyLeaseStore, MemoryStore, SqliteStore};

use super::failure::Failure;

/// Where the leases are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Engine {
    Memory,
    Sqlite(PathBuf),
}

impl Engine {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "memory" => Some(Self::Memory),
            Some(("sqlite", file)) if !file.is_empty() => Some(Self::Sqlite(file.into())),
            _ => None,
        }
    }

    /// The store, for leases of this time to live.
    pub(crate) async fn open(&self, _ttl: Duration) -> Result<AnyLeaseStore, Failure> {
        Ok(match self {
            Self::Memory => AnyLeaseStore::new(MemoryStore::new()),
            Self::Sqlite(file) => AnyLeaseStore::new(SqliteStore::open(file).await?),
        })
    }
}
