//! From bytes to decoded records: finds the two columns in the header, checks every record against it.
use std::fmt;

use super::fields::{Text, Unreadable, unquote};
use super::records::{RawRecord, RecordReader};
use super::values::{BadValue, parse_value};

/// The longest record that is read, in bytes as it stands in the input, without the end of its line.
pub(crate) const LONGEST_RECORD: usize = 1 << 20;

/// The names of the two columns that are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnNames {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Reads the header, then one data record after the other; no I/O.
#[derive(Debug)]
pub(crate) struct Decoder {
    names: ColumnNames,
    records: RecordReader,
    columns: Option<Columns>,
    key_room: String,
    value_room: String,
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    count: usize,
    key: usize,
    value: usize,
}

/// What became of one data record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Decoded<'a> {
    Accepted(Record<'a>),
    Rejected(Reject<'a>),
}

/// A record that counts: its key, and its value unless that is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Record<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Option<f64>,
}

/// A malformed record: the physical line on which it begins, and what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reject<'a> {
    pub(crate) line: u64,
    pub(crate) cause: Cause<'a>,
}

/// What is wrong with a malformed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause<'a> {
    Unreadable(Unreadable),
    FieldCount { expected: usize, found: usize },
    Value { field: &'a str, bad: BadValue },
}

/// A header with which no record can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("no header line: the input is empty")]
    Missing,
    #[error("unreadable header line: {0}")]
    Unreadable(Unreadable),
    #[error("{option} {name:?}: no such column; the header has {}", list(.columns))]
    UnknownColumn { option: &'static str, name: String, columns: Vec<String> },
    #[error("{option} {name:?}: the header has this column more than once")]
    AmbiguousColumn { option: &'static str, name: String },
}

impl Decoder {
    pub(crate) fn new(names: ColumnNames) -> Self {
        let records = RecordReader::new(LONGEST_RECORD);
        Self { names, records, columns: None, key_room: String::new(), value_room: String::new() }
    }

    /// The next data record that ends in `input`, which advances behind it.
    ///
    /// `None`: all of `input` is used up and more is needed.
    pub(crate) fn next<'r, 'i: 'r>(
        &'r mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Decoded<'r>>, HeaderError> {
        let columns = match self.columns {
            Some(columns) => columns,
            None => match self.records.next(input) {
                Some(header) => *self.columns.insert(find_columns(header, &self.names)?),
                None => return Ok(None),
            },
        };
        let Some(record) = self.records.next(input) else {
            return Ok(None);
        };
        Ok(Some(columns.decode(record, &mut self.key_room, &mut self.value_room)))
    }

    /// The last data record, where the input ended without the end of its line.
    pub(crate) fn finish(&mut self) -> Result<Option<Decoded<'_>>, HeaderError> {
        let last = self.records.finish();
        let Some(columns) = self.columns else {
            let header = last.ok_or(HeaderError::Missing)?;
            self.columns = Some(find_columns(header, &self.names)?);
            return Ok(None);
        };
        Ok(last.map(|record| columns.decode(record, &mut self.key_room, &mut self.value_room)))
    }
}

impl Columns {
    fn decode<'a>(
        self,
        raw: RawRecord<'a>,
        key_room: &'a mut String,
        value_room: &'a mut String,
    ) -> Decoded<'a> {
        match self.record(raw, key_room, value_room) {
            Ok(record) => Decoded::Accepted(record),
            Err(cause) => Decoded::Rejected(Reject { line: raw.line, cause }),
        }
    }

    fn record<'a>(
        self,
        raw: RawRecord<'a>,
        key_room: &'a mut String,
        value_room: &'a mut String,
    ) -> Result<Record<'a>, Cause<'a>> {
        let text = Text::try_from(raw.content).map_err(Cause::Unreadable)?;
        let (key, value) = match text.pick([self.key, self.value]) {
            (found, [Some(key), Some(value)]) if found == self.count => (key, value),
            (found, _) => return Err(Cause::FieldCount { expected: self.count, found }),
        };
        let field = unquote(value, value_room);
        let value = parse_value(field).map_err(|bad| Cause::Value { field, bad })?;
        Ok(Record { key: unquote(key, key_room), value })
    }
}

fn find_columns(header: RawRecord<'_>, names: &ColumnNames) -> Result<Columns, HeaderError> {
    let text = Text::try_from(header.content).map_err(HeaderError::Unreadable)?;
    let columns: Vec<String> =
        text.fields().map(|field| unquote(field, &mut String::new()).to_owned()).collect();
    let key = find_column(&columns, "--key", &names.key)?;
    let value = find_column(&columns, "--value", &names.value)?;
    Ok(Columns { count: columns.len(), key, value })
}

fn find_column(columns: &[String], option: &'static str, name: &str) -> Result<usize, HeaderError> {
    let mut found = columns.iter().enumerate().filter(|(_, column)| *column == name).map(|(at, _)| at);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(HeaderError::AmbiguousColumn { option, name: name.to_owned() }),
        (None, _) => {
            let (name, columns) = (name.to_owned(), columns.to_vec());
            Err(HeaderError::UnknownColumn { option, name, columns })
        }
    }
}

