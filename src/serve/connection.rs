//! One connection: its handshake, whether it may come in, its handler, and what is told of its end.

use super::error::Handled;
use super::handshakes::{Handshakes, Unfinished};
use super::roll::End;
use crate::{Exit, Failure};
use arbour_transports::{Accepted, Attributes, Peer};
use std::fmt;
use thiserror::Error;

/// Whether who has these attributes may come in; else why not.
pub(super) type Authorise = Box<dyn Fn(&dyn Attributes) -> Result<(), String> + Send + Sync>;

/// What is done with each connection.
pub(super) struct Service<H> {
    pub(super) handler: H,
    pub(super) authorise: Option<Authorise>,
    pub(super) handshakes: Handshakes,
}

/// The hook did not let it in.
#[derive(Debug, Error)]
#[error("refused: {0}")]
struct Refused(String);

impl<H> Service<H> {
    /// Serves one connection, whose stream is dropped with this, however it ends.
    pub(super) async fn attend<S, F>(&self, accepted: Accepted<S>) -> Result<(), Failure>
    where
        S: Attributes + Send + 'static,
        H: Fn(S) -> F,
        F: Future<Output: Handled>,
    {
        let stream = self.handshakes.establish(accepted).await?;
        if let Some(authorise) = &self.authorise {
            authorise(&stream).map_err(Refused)?;
        }
        (self.handler)(stream).await.outcome()
    }
}

impl<H> fmt::Debug for Service<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("handshakes", &self.handshakes).finish_non_exhaustive()
    }
}

/// Tells how a connection ended, if somebody should know.
pub(super) fn tell(peer: &Peer, exit: &Exit<Failure>) -> End {
    let peer = tracing::field::display(peer);
    match exit {
        Exit::Normal | Exit::Shutdown => End::Served,
        Exit::Failed(why) if why.downcast_ref::<Refused>().is_some() => {
            tracing::warn!(peer, %why, "a connection was refused before its handler ran; it is closed");
            End::Refused
        }
        Exit::Failed(why) if why.downcast_ref::<Unfinished>().is_some() => {
            tracing::debug!(peer, %why, "a connection was cut");
            End::Cut
        }
        Exit::Failed(why) => {
            tracing::warn!(peer, %why, "a connection failed; it is closed, the others go on");
            End::Failed
        }
        Exit::Panicked(why) => {
            tracing::error!(peer, %why, "a connection's handler panicked; it is closed, the others go on");
            End::Failed
        }
        _ => {
            tracing::debug!(peer, "a connection was cut");
            End::Cut
        }
    }
}
