//! Pure: text from bytes that come in any pieces, and bytes from text.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;

/// How text is written as bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-8 after a byte-order mark, which is sent once and may be missing in what is received.
    Utf8Mark,
    /// UTF-16 after a byte-order mark, which tells the order of what is received and is sent once, before
    /// little-endian text. Received without one, the text is big-endian.
    Utf16,
    /// UTF-16, little-endian, without a mark.
    Utf16Le,
    /// UTF-16, big-endian, without a mark.
    Utf16Be,
}

/// What becomes of bytes that are no text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnBadBytes {
    /// They are an error.
    #[default]
    Refuse,
    /// Each bad byte (in UTF-16 each bad unit) becomes one `U+FFFD`.
    Replace,
}

/// Bytes that are no text in this encoding. They are taken off the stream: what follows can be received.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the bytes {bytes:02x?} are no text in {encoding:?}")]
#[non_exhaustive]
pub struct BadBytes {
    /// The bytes.
    pub bytes: Bytes,
    /// The encoding that was expected.
    pub encoding: Encoding,
}

const MARK: char = '\u{feff}';

/// The bytes of text in one direction: decoding or encoding.
#[derive(Debug)]
pub(super) struct Coder {
    encoding: Encoding,
    on_bad: OnBadBytes,
    /// The mark has been dealt with.
    begun: bool,
    little: bool,
}

/// What stands at the front of a buffer.
enum Front {
    /// Text of so many bytes.
    Text(usize),
    /// So many bytes that are no text.
    Bad(usize),
    /// The beginning of a character, or nothing.
    Incomplete,
}

impl Coder {
    pub(super) fn new(encoding: Encoding, on_bad: OnBadBytes) -> Self {
        let begun = !matches!(encoding, Encoding::Utf8Mark | Encoding::Utf16);
        Self { encoding, on_bad, begun, little: encoding == Encoding::Utf16Le }
    }

    /// Takes as much text as there is off the buffer, up to the first bad bytes if those are refused; these
    /// are taken, and refused, when nothing is before them. The beginning of a character stays, unless
    /// nothing more comes.
    pub(super) fn decode(&mut self, buffer: &mut BytesMut, is_last: bool) -> Result<String, BadBytes> {
        let mut text = String::new();
        if !self.take_mark(buffer, is_last) {
            return Ok(text);
        }
        loop {
            let bad = match self.front(buffer, &mut text) {
                Front::Text(length) => {
                    buffer.advance(length);
                    continue;
                }
                Front::Bad(length) => length,
                Front::Incomplete if is_last && !buffer.is_empty() => buffer.len(),
                Front::Incomplete => break,
            };
            match self.on_bad {
                OnBadBytes::Replace => {
                    buffer.advance(bad);
                    text.extend(std::iter::repeat_n(char::REPLACEMENT_CHARACTER, self.replacements(bad)));
                }
                OnBadBytes::Refuse if text.is_empty() => {
                    return Err(BadBytes { bytes: buffer.split_to(bad).freeze(), encoding: self.encoding });
                }
                OnBadBytes::Refuse => break,
            }
        }
        Ok(text)
    }

    /// What is at the front; text is appended to `text`.
    fn front(&self, buffer: &[u8], text: &mut String) -> Front {
        match self.encoding {
            Encoding::Utf8 | Encoding::Utf8Mark => utf8_front(buffer, text),
            _ => self.utf16_front(buffer, text),
        }
    }

    fn utf16_front(&self, buffer: &[u8], text: &mut String) -> Front {
        let Some(unit) = self.unit(buffer) else { return Front::Incomplete };
        let is_high = (0xd800..0xdc00).contains(&unit);
        let second = self.unit(&buffer[2..]);
        if is_high && second.is_none() {
            return Front::Incomplete;
        }
        match char::decode_utf16([unit].into_iter().chain(second)).next() {
            Some(Ok(character)) => {
                text.push(character);
                Front::Text(2 * character.len_utf16())
            }
            _ => Front::Bad(2),
        }
    }

    fn unit(&self, buffer: &[u8]) -> Option<u16> {
        let unit = *buffer.first_chunk()?;
        Some(if self.little { u16::from_le_bytes(unit) } else { u16::from_be_bytes(unit) })
    }

    fn replacements(&self, bad: usize) -> usize {
        match self.encoding {
            Encoding::Utf8 | Encoding::Utf8Mark => bad,
            _ => bad.div_ceil(2),
        }
    }

    /// Takes the mark off the beginning, as soon as it is clear whether there is one. Whether it is.
    fn take_mark(&mut self, buffer: &mut BytesMut, is_last: bool) -> bool {
        let marks: &[(&[u8], bool)] = match self.encoding {
            _ if self.begun => return true,
            Encoding::Utf16 => &[(&[0xff, 0xfe], true), (&[0xfe, 0xff], false)],
            _ => &[(&[0xef, 0xbb, 0xbf], false)],
        };
        let found = marks.iter().find(|(mark, _)| buffer.starts_with(mark));
        let may_come = !is_last && marks.iter().any(|(mark, _)| mark.starts_with(buffer));
        if let Some((mark, little)) = found {
            buffer.advance(mark.len());
            self.little = *little;
        }
        self.begun = found.is_some() || !may_come;
        self.begun
    }

