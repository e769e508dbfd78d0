//! Takes one record apart into its fields.
//!
//! Nothing is trimmed: a space belongs to its field. The quoting rules are those of `records.rs`.
use memchr::{memchr, memchr_iter};

use super::records::Content;

/// Why a record has no fields to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    TooLong,
    Unclosed,
    /// The first byte that is not UTF-8, counted from 1.
    NotUtf8 {
        byte: usize,
    },
}

/// A record as text, still quoted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    text: &'a str,
    quoted: bool,
}

impl<'a> TryFrom<Content<'a>> for Text<'a> {
    type Error = Unreadable;

    fn try_from(content: Content<'a>) -> Result<Self, Unreadable> {
        let (bytes, quoted) = match content {
            Content::Plain(bytes) => (bytes, false),
            Content::Quoted(bytes) => (bytes, true),
            Content::TooLong => return Err(Unreadable::TooLong),
            Content::Unclosed => return Err(Unreadable::Unclosed),
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|invalid| Unreadable::NotUtf8 { byte: invalid.valid_up_to() + 1 })?;
        Ok(Self { text, quoted })
    }
}

impl<'a> Text<'a> {
    /// How many fields there are, and those two of them, still quoted, that stand at `positions`.
    ///
    /// `None` stands for a position behind the last field.
    pub(crate) fn pick(self, positions: [usize; 2]) -> (usize, [Option<&'a str>; 2]) {
        if self.quoted { self.pick_quoted(positions) } else { self.pick_plain(positions) }
    }

    /// Behind the later of the two positions commas are only counted, which takes many bytes at a time.
    fn pick_plain(self, positions: [usize; 2]) -> (usize, [Option<&'a str>; 2]) {
        let mut picked = [None; 2];
        let last = positions[0].max(positions[1]);
        let mut rest = self.text;
        for position in 0..=last {
            let comma = rest.bytes().position(|byte| byte == b',');
            note(&mut picked, positions, position, &rest[..comma.unwrap_or(rest.len())]);
            match comma {
                Some(comma) => rest = &rest[comma + 1..],
                None => return (position + 1, picked),
            }
        }
        (last + 2 + memchr_iter(b',', rest.as_bytes()).count(), picked)
    }

    fn pick_quoted(self, positions: [usize; 2]) -> (usize, [Option<&'a str>; 2]) {
        let mut picked = [None; 2];
        let mut count = 0;
        for field in self.fields() {
            note(&mut picked, positions, count, field);
            count += 1;
        }
        (count, picked)
    }

    /// Every field in order, still quoted.
    pub(crate) fn fields(self) -> impl Iterator<Item = &'a str> {
        let mut rest = Some(self.text);
        std::iter::from_fn(move || {
            let text = rest?;
            let end = field_end(text);
            rest = text.get(end + 1..);
            Some(&text[..end])
        })
    }
}

fn note<'a>(picked: &mut [Option<&'a str>; 2], wanted: [usize; 2], position: usize, field: &'a str) {
    for (slot, wanted) in picked.iter_mut().zip(wanted) {
        if wanted == position {
            *slot = Some(field);
        }
    }
}

/// Where the first field of `text` ends: at a comma outside quotes, or with the text.
fn field_end(text: &str) -> usize {
    let closed = match text.strip_prefix('"') {
        Some(inside) => 1 + closing_quote(inside),
        None => 0,
    };
    memchr(b',', &text.as_bytes()[closed..]).map_or(text.len(), |comma| closed + comma)
}

/// The position of the quote that ends a quoted field, of which `inside` follows the opening quote.
fn closing_quote(inside: &str) -> usize {
    let bytes = inside.as_bytes();
    let mut quotes = memchr_iter(b'"', bytes);
    while let Some(quote) = quotes.next() {
        if bytes.get(quote + 1) != Some(&b'"') {
            return quote;
        }
        quotes.next();
    }
    bytes.len()
}

/// What a field says without its quotes; `room` is used only when `""` has to become `"`.
pub(crate) fn unquote<'a>(field: &'a str, room: &'a mut String) -> &'a str {
    let Some(inside) = field.strip_prefix('"') else {
        return field;
    };
    let (body, tail) = inside.split_at(closing_quote(inside));
    let tail = tail.strip_prefix('"').unwrap_or(tail);
    if tail.is_empty() && !body.contains('"') {
        return body;
    }
    room.clear();
    push_undoubled(room, body);
    room.push_str(tail);
    room
}

fn push_undoubled(room: &mut String, body: &str) {
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("\"\"") {
        room.push_str(before);
        room.push('"');
        rest = after;
    }
    room.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(content: Content<'_>) -> Vec<String> {
        let text = Text::try_from(content).unwrap();
        text.fields().map(|field| unquote(field, &mut String::new()).to_owned()).collect()
    }

    fn quoted(record: &str) -> Vec<String> {
        fields(Content::Quoted(record.as_bytes()))
    }

    #[test]
    fn commas_separate_fields_and_nothing_is_trimmed() {
        assert_eq!(fields(Content::Plain(b"a, b ,,c")), ["a", " b ", "", "c"]);
        assert_eq!(fields(Content::Plain(b",")), ["", ""]);
        assert_eq!(fields(Content::Plain(b"a")), ["a"]);
    }

    #[test]
    fn a_quoted_field_holds_commas_ends_of_lines_and_doubled_quotes() {
        assert_eq!(quoted("\"a,b\",\"c\r\nd\",\"e\"\"f\"\"\""), ["a,b", "c\r\nd", "e\"f\""]);
        assert_eq!(quoted("\"\",a,\"\"\"\""), ["", "a", "\""]);
    }

    #[test]
    fn what_follows_a_closing_quote_is_taken_as_it_is() {
        assert_eq!(quoted("\"a\"b\"c,d"), ["ab\"c", "d"]);
        assert_eq!(quoted("\"a\" ,\"b\""), ["a ", "b"]);
    }

    #[test]
    fn room_that_was_used_before_is_used_again() {
        let mut room = String::new();
        assert_eq!(unquote(r#""a""b""#, &mut room), "a\"b");
        assert_eq!(unquote(r#""c""d""#, &mut room), "c\"d");
    }

    #[test]
    fn a_quote_within_an_unquoted_field_is_text() {
        assert_eq!(quoted("a\"b,\"c\""), ["a\"b", "c"]);
    }

    #[test]
    fn two_fields_are_picked_by_position_and_all_are_counted() {
        for content in [Content::Plain(b"a,b,c"), Content::Quoted(b"a,b,c")] {
            let text = Text::try_from(content).unwrap();
            assert_eq!(text.pick([2, 0]), (3, [Some("c"), Some("a")]));
            assert_eq!(text.pick([1, 1]), (3, [Some("b"), Some("b")]));
            assert_eq!(text.pick([0, 0]), (3, [Some("a"), Some("a")]));
            assert_eq!(text.pick([0, 3]), (3, [Some("a"), None]));
        }
    }

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_named() {
        let text = Text::try_from(Content::Plain(b"ab\xFFc"));
        assert_eq!(text.unwrap_err(), Unreadable::NotUtf8 { byte: 3 });
    }

    #[test]
    fn bytes_that_are_utf_8_only_without_their_quotes_are_refused() {
        let text = Text::try_from(Content::Quoted(b"\"\xC3\"\xA9"));
        assert_eq!(text.unwrap_err(), Unreadable::NotUtf8 { byte: 2 });
    }
}
