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
/// 1. `kept` is empty between two calls unless a record has begun and not ended.
/// 2. `kept` never holds more than `limit` bytes.
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
        if self.open.length == 0 && last.len() <= self.limit {
            return Some(self.close(|_| last));
        }
        self.keep(last);
        Some(self.close(|kept| kept))
    }

    /// The record that was cut off by the end of the input, if one had begun.
    pub(crate) fn finish(&mut self) -> Option<RawRecord<'_>> {
        self.forget_given();
        self.settle_mark();
        if self.open.length == 0 {
            return None;
        }
        Some(self.close(|kept| kept))
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
        } else {
            self.kept.clear();
        }
    }

    fn close<'a>(&'a mut self, bytes: impl FnOnce(&'a [u8]) -> &'a [u8]) -> RawRecord<'a> {
        let Open { length, inner_lines, quoted, place } = std::mem::take(&mut self.open);
        let line = self.line;
        self.line += inner_lines;
        self.given = true;
        let content = match bytes(&self.kept) {
            _ if length > self.limit => Content::TooLong,
            _ if place == Place::Quoted => Content::Unclosed,
            bytes if quoted => Content::Quoted(bytes),
            bytes => Content::Plain(bytes),
        };
        RawRecord { line, content }
    }
}

impl Open {
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
