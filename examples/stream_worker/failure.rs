//! Why the program ends without totals, and the exit code that says so.
use std::io;

use super::decode::HeaderError;
use super::input::OpenError;
use super::options::OptionsError;
use super::plain::PlainError;
use super::rejects::{OpenRejectsError, WriteRejectsError};

/// One clear line on standard error, and an exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error(transparent)]
    OpenInput(#[from] OpenError),
    #[error(transparent)]
    OpenRejects(#[from] OpenRejectsError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("the input cannot be read any further: {0}")]
    Read(#[source] io::Error),
    #[error(transparent)]
    WriteRejects(#[from] WriteRejectsError),
    #[error("the totals cannot be written to standard output: {0}")]
    Print(#[source] io::Error),
}

impl From<PlainError> for Failure {
    fn from(error: PlainError) -> Self {
        match error {
            PlainError::Header(header) => Self::Header(header),
            PlainError::Read(read) => Self::Read(read),
        }
    }
}

impl Failure {
    /// 2 where the program refused before any work, 1 where it failed at it.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Options(_) | Self::OpenInput(_) | Self::OpenRejects(_) | Self::Header(_) => 2,
            Self::Read(_) | Self::WriteRejects(_) | Self::Print(_) => 1,
        }
    }
}
