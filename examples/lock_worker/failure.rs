//! Why the program ends before its time, and the exit code that says so.
use std::io;

use arbour::leases::{BadName, BadTimes, SqliteOpenError, StoreError};
use arbour::{GroupError, Signal};

use super::options::OptionsError;

/// One clear line on standard error, and an exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error("--lease-ttl: {0}")]
    Times(#[from] BadTimes),
    #[error(transparent)]
    Sqlite(#[from] SqliteOpenError),
    #[error(transparent)]
    Name(#[from] BadName),
    #[error("{0}")]
    GaveUp(#[from] GroupError),
    #[error("work was cut short by a second signal; what was held is released")]
    Cancelled { signal: Option<Signal> },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{} wrong with what was written", things(*.0))]
    Wrong(usize),
    #[error("nothing can be printed to standard output: {0}")]
    Print(#[source] io::Error),
}

impl Failure {
    /// 2 where the program refused before any work, 1 where it failed at it, 128 and the signal where one cut it
    /// short.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Options(_) | Self::Times(_) | Self::Sqlite(_) => 2,
            Self::Cancelled { signal: Some(signal) } => 128 + signal.number(),
            Self::Name(_)
            | Self::GaveUp(_)
            | Self::Cancelled { signal: None }
            | Self::Store(_)
            | Self::Wrong(_)
            | Self::Print(_) => 1,
        }
    }
}

fn things(count: usize) -> String {
    match count {
        1 => "one thing is".to_owned(),
        count => format!("{count} things are"),
    }
}
