//! CSV files whose meaning is known because they were made from it.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// What the program must make of one data record: a key and perhaps a value, or the cause of its refusal.
pub(crate) type Meaning = Result<(String, Option<f64>), String>;

/// Where key, value and a third column stand, and what the header calls them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    /// How far the three columns are turned.
    turn: usize,
}

/// One line of a file, as a rule.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    text: Vec<u8>,
    /// `None`: an empty line, which is no record.
    meaning: Option<Meaning>,
}

/// A file, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    /// Of each data record: the line on which it begins, where its bytes end, its meaning.
    pub(crate) records: Vec<(u64, usize, Meaning)>,
}

impl Layout {
    pub(crate) const DEFAULT: Self = Self { key: "carrier", value: "dep_delay", turn: 0 };

    /// The cells in the order of the columns.
    fn row(self, key: &str, value: &str, note: &str) -> String {
        let mut cells = [key, value, note];
        cells.rotate_left(self.turn);
        cells.join(",")
    }

    fn header(self) -> String {
        self.row(&quoted(self.key), &quoted(self.value), "note")
    }
}

impl File {
    pub(crate) fn new<'a>(start: &[u8], layout: Layout, rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut file =
            Self { bytes: [start, layout.header().as_bytes(), b"\n"].concat(), records: Vec::new() };
        let mut line = 1 + layout.header().matches('\n').count() as u64 + 1;
        for row in rows {
            file.bytes.extend(&row.text);
            if let Some(meaning) = &row.meaning {
                file.records.push((line, file.bytes.len(), meaning.clone()));
            }
            line += row.text.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        file
    }

    /// Takes the end of the last line away.
    pub(crate) fn unfinished(mut self) -> Self {
        while self.bytes.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            self.bytes.pop();
        }
        self
    }
}

/// A layout, some rows, and whether the file has a byte order mark and ends with its last line.
pub(crate) fn file(rows: Range<usize>) -> impl Strategy<Value = (Layout, File)> {
    let mark = select(vec![&b""[..], b"\xEF\xBB\xBF"]);
    let rows = layout().prop_flat_map(move |layout| (Just(layout), vec(row(layout), rows.clone())));
    (mark, rows, any::<bool>()).prop_map(|(mark, (layout, rows), finished)| {
        let file = File::new(mark, layout, &rows);
        (layout, if finished { file } else { file.unfinished() })
    })
}

/// So many rows, the first of which is malformed; the same for the same seed.
pub(crate) fn rows(seed: u64, count: usize) -> Vec<Row> {
    let config = Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let rows = vec(row(Layout::DEFAULT), count).new_tree(&mut runner).unwrap().current();
    [vec![malformed()], rows].concat()
}

/// A row whose report can be waited for.
pub(crate) fn malformed() -> Row {
    Row { text: b"one field\n".to_vec(), meaning: Some(Err(field_count(1))) }
}

/// A row of this key and value.
pub(crate) fn plain(key: &str, value: f64) -> Row {
    let text = Layout::DEFAULT.row(key, &value.to_string(), "") + "\n";
    Row { text: text.into(), meaning: Some(Ok((key.to_owned(), Some(value)))) }
}

fn layout() -> impl Strategy<Value = Layout> {
    let names = select(vec![("carrier", "dep_delay"), ("the key", "a,\"b\""), ("k", "é\nv")]);
    (names, 0..3_usize).prop_map(|((key, value), turn)| Layout { key, value, turn })
}

fn row(layout: Layout) -> impl Strategy<Value = Row> {
    let end = || select(vec!["\n", "\r\n", "\n\n"]);
    prop_oneof![
        16 => (accepted(layout), end()).prop_map(ended),
        3 => (refused(layout), end()).prop_map(ended),
        1 => end().prop_map(|end| Row { text: end.into(), meaning: None }),
    ]
}

fn ended(((mut text, meaning), end): ((Vec<u8>, Meaning), &str)) -> Row {
    text.extend_from_slice(end.as_bytes());
    Row { text, meaning: Some(meaning) }
}

fn accepted(layout: Layout) -> impl Strategy<Value = (Vec<u8>, Meaning)> {
    let key =
        select(vec!["UA", "AA", "B6", "DL", "", "NA", "é", " ", "a,b", "say \"\"", "two\nlines", "cr\r"]);
    (key, any::<bool>(), value(), note()).prop_map(move |(key, quotes, (text, value), note)| {
        let written = if quotes { always_quoted(key) } else { quoted(key) };
        (layout.row(&written, &text, &note).into(), Ok((key.to_owned(), value)))
    })
}

/// Numbers whose sum depends on their order, and missing ones.
fn value() -> impl Strategy<Value = (String, Option<f64>)> {
    let number = prop_oneof![
        -1e3..1e3,
        select(vec![0.1, -0.0, 1e16, -1e16, 5e-324, 1e300, -1e300]),
        (-60..400_i32).prop_map(f64::from),
    ];
    let written = (number, 0..4_u8).prop_map(|(number, how): (f64, u8)| {
        let text = match how {
            0 => format!("{number:e}"),
            1 => always_quoted(&number.to_string()),
            _ => number.to_string(),
        };
        (text, Some(number))
    });
    let missing = select(vec!["", "NA", "\"\"", "\"NA\""]).prop_map(|text| (text.to_owned(), None));
    prop_oneof![5 => written, 1 => missing]
}

fn note() -> impl Strategy<Value = String> {
    select(vec!["", "x", "\"\"", "\"a,b\"", "\"\r\n\"", "7", "in\"side", "\"é\"\"\""]).prop_map(str::to_owned)
}

fn refused(layout: Layout) -> impl Strategy<Value = (Vec<u8>, Meaning)> {
    let value = select(vec![
        ("n/a", "value \"n/a\" is not a number"),
        (" 1", "value \" 1\" is not a number"),
        ("\"1\n\"", "value \"1\\n\" is not a number"),
        ("inf", "value \"inf\" is not a finite number"),
        ("-1e999", "value \"-1e999\" is not a finite number"),
        ("NaN", "value \"NaN\" is not a finite number"),
    ]);
    let value = (value, note()).prop_map(move |((value, cause), note)| {
        (layout.row("UA", value, &note).into(), Err(cause.to_owned()))
    });
    let count = select(vec![1, 2, 4, 9])
        .prop_map(|found| (vec!["5"; found].join(",").into(), Err(field_count(found))));
    let not_text = (0..9_usize).prop_map(move |at| {
        let mut text = layout.row("UA", "1", "0123456789").into_bytes();
        text[at] = 0xFF;
        (text, Err(format!("not UTF-8 at byte {} of the record", at + 1)))
    });
    prop_oneof![value, count, not_text]
}

fn field_count(found: usize) -> String {
    format!("expected 3 fields, found {found}")
}

/// The cell, in quotes where it needs them.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { always_quoted(cell) } else { cell.to_owned() }
}

fn always_quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}
