//! Pure: frames that are whatever has arrived.

use super::{BadFrame, Framing};
use bytes::{BufMut, Bytes, BytesMut};

/// Pieces of a byte stream as they come, never an empty one; what they were sent in is not kept.
///
/// With it a byte stream goes where an object stream of bytes is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chunks;

impl Framing for Chunks {
    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadFrame> {
        Ok((!buffer.is_empty()).then(|| buffer.split().freeze()))
    }

    fn finish(&mut self, _: &mut BytesMut) -> Result<Option<Bytes>, BadFrame> {
        Ok(None)
    }

    fn encode(&mut self, frame: &[u8], into: &mut BytesMut) -> Result<(), BadFrame> {
        into.put_slice(frame);
        Ok(())
    }
}
