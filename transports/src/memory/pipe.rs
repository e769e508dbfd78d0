//! A byte stream in memory, in both directions.

use super::{BytePipeReceive, BytePipeSend, one_way_pipe};
use crate::forward::{forward_reads, forward_writes};
use crate::{Attributes, Demand};

/// Makes two connected byte streams in memory, each of which holds so many bytes on their way to the other.
///
/// # Examples
///
/// ```
/// use arbour::transports::{ByteReceiveExt, ByteSendExt, byte_pipe};
///
/// # #[arbour::main]
/// # async fn main() {
/// let (mut here, mut there) = byte_pipe(64);
/// here.send(b"hello").await.unwrap();
/// here.send_eof().await.unwrap();
/// assert_eq!(there.receive(64).await.unwrap().unwrap(), "hello");
/// assert!(there.receive(64).await.unwrap().is_none());
/// # }
/// ```
#[must_use]
pub fn byte_pipe(capacity: usize) -> (BytePipe, BytePipe) {
    let ((there, here), (back, forth)) = (one_way_pipe(capacity), one_way_pipe(capacity));
    (BytePipe { send: there, receive: forth }, BytePipe { send: back, receive: here })
}

/// One end of a [`byte_pipe`].
#[derive(Debug)]
pub struct BytePipe {
    send: BytePipeSend,
    receive: BytePipeReceive,
}

impl BytePipe {
    /// Breaks the stream in both directions, as a connection that is reset: what was on its way is lost.
    pub fn reset(&self) {
        self.send.reset();
        self.receive.reset();
    }

    /// Its two halves.
    #[must_use]
    pub fn into_split(self) -> (BytePipeReceive, BytePipeSend) {
        (self.receive, self.send)
    }
}

forward_reads!([] BytePipe, receive);
forward_writes!([] BytePipe, send);

/// Memory has nothing to say of itself.
impl Attributes for BytePipe {
    fn provide(&self, _: &mut Demand<'_>) {}
}
