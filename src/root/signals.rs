//! The signals that ask a program to stop.

use std::fmt;
use std::task::{Context, Poll};

/// A signal that asked the program to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// The signal's number; a program that it stopped exits with 128 and this.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// Both signals, as they come. From the first listening on, they no longer end the process by
/// themselves.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    streams: Vec<(Signal, tokio::signal::unix::Signal)>,
}

impl Signals {
    pub(super) fn deaf() -> Self {
        Self {
            #[cfg(unix)]
            streams: Vec::new(),
        }
    }

    #[cfg(unix)]
    pub(super) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds =
            [(Signal::Terminate, SignalKind::terminate()), (Signal::Interrupt, SignalKind::interrupt())];
        let mut streams = Vec::with_capacity(kinds.len());
        for (name, kind) in kinds {
            match signal(kind) {
                Ok(stream) => streams.push((name, stream)),
                Err(error) => {
                    tracing::error!(%name, %error, "the signal cannot be heard; it ends the process at once")
                }
            }
        }
        Self { streams }
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> Self {
        Self::deaf()
    }

    #[cfg(unix)]
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Signal> {
        for (name, stream) in &mut self.streams {
            if let Poll::Ready(Some(())) = stream.poll_recv(cx) {
                return Poll::Ready(*name);
            }
        }
        Poll::Pending
    }

    #[cfg(not(unix))]
    pub(super) fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Signal> {
        Poll::Pending
    }
}
