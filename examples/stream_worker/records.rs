//! Finds where CSV records end: bytes go in as they arrive, whole records come out; no I/O.
//!
//! A record ends at a line feed, at a carriage return, or at the end of the input, unless that lies inside a
//! quoted field. Lines that are empty are no records. A byte order mark before the first record is dropped.
//! Only a quote at the very beginning of a field opens a quoted field, `""` inside it stands for one quote,
//! and what follows the closing quote is taken as it is.
//!
//! Lines are counted as every other tool counts them, by line feeds, those inside quoted fields included.
//!
//! A record longer than the limit is dropped while it is read, so memory stays flat. A quoted field that is
//! never closed swallows the rest of the input, because no line in it can be known to begin a record.
use memchr::{memchr, memchr_iter, memchr3};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Cuts a stream of bytes into records.
///
/// 1. `kept` holds what earlier inputs gave of the record that has begun; while `given` is set, it still holds
///    the record that the last call lent out.
/// 2. `kept` never holds more than `limit` bytes. A record that lies in one input is not copied at all.
#[derive(Debug)]
pub(crate) struct RecordReader {
    limit: usize,
    marked: Mark,
    line: u64,
    kept: Vec<u8>,
    given: bool,
    open: Open,
}

/// How much of a byte order mark has been read: its first bytes, or the question is settled.
#[derive(Debug)]
enum Mark {
    Matched(usize),
    Settled,
}

/// What is known of the record that has begun.
#[derive(Debug, Default)]
struct Open {
    length: usize,
    inner_lines: u64,
    quoted: bool,
    place: Place,
}

/// Where the next byte stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    FieldStart,
    Unquoted,
    Quoted,
    AfterQuote,
}

/// One record as it stands in the input, without the end of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawRecord<'a> {
    /// The physical line on which it begins; the first line is 1.
    pub(crate) line: u64,
    pub(crate) content: Content<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// No field is quoted: every comma separates two fields.
    Plain(&'a [u8]),
    /// At least one field is quoted.
    Quoted(&'a [u8]),
    /// Longer than the limit; its bytes were not kept.
    TooLong,
    /// The input ended inside a quoted field.
    Unclosed,
}

impl RecordReader {
    /// A reader that keeps records of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let marked = Mark::Matched(0);
        Self { limit, marked, line: 1, kept: Vec::new(), given: false, open: Open::default() }
    }

    /// The next record that ends in `input`, which advances behind it.
    ///
    /// `None`: all of `input` is used up and more is needed.
    pub(crate) fn next<'r, 'i: 'r>(&'r mut self, input: &mut &'i [u8]) -> Option<RawRecord<'r>> {
        self.forget_given();
        self.skip_mark(input);
        self.skip_empty_lines(input);
        let Some(end) = self.open.scan(input) else {
            self.keep(input);
            *input = &[];
            return None;
        };
        let (last, rest) = input.split_at(end);
        *input = rest;
        let lies_in_input = self.open.length == 0 && last.len() <= self.limit;
        if !lies_in_input {
            self.keep(last);
        }
        let (line, open) = self.close();
        let bytes = if lies_in_input { last } else { &self.kept };
        Some(RawRecord { line, content: open.content(bytes, self.limit) })
    }

    /// The record that was cut off by the end of the input, if one had begun.
    pub(crate) fn finish(&mut self) -> Option<RawRecord<'_>> {
        self.forget_given();
        self.settle_mark();
        if self.open.length == 0 {
            return None;
        }
        let (line, open) = self.close();
        Some(RawRecord { line, content: open.content(&self.kept, self.limit) })
    }

    /// Drops the bytes of a record that the last call lent out.
    fn forget_given(&mut self) {
        if std::mem::take(&mut self.given) {
            self.kept.clear();
        }
    }

    fn skip_mark(&mut self, input: &mut &[u8]) {
        while let (Mark::Matched(matched), Some((first, rest))) = (&mut self.marked, input.split_first()) {
            if *first != BYTE_ORDER_MARK[*matched] {
                return self.settle_mark();
            }
            *matched += 1;
            *input = rest;
            if *matched == BYTE_ORDER_MARK.len() {
                self.marked = Mark::Settled;
            }
        }
    }

    /// What was read of an incomplete mark belongs to the first record.
    fn settle_mark(&mut self) {
        if let Mark::Matched(matched @ 1..) = std::mem::replace(&mut self.marked, Mark::Settled) {
            self.open.place = Place::Unquoted;
            self.keep(&BYTE_ORDER_MARK[..matched]);
        }
    }

    /// Passes over line ends while no record has begun, among them the second half of CR LF.
    fn skip_empty_lines(&mut self, input: &mut &[u8]) {
        if self.open.length > 0 {
            return;
        }
        while let [first @ (b'\n' | b'\r'), rest @ ..] = *input {
            self.line += u64::from(*first == b'\n');
            *input = rest;
        }
    }

    fn keep(&mut self, part: &[u8]) {
        self.open.length = self.open.length.saturating_add(part.len());
        if self.open.length <= self.limit {
            self.kept.extend_from_slice(part);
        }
    }

    /// The record that has begun ends: the line of its beginning, and what is known of it.
    fn close(&mut self) -> (u64, Open) {
        let (line, open) = (self.line, std::mem::take(&mut self.open));
        self.line += open.inner_lines;
        self.given = true;
        (line, open)
    }
}

