//! Pure: frames that begin with their length.

use super::{BadFrame, Framing};
use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Frames that begin with their length: a number of four bytes, big-endian, which does not count itself.
///
/// At most 1 MiB each unless told otherwise. However long a frame says it is, room is made only for what
/// has arrived of it. A stream that ends inside a frame is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LengthDelimited {
    max: u64,
    head: Head,
}

/// How the length of a frame is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// One byte.
    U8,
    /// Two bytes, big-endian.
    U16,
    /// Four bytes, big-endian.
    U32,
    /// Eight bytes, big-endian.
    U64,
    /// Two bytes, little-endian.
    U16Le,
    /// Four bytes, little-endian.
    U32Le,
    /// Eight bytes, little-endian.
    U64Le,
}

impl Default for LengthDelimited {
    fn default() -> Self {
        Self { max: 1024 * 1024, head: Head::U32 }
    }
}

impl LengthDelimited {
    /// The most bytes a frame may have, its head not counted. Default 1 MiB. More than the head can say
    /// is no limit of its own.
    #[must_use]
    pub fn max(self, bytes: u64) -> Self {
        Self { max: bytes, ..self }
    }

    /// How the length is written. Default [`Head::U32`].
    #[must_use]
    pub fn head(self, head: Head) -> Self {
        Self { head, ..self }
    }

    fn limit(&self) -> u64 {
        self.max.min(self.head.most())
    }

    /// The length that the head at the front says, once it is there; no frame is as long as it may say.
    fn announced(&self, buffer: &[u8]) -> Result<Option<u64>, BadFrame> {
        let Some(length) = self.head.read(buffer) else { return Ok(None) };
        let too_long = || BadFrame::TooLong { length, max: self.limit() };
        if length > self.limit() { Err(too_long()) } else { Ok(Some(length)) }
    }
}

impl Framing for LengthDelimited {
    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadFrame> {
        let Some(length) = self.announced(buffer)? else { return Ok(None) };
        let there = buffer.len() - self.head.size();
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= there) else {
            return Ok(None);
        };
        buffer.advance(self.head.size());
        Ok(Some(buffer.split_to(length).freeze()))
    }

    fn finish(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadFrame> {
        if buffer.is_empty() {
            return Ok(None);
        }
        let wanted = self.announced(buffer)?.map(|length| length.saturating_add(self.head.size() as u64));
        Err(BadFrame::Incomplete { received: buffer.len(), wanted })
    }

    fn encode(&mut self, frame: &[u8], into: &mut BytesMut) -> Result<(), BadFrame> {
        let length = frame.len() as u64;
        if length > self.limit() {
            return Err(BadFrame::TooLong { length, max: self.limit() });
        }
        into.reserve(self.head.size() + frame.len());
        self.head.write(length, into);
        into.put_slice(frame);
        Ok(())
    }
}

impl Head {
    fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 | Self::U16Le => 2,
            Self::U32 | Self::U32Le => 4,
            Self::U64 | Self::U64Le => 8,
        }
    }

    /// The largest length that it can say.
    fn most(self) -> u64 {
        u64::MAX >> (64 - 8 * self.size())
    }

    fn is_little(self) -> bool {
        matches!(self, Self::U16Le | Self::U32Le | Self::U64Le)
    }

    fn read(self, mut buffer: &[u8]) -> Option<u64> {
        let (size, is_little) = (self.size(), self.is_little());
        let whole = buffer.len() >= size;
        whole.then(|| if is_little { buffer.get_uint_le(size) } else { buffer.get_uint(size) })
    }

    fn write(self, length: u64, into: &mut BytesMut) {
        let size = self.size();
        if self.is_little() { into.put_uint_le(length, size) } else { into.put_uint(length, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: [Head; 7] =
        [Head::U8, Head::U16, Head::U32, Head::U64, Head::U16Le, Head::U32Le, Head::U64Le];

    fn decoded(framing: &mut LengthDelimited, bytes: &[u8]) -> Result<Option<Bytes>, BadFrame> {
        framing.decode(&mut BytesMut::from(bytes))
    }

    #[test]
    fn every_head_says_and_reads_every_length_it_can() {
        for head in HEADS {
            for length in [0, 1, 255, 256, 65_535] {
                let mut framing = LengthDelimited::default().head(head);
                let (frame, mut wire) = (vec![7; length], BytesMut::new());
                let encoded = framing.encode(&frame, &mut wire);
                if length as u64 > head.most() {
                    let max = head.most();
                    assert_eq!(encoded, Err(BadFrame::TooLong { length: length as u64, max }));
                    assert!(wire.is_empty());
                } else {
                    assert_eq!(wire.len(), head.size() + length);
                    assert_eq!(framing.decode(&mut wire).unwrap().unwrap(), frame, "{head:?}");
                    assert!(wire.is_empty());
                }
            }
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_as_soon_as_it_is_read() {
        for length in [11_u32, 1 << 31, u32::MAX] {
            let mut framing = LengthDelimited::default().max(10);
            let mut wire = BytesMut::from(&length.to_be_bytes()[..]);
            let before = wire.capacity();
            let too_long = BadFrame::TooLong { length: length.into(), max: 10 };
            assert_eq!(framing.decode(&mut wire), Err(too_long.clone()));
            assert_eq!(framing.decode(&mut wire), Err(too_long), "it stays refused");
            assert_eq!((wire.len(), wire.capacity()), (4, before));
        }
        assert_eq!(
            decoded(&mut LengthDelimited::default().max(1), &[0, 0, 0, 1, 9]).unwrap().unwrap(),
            [9][..]
        );
        assert_eq!(decoded(&mut LengthDelimited::default().max(0), &[0; 4]).unwrap().unwrap(), [][..]);
    }

    #[test]
    fn without_a_limit_a_length_that_no_memory_holds_is_waited_for_without_room() {
        let mut framing = LengthDelimited::default().max(u64::MAX).head(Head::U64);
        let mut wire = BytesMut::from(&u64::MAX.to_be_bytes()[..]);
        assert_eq!(framing.decode(&mut wire), Ok(None));
        assert!(wire.capacity() < 64);
        let incomplete = BadFrame::Incomplete { received: 8, wanted: Some(u64::MAX) };
        assert_eq!(framing.finish(&mut wire), Err(incomplete));
    }

    #[test]
    fn a_stream_ends_well_only_between_frames() {
        let wire = [0, 0, 0, 2, 5, 6];
        for cut in 0..wire.len() {
            let (mut framing, mut buffer) = (LengthDelimited::default(), BytesMut::from(&wire[..cut]));
            assert_eq!(framing.decode(&mut buffer), Ok(None));
            let wanted = (cut >= 4).then_some(6);
            let end = if cut == 0 { Ok(None) } else { Err(BadFrame::Incomplete { received: cut, wanted }) };
            assert_eq!(framing.finish(&mut buffer), end, "cut at {cut}");
        }
    }
}
