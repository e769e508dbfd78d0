//! Why a memory stream refuses; every refusal of an item hands the item back.

use core::fmt;
use thiserror::Error;

/// Why an item was not sent, with the item.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError<T> {
    /// Every receiving end is gone: nobody will ever take the item.
    #[error("the item was not sent: no receiving end of the stream is left")]
    Broken(T),
    /// The stream, or this sending end of it, was closed.
    #[error("the item was not sent: the stream, or this end of it, was closed")]
    Closed(T),
}

impl<T> SendError<T> {
    /// The item that was not sent.
    pub fn into_item(self) -> T {
        match self {
            Self::Broken(item) | Self::Closed(item) => item,
        }
    }

    /// The same refusal, about something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> SendError<U> {
        match self {
            Self::Broken(item) => SendError::Broken(change(item)),
            Self::Closed(item) => SendError::Closed(change(item)),
        }
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken(_) => "Broken(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

/// Why an item was not sent at once, with the item.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrySendError<T> {
    /// There is no room now, or what room there is belongs to those who wait.
    #[error("the item was not sent: the stream is full")]
    Full(T),
    /// Every receiving end is gone: nobody will ever take the item.
    #[error("the item was not sent: no receiving end of the stream is left")]
    Broken(T),
    /// The stream, or this sending end of it, was closed.
    #[error("the item was not sent: the stream, or this end of it, was closed")]
    Closed(T),
}

impl<T> TrySendError<T> {
    /// The item that was not sent.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::Broken(item) | Self::Closed(item) => item,
        }
    }
}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(error: SendError<T>) -> Self {
        match error {
            SendError::Broken(item) => Self::Broken(item),
            SendError::Closed(item) => Self::Closed(item),
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Broken(_) => "Broken(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

/// Why there is no item and never will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecvError {
    /// Everything that was sent has been received, and nobody is left who could send.
    #[error("the stream has ended: all items were received and nobody can send any more")]
    EndOfStream,
    /// This receiving end was closed; others may go on.
    #[error("this receiving end of the stream was closed")]
    Closed,
}

/// Why there is no item now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TryRecvError {
    /// Nothing is there, or what is there belongs to those who wait.
    #[error("no item is ready")]
    Empty,
    /// Everything that was sent has been received, and nobody is left who could send.
    #[error("the stream has ended: all items were received and nobody can send any more")]
    EndOfStream,
    /// This receiving end was closed; others may go on.
    #[error("this receiving end of the stream was closed")]
    Closed,
}

impl From<RecvError> for TryRecvError {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::EndOfStream => Self::EndOfStream,
            RecvError::Closed => Self::Closed,
        }
    }
}