/// The first columns by name, and how many there are beyond those, so that the message stays one line.
fn list(columns: &[String]) -> String {
    const SHOWN: usize = 30;
    let shown = columns.iter().take(SHOWN).map(|name| excerpt(name)).collect::<Vec<_>>().join(", ");
    match columns.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl fmt::Display for Reject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.cause)
    }
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(unreadable) => unreadable.fmt(f),
            Self::FieldCount { expected, found } => write!(f, "expected {expected} fields, found {found}"),
            Self::Value { field, bad: BadValue::NotANumber } => {
                write!(f, "value {} is not a number", excerpt(field))
            }
            Self::Value { field, bad: BadValue::NotFinite } => {
                write!(f, "value {} is not a finite number", excerpt(field))
            }
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {LONGEST_RECORD} bytes"),
            Self::Unclosed => f.write_str("a quoted field is not closed before the end of the input"),
            Self::NotUtf8 { byte } => write!(f, "not UTF-8 at byte {byte} of the record"),
        }
    }
}

/// The beginning of a text in quotes, with everything escaped that would break a line.
fn excerpt(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes `input` to the end; each record as text.
    fn decode(input: &[u8]) -> Result<Vec<String>, HeaderError> {
        let mut decoder = Decoder::new(ColumnNames { key: "k".to_owned(), value: "v".to_owned() });
        let mut rest = input;
        let mut decoded = Vec::new();
        while let Some(record) = decoder.next(&mut rest)? {
            decoded.push(shown(record));
        }
        decoded.extend(decoder.finish()?.map(shown));
        Ok(decoded)
    }

    fn shown(decoded: Decoded<'_>) -> String {
        match decoded {
            Decoded::Accepted(Record { key, value: Some(value) }) => format!("{key}={value}"),
            Decoded::Accepted(Record { key, value: None }) => format!("{key} without"),
            Decoded::Rejected(reject) => reject.to_string(),
        }
    }

    fn refusal(input: &[u8]) -> String {
        decode(input).unwrap_err().to_string()
    }

    #[test]
    fn records_are_accepted_with_and_without_a_value() {
        let input = b"v,k\n1.5,a\nNA,b\n,\"c,\"\"d\"\"\"\n\"-2\",";
        assert_eq!(decode(input).unwrap(), ["a=1.5", "b without", "c,\"d\" without", "=-2"]);
    }

    #[test]
    fn malformed_records_are_rejected_with_line_and_cause() {
        let input = b"k,v\na\na,1,\n\na,\xFF\na,\"x\ny\"\na,inf\na,1\n\"b";
        let expected = [
            "line 2: expected 2 fields, found 1",
            "line 3: expected 2 fields, found 3",
            "line 5: not UTF-8 at byte 3 of the record",
            "line 6: value \"x\\ny\" is not a number",
            "line 8: value \"inf\" is not a finite number",
            "a=1",
            "line 10: a quoted field is not closed before the end of the input",
        ];
        assert_eq!(decode(input).unwrap(), expected);
    }

    #[test]
    fn a_record_of_one_mebibyte_is_accepted_and_one_byte_more_is_not() {
        let mut input = b"k,v\n".to_vec();
        for length in [LONGEST_RECORD, LONGEST_RECORD + 1] {
            input.extend(std::iter::repeat_n(b'k', length - 2));
            input.extend(b",1\n");
        }
        let decoded = decode(&input).unwrap();
        assert_eq!(decoded[0].len(), LONGEST_RECORD);
        assert_eq!(decoded[1..], ["line 3: longer than 1048576 bytes"]);
    }

    #[test]
    fn a_long_bad_value_is_shown_by_its_beginning() {
        let input = format!("k,v\na,{}\n", "é".repeat(100));
        let expected = format!("line 2: value \"{}\"... is not a number", "é".repeat(40));
        assert_eq!(decode(input.as_bytes()).unwrap(), [expected]);
    }

    #[test]
    fn a_header_alone_has_no_records() {
        assert_eq!(decode(b"k,v").unwrap(), [""; 0]);
        assert_eq!(decode(b"\xEF\xBB\xBF\"k\",v\r\n").unwrap(), [""; 0]);
    }

    #[test]
    fn the_header_counts_as_lines() {
        assert_eq!(decode(b"\n\"k\",v,\"a\nb\"\nx\n").unwrap(), ["line 4: expected 3 fields, found 1"]);
    }

    #[test]
    fn an_empty_input_has_no_header() {
        for input in [&b""[..], b"\n", b"\xEF\xBB\xBF"] {
            assert_eq!(refusal(input), "no header line: the input is empty");
        }
    }

    #[test]
    fn an_unknown_column_is_named_beside_those_there_are() {
        assert_eq!(refusal(b"k,w\n"), r#"--value "v": no such column; the header has "k", "w""#);
        assert_eq!(refusal(b"K,v"), r#"--key "k": no such column; the header has "K", "v""#);
    }

    #[test]
    fn a_column_that_stands_twice_is_refused_only_when_it_is_asked_for() {
        assert_eq!(refusal(b"k,v,k\n"), r#"--key "k": the header has this column more than once"#);
        assert_eq!(decode(b"k,v,x,x\na,1,,\n").unwrap(), ["a=1"]);
    }

    #[test]
    fn an_unreadable_header_is_refused() {
        assert_eq!(refusal(b"k,v,\xFF\n"), "unreadable header line: not UTF-8 at byte 5 of the record");
    }

    #[test]
    fn key_and_value_may_be_one_column() {
        let names = ColumnNames { key: "k".to_owned(), value: "k".to_owned() };
        let mut decoder = Decoder::new(names);
        let decoded = decoder.next(&mut &b"k\n7\n"[..]).unwrap();
        assert_eq!(decoded, Some(Decoded::Accepted(Record { key: "7", value: Some(7.0) })));
    }
}