impl Open {
    fn content<'a>(&self, bytes: &'a [u8], limit: usize) -> Content<'a> {
        if self.length > limit {
            Content::TooLong
        } else if self.place == Place::Quoted {
            Content::Unclosed
        } else if self.quoted {
            Content::Quoted(bytes)
        } else {
            Content::Plain(bytes)
        }
    }

    /// The position of the byte that ends this record, or `None` and all of `bytes` belongs to it.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match self.place {
                Place::FieldStart | Place::Unquoted => match self.scan_outside(rest) {
                    Outside::End(end) => return Some(at + end),
                    Outside::Passed(length) => length,
                },
                Place::Quoted => self.scan_inside(rest),
                Place::AfterQuote => self.scan_after_quote(rest[0]),
            };
        }
        None
    }

    fn scan_outside(&mut self, bytes: &[u8]) -> Outside {
        let found = memchr3(b'\n', b'\r', b'"', bytes);
        let starts_field = match found.unwrap_or(bytes.len()) {
            0 => self.place == Place::FieldStart,
            position => bytes[position - 1] == b',',
        };
        self.place = if starts_field { Place::FieldStart } else { Place::Unquoted };
        match found {
            None => Outside::Passed(bytes.len()),
            Some(position) if bytes[position] != b'"' => Outside::End(position),
            Some(position) => {
                self.pass_quote();
                Outside::Passed(position + 1)
            }
        }
    }

    fn pass_quote(&mut self) {
        if self.place == Place::FieldStart {
            self.place = Place::Quoted;
            self.quoted = true;
        }
    }

    /// Passes over the inside of a quoted field up to and with the next quote.
    fn scan_inside(&mut self, bytes: &[u8]) -> usize {
        let length = match memchr(b'"', bytes) {
            Some(position) => {
                self.place = Place::AfterQuote;
                position + 1
            }
            None => bytes.len(),
        };
        self.inner_lines += memchr_iter(b'\n', &bytes[..length]).count() as u64;
        length
    }

    /// A quote inside a quoted field was one half of `""` or closed the field: the next byte says which.
    fn scan_after_quote(&mut self, next: u8) -> usize {
        if next == b'"' {
            self.place = Place::Quoted;
            return 1;
        }
        self.place = Place::Unquoted;
        0
    }
}

