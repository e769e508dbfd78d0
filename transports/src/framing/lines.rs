//! Pure: frames that are lines.

use super::{BadFrame, Framing};
use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Lines: each ends with `\n` or `\r\n`, which are not part of it, and is sent with `\n`.
///
/// At most 64 KiB each unless told otherwise. A stream that ends inside a line is an error, because that
/// line may have been cut short, unless [`last_without_end`](Self::last_without_end) is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    max: usize,
    last_without_end: bool,
    /// So much of the buffer has no line end.
    searched: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self { max: 64 * 1024, last_without_end: false, searched: 0 }
    }
}

impl Lines {
    /// The most bytes a line may have, its end not counted. Default 64 KiB.
    #[must_use]
    pub fn max(self, bytes: usize) -> Self {
        Self { max: bytes, ..self }
    }

    /// The last line may lack its end, as in files written by hand.
    #[must_use]
    pub fn last_without_end(self) -> Self {
        Self { last_without_end: true, ..self }
    }

    fn too_long(&self, length: usize) -> BadFrame {
        BadFrame::TooLong { length: length as u64, max: self.max as u64 }
    }

    /// The line that ends before this `\n`.
    fn take(&mut self, buffer: &mut BytesMut, end: usize) -> Result<Bytes, BadFrame> {
        let length = without_return(&buffer[..end]).len();
        if length > self.max {
            return Err(self.too_long(length));
        }
        self.searched = 0;
        let line = buffer.split_to(length).freeze();
        buffer.advance(end - length + 1);
        Ok(line)
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl Framing for Lines {
    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadFrame> {
        if let Some(at) = memchr::memchr(b'\n', &buffer[self.searched..]) {
            return self.take(buffer, self.searched + at).map(Some);
        }
        self.searched = buffer.len();
        let length = without_return(buffer).len();
        if length > self.max { Err(self.too_long(length)) } else { Ok(None) }
    }

    fn finish(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadFrame> {
        self.searched = 0;
        match buffer.len() {
            0 => Ok(None),
            length if self.last_without_end && length > self.max => Err(self.too_long(length)),
            _ if self.last_without_end => Ok(Some(buffer.split().freeze())),
            received => Err(BadFrame::Incomplete { received, wanted: None }),
        }
    }

    fn encode(&mut self, frame: &[u8], into: &mut BytesMut) -> Result<(), BadFrame> {
        if frame.len() > self.max {
            return Err(self.too_long(frame.len()));
        }
        let end = memchr::memchr(b'\n', frame).or_else(|| frame.ends_with(b"\r").then(|| frame.len() - 1));
        if let Some(at) = end {
            return Err(BadFrame::LineEnd { at });
        }
        into.reserve(frame.len() + 1);
        into.put_slice(frame);
        into.put_u8(b'\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a stream that comes byte by byte, and how it ends.
    fn lines(framing: Lines, wire: &[u8]) -> (Vec<Bytes>, Result<Option<Bytes>, BadFrame>) {
        let (mut framing, mut buffer, mut lines) = (framing, BytesMut::new(), Vec::new());
        for byte in wire {
            buffer.put_u8(*byte);
            match framing.decode(&mut buffer) {
                Ok(line) => lines.extend(line),
                Err(error) => return (lines, Err(error)),
            }
        }
        (lines, framing.finish(&mut buffer))
    }

    #[test]
    fn both_line_ends_are_taken_off_and_a_lone_return_is_not() {
        let (found, end) = lines(Lines::default(), b"a\nb\r\n\n\r\nc\rd\r\r\n");
        assert_eq!(found, ["a", "b", "", "", "c\rd\r"]);
        assert_eq!(end, Ok(None));
    }

    #[test]
    fn the_last_line_needs_its_end_unless_told_otherwise() {
        let incomplete = BadFrame::Incomplete { received: 2, wanted: None };
        assert_eq!(lines(Lines::default(), b"a\nbc").1, Err(incomplete));
        let (found, last) = lines(Lines::default().last_without_end(), b"a\nbc");
        assert_eq!((found, last), (vec![Bytes::from("a")], Ok(Some(Bytes::from("bc")))));
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit_whatever_its_end() {
        let short = || Lines::default().max(3);
        assert_eq!(lines(short(), b"abc\r\nabc\n").0, ["abc", "abc"]);
        let too_long = Err(BadFrame::TooLong { length: 4, max: 3 });
        assert_eq!(lines(short(), b"abcd\n").1, too_long);
        assert_eq!(lines(short(), b"abc\rd\n").1, Err(BadFrame::TooLong { length: 5, max: 3 }));
        assert_eq!(short().decode(&mut BytesMut::from("abcd\n")), too_long, "also if it comes at once");
    }

    #[test]
    fn a_line_that_would_arrive_as_another_is_refused() {
        for (line, at) in [("a\nb", 1), ("\n", 0), ("ab\r", 2)] {
            let (mut framing, mut wire) = (Lines::default(), BytesMut::new());
            let refused = framing.encode(line.as_bytes(), &mut wire);
            assert_eq!((refused, wire.len()), (Err(BadFrame::LineEnd { at }), 0));
        }
    }

    #[test]
    fn what_is_longer_than_the_limit_is_not_sent() {
        let (mut framing, mut wire) = (Lines::default().max(3), BytesMut::new());
        assert_eq!(framing.encode(b"abcd", &mut wire), Err(BadFrame::TooLong { length: 4, max: 3 }));
        assert_eq!(framing.encode(b"abc", &mut wire), Ok(()));
        assert_eq!(wire, "abc\n");
    }
}
