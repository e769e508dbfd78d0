//! Numbers out of bytes, and a byte stream that gives these bytes in pieces of chosen sizes.

use arbour_transports::{Attributes, Demand};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes that decisions are taken from; when there are none left, each is 0.
pub(super) struct Choices<'a>(pub(super) &'a [u8]);

impl<'a> Choices<'a> {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    /// So many bytes, or as many as there are.
    pub(super) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Gives its bytes in pieces of 1 to 16 bytes, whose sizes repeat.
pub(super) struct Pieces<'a> {
    rest: &'a [u8],
    sizes: [u8; 4],
    turn: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(rest: &'a [u8], sizes: [u8; 4]) -> Self {
        Self { rest, sizes, turn: 0 }
    }
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = usize::from(self.sizes[self.turn % 4] % 16) + 1;
        self.turn += 1;
        let (piece, rest) = self.rest.split_at(size.min(self.rest.len()).min(to.remaining()));
        to.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

impl Attributes for Pieces<'_> {
    fn provide(&self, _: &mut Demand<'_>) {}
}