enum Outside {
    End(usize),
    Passed(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 16;

    /// Reads `chunks` to the end: line and bytes of each record, or what it has instead of bytes.
    fn read(chunks: &[&[u8]]) -> Vec<(u64, String)> {
        let mut reader = RecordReader::new(LIMIT);
        let mut records = Vec::new();
        for chunk in chunks {
            let mut input = *chunk;
            while let Some(record) = reader.next(&mut input) {
                records.push(shown(record));
            }
            assert!(reader.kept.len() <= LIMIT);
        }
        records.extend(reader.finish().map(shown));
        records
    }

    fn shown(record: RawRecord<'_>) -> (u64, String) {
        let content = match record.content {
            Content::Plain(bytes) | Content::Quoted(bytes) => bytes.escape_ascii().to_string(),
            other => format!("{other:?}"),
        };
        (record.line, content)
    }

    fn expect(input: &str, expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
        assert_eq!(read(&[input.as_bytes()]), expected, "in one piece: {input:?}");
        let bytes: Vec<_> = input.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes), expected, "byte by byte: {input:?}");
    }

    #[test]
    fn every_end_of_line_ends_a_record() {
        expect("a\nb\n", &[(1, "a"), (2, "b")]);
        expect("a\r\nb\r\n", &[(1, "a"), (2, "b")]);
        expect("a\rb\nc", &[(1, "a"), (1, "b"), (2, "c")]);
    }

    #[test]
    fn the_last_line_needs_no_end() {
        expect("a\nb,c", &[(1, "a"), (2, "b,c")]);
    }

    #[test]
    fn no_input_has_no_record() {
        expect("", &[]);
        expect("\u{feff}", &[]);
        expect("\r\n\n", &[]);
    }

    #[test]
    fn empty_lines_are_counted_and_passed_over() {
        expect("\n\na\n\r\n\nb\n\n", &[(3, "a"), (6, "b")]);
    }

    #[test]
    fn a_byte_order_mark_is_dropped_once_and_only_in_front() {
        expect("\u{feff}a\n", &[(1, "a")]);
        expect("\u{feff}\"a\nb\"\n", &[(1, r#"\"a\nb\""#)]);
        expect("\u{feff}\u{feff}a\n", &[(1, r"\xef\xbb\xbfa")]);
        expect("a\n\u{feff}b\n", &[(1, "a"), (2, r"\xef\xbb\xbfb")]);
    }

    #[test]
    fn the_beginning_of_a_byte_order_mark_alone_is_data() {
        assert_eq!(read(&[b"\xEF\xBB", b"a\n"]), [(1, r"\xef\xbba".to_owned())]);
        assert_eq!(read(&[b"\xEF", b"\n"]), [(1, r"\xef".to_owned())]);
        assert_eq!(read(&[b"\xEF\xBB"]), [(1, r"\xef\xbb".to_owned())]);
    }

    #[test]
    fn a_quoted_field_may_hold_ends_of_lines() {
        expect("\"a\r\nb\",c\nd\n", &[(1, r#"\"a\r\nb\",c"#), (3, "d")]);
        expect("a,\"\n\n\n\"\nb\n", &[(1, r#"a,\"\n\n\n\""#), (5, "b")]);
    }

    #[test]
    fn doubled_quotes_do_not_close_a_field() {
        expect("\"a\"\"\nb\"\nc\n", &[(1, r#"\"a\"\"\nb\""#), (3, "c")]);
        expect("\"\"\nc\n", &[(1, r#"\"\""#), (2, "c")]);
    }

    #[test]
    fn a_quote_within_an_unquoted_field_opens_nothing() {
        expect("a\"\nb\n", &[(1, r#"a\""#), (2, "b")]);
        expect("a\"\"\"\nb\n", &[(1, r#"a\"\"\""#), (2, "b")]);
        expect(" \"a\nb\n", &[(1, r#" \"a"#), (2, "b")]);
        expect("\"a\"b\"\nc\n", &[(1, r#"\"a\"b\""#), (2, "c")]);
    }

    #[test]
    fn a_record_of_the_longest_length_is_kept_and_one_byte_more_is_not() {
        expect("0123456789abcdef\nb\n", &[(1, "0123456789abcdef"), (2, "b")]);
        expect("0123456789abcdefg\nb\n", &[(1, "TooLong"), (2, "b")]);
        expect("0123456789abcdefg", &[(1, "TooLong")]);
    }

    #[test]
    fn lines_within_a_record_that_is_too_long_are_counted() {
        expect("\"0123456789\n\nabcdef\n\"\nb\n", &[(1, "TooLong"), (5, "b")]);
    }

    #[test]
    fn a_quoted_field_that_is_never_closed_is_one_record() {
        expect("a\n\"b\nc\nd", &[(1, "a"), (2, "Unclosed")]);
        expect("a\n\"b\nc\nd\ne\nf\ng\nh\ni\nj\n", &[(1, "a"), (2, "TooLong")]);
    }
}