    /// Appends text as bytes, after the mark if that is due.
    pub(super) fn encode(&mut self, text: &str, into: &mut BytesMut) {
        if !std::mem::replace(&mut self.begun, true) {
            self.little = true;
            self.put(MARK.encode_utf8(&mut [0; 4]), into);
        }
        self.put(text, into);
    }

    fn put(&self, text: &str, into: &mut BytesMut) {
        match self.encoding {
            Encoding::Utf8 | Encoding::Utf8Mark => into.put_slice(text.as_bytes()),
            _ if self.little => text.encode_utf16().for_each(|unit| into.put_u16_le(unit)),
            _ => text.encode_utf16().for_each(|unit| into.put_u16(unit)),
        }
    }
}

fn utf8_front(buffer: &[u8], text: &mut String) -> Front {
    let (valid, bad) = match std::str::from_utf8(buffer) {
        Ok(valid) => (valid, None),
        Err(error) => {
            let (valid, _) = buffer.split_at(error.valid_up_to());
            (std::str::from_utf8(valid).unwrap_or_default(), error.error_len())
        }
    };
    text.push_str(valid);
    match bad {
        _ if !valid.is_empty() => Front::Text(valid.len()),
        Some(length) => Front::Bad(length),
        None => Front::Incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is decoded from bytes that come `step` at a time.
    fn decoded(
        encoding: Encoding,
        on_bad: OnBadBytes,
        wire: &[u8],
        step: usize,
    ) -> Vec<Result<String, BadBytes>> {
        let (mut coder, mut buffer, mut found) = (Coder::new(encoding, on_bad), BytesMut::new(), Vec::new());
        let pieces = wire.chunks(step).map(|piece| (piece, false));
        for (piece, is_last) in pieces.chain([(&[][..], true)]) {
            buffer.put_slice(piece);
            loop {
                let text = coder.decode(&mut buffer, is_last);
                if text == Ok(String::new()) {
                    break;
                }
                found.push(text);
            }
        }
        assert!(buffer.is_empty());
        found
    }

    #[test]
    fn text_comes_out_whole_however_it_was_cut() {
        let said = "aä€😀\u{feff}z";
        for encoding in
            [Encoding::Utf8, Encoding::Utf8Mark, Encoding::Utf16, Encoding::Utf16Le, Encoding::Utf16Be]
        {
            let (mut coder, mut wire) = (Coder::new(encoding, OnBadBytes::Refuse), BytesMut::new());
            said.chars().for_each(|part| coder.encode(part.encode_utf8(&mut [0; 4]), &mut wire));
            for step in 1..=wire.len() {
                let found: Result<String, _> =
                    decoded(encoding, OnBadBytes::Refuse, &wire, step).into_iter().collect();
                assert_eq!(found.as_deref(), Ok(said), "{encoding:?} by {step}");
            }
        }
    }

    #[test]
    fn each_bad_byte_is_replaced_and_a_character_cut_off_by_the_end_too() {
        for (wire, text) in [
            (&b"\xe5\xe4\xf6"[..], "\u{fffd}\u{fffd}\u{fffd}"),
            (b"a\xffb", "a\u{fffd}b"),
            (b"\xe2\x82a", "\u{fffd}\u{fffd}a"),
            (b"a\xe2\x82", "a\u{fffd}\u{fffd}"),
        ] {
            for step in 1..=wire.len() {
                let found: Result<String, _> =
                    decoded(Encoding::Utf8, OnBadBytes::Replace, wire, step).into_iter().collect();
                assert_eq!(found.as_deref(), Ok(text), "{wire:?} by {step}");
            }
        }
    }

    #[test]
    fn refused_bytes_are_told_after_the_text_before_them_and_what_follows_comes() {
        let bad =
            |bytes: &'static [u8], encoding| Err(BadBytes { bytes: Bytes::from_static(bytes), encoding });
        let found = decoded(Encoding::Utf8, OnBadBytes::Refuse, b"ab\xffcd\xe2", 6);
        let text = |text: &str| Ok(text.to_owned());
        let expected = [text("ab"), bad(&[0xff], Encoding::Utf8), text("cd"), bad(&[0xe2], Encoding::Utf8)];
        assert_eq!(found, expected);
        // A high surrogate before an ordinary unit, and half a unit.
        let found = decoded(Encoding::Utf16Be, OnBadBytes::Refuse, &[0xd8, 0, 0, b'a', 1], 5);
        let expected = [bad(&[0xd8, 0], Encoding::Utf16Be), text("a"), bad(&[1], Encoding::Utf16Be)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_mark_tells_the_order_and_without_one_it_is_big_endian() {
        for (wire, text) in [
            (&[0xff, 0xfe, b'a', 0][..], "a"),
            (&[0xfe, 0xff, 0, b'a'], "a"),
            (&[0, b'a'], "a"),
            (&[0xff, 0xfe], ""),
            (&[], ""),
        ] {
            let found: String = decoded(Encoding::Utf16, OnBadBytes::Refuse, wire, 1)
                .into_iter()
                .map(|text| text.unwrap())
                .collect();
            assert_eq!(found, text, "{wire:?}");
        }
    }
}
