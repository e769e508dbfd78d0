//! Why the program ends without totals, and the exit code that says so.
use std::io;

use arbour::SupervisorError;

use super::decode::HeaderError;
use super::input::OpenError;
use super::options::OptionsError;
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
    #[error("the workers are misdescribed: {0}")]
    Spec(#[source] arbour::SpecError),
    #[error("{0}")]
    GaveUp(#[source] SupervisorError),
    #[error("{added} records were added to the totals, but {read} were read: a worker has lost some")]
    Lost { read: u64, added: u64 },
    #[error("stopped before all that was read had been handled; there are no totals")]
    Cancelled { signal: Option<arbour::Signal> },
    #[error("the totals cannot be written to standard output: {0}")]
    Print(#[source] io::Error),
}

impl Failure {
    /// The workers' supervisor has given up; that the whole then ended is no news.
    pub(crate) fn gave_up(error: SupervisorError) -> Self {
        let of_workers = error.failure().and_then(arbour::Failure::downcast_ref).cloned();
        Self::GaveUp(of_workers.unwrap_or(error))
    }

    /// 2 where the program refused before any work, 1 where it failed at it, 128 and the signal where one stopped
    /// it.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Options(_) | Self::OpenInput(_) | Self::OpenRejects(_) | Self::Header(_) => 2,
            Self::Cancelled { signal: Some(signal) } => 128 + signal.number(),
            Self::Read(_)
            | Self::WriteRejects(_)
            | Self::Print(_)
            | Self::Spec(_)
            | Self::GaveUp(_)
            | Self::Lost { .. }
            | Self::Cancelled { signal: None } => 1,
        }
    }
}
