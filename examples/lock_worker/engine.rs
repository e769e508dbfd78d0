//! The engine that keeps the leases, chosen on the command line.
use std::path::PathBuf;

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

    pub(crate) async fn open(&self) -> Result<AnyLeaseStore, Failure> {
        Ok(match self {
            Self::Memory => AnyLeaseStore::new(MemoryStore::new()),
            Self::Sqlite(file) => AnyLeaseStore::new(SqliteStore::open(file).await?),
        })
    }
}
