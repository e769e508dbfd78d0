//! Why a server ended, and what its handlers may give.

use crate::{Failure, GroupError};
use arbour_transports::AcceptError;
use thiserror::Error;

/// Why a server ended that nobody had asked to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Its listener gives no connections any more. Those that were open have been drained.
    #[error("the server ended because it cannot accept: {0}")]
    Accept(#[from] AcceptError),
    /// The group that was given for the connections has finished. Those that were open are over.
    #[error("the server ended because the task group for its connections has finished")]
    GroupFinished,
    /// A limit is 0, with which it could serve nobody; it has not begun.
    #[error("`{0}` is 0: at least 1 is needed to serve anybody")]
    ZeroLimit(&'static str),
    /// Its own group of connections was ended.
    #[error("the server's connections were ended: {0}")]
    Group(#[from] GroupError),
}

/// What a handler may give: nothing, or a result whose error is reported.
pub trait Handled {
    /// How it went.
    ///
    /// # Errors
    ///
    /// Why the handler failed.
    fn outcome(self) -> Result<(), Failure>;
}

impl Handled for () {
    fn outcome(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<T, E: Into<Failure>> Handled for Result<T, E> {
    fn outcome(self) -> Result<(), Failure> {
        self.map(drop).map_err(Into::into)
    }
}
