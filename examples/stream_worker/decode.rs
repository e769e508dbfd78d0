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
