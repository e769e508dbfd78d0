//! Properties of reading: chunk borders change nothing, and the `csv` crate reads the same.
use proptest::collection::vec;
use proptest::prelude::*;

use super::decode::{ColumnNames, Decoded, Decoder};
use super::fields::{Text, unquote};
use super::plain;
use super::records::{Content, RawRecord, RecordReader};

/// Small, so that generated records are often too long.
const LIMIT: usize = 24;

/// Bytes that are likely to disagree with one another.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![&b"a"[..], b",", b"\"", b"\n", b"\r\n", b"1.5"]),
        2 => prop::sample::select(vec![&b"\r"[..], b"\"\"", b"\",\"", b"\"\n", b"NA", b"\n\n", b"\xC3\xA9", b" "]),
        1 => prop::sample::select(vec![&b"\xFF"[..], b"\xC3", b"\xEF\xBB\xBF", b"\xEF\xBB", b"0123456789abcdef"]),
    ];
    let mark = prop::sample::select(vec![&b""[..], b"\xEF\xBB\xBF"]);
    (mark, vec(piece, 0..60)).prop_map(|(mark, pieces)| [mark, &pieces.concat()].concat())
}

/// An input, and places to cut it.
fn cut_input() -> impl Strategy<Value = (Vec<u8>, Vec<prop::sample::Index>)> {
    (input(), vec(any::<prop::sample::Index>(), 0..8))
}

fn cut<'a>(input: &'a [u8], borders: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut borders: Vec<usize> = borders.iter().map(|border| border.index(input.len() + 1)).collect();
    borders.sort_unstable();
    let ends = borders.iter().copied().chain([input.len()]);
    let starts = [0].into_iter().chain(borders.iter().copied());
    starts.zip(ends).map(|(start, end)| &input[start..end]).collect()
}

#[derive(Debug, PartialEq)]
enum Owned {
    Bytes { line: u64, bytes: Vec<u8>, quoted: bool },
    TooLong { line: u64 },
    Unclosed { line: u64 },
}

impl From<RawRecord<'_>> for Owned {
    fn from(RawRecord { line, content }: RawRecord<'_>) -> Self {
        match content {
            Content::Plain(bytes) => Self::Bytes { line, bytes: bytes.to_vec(), quoted: false },
            Content::Quoted(bytes) => Self::Bytes { line, bytes: bytes.to_vec(), quoted: true },
            Content::TooLong => Self::TooLong { line },
            Content::Unclosed => Self::Unclosed { line },
        }
    }
}

fn read(chunks: &[&[u8]], limit: usize) -> Vec<Owned> {
    let mut reader = RecordReader::new(limit);
    let mut records = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        while let Some(record) = reader.next(&mut rest) {
            records.push(record.into());
        }
    }
    records.extend(reader.finish().map(Owned::from));
    records
}

fn decode(chunks: &[&[u8]]) -> Vec<String> {
    let mut decoder = Decoder::new(ColumnNames { key: "k".to_owned(), value: "v".to_owned() });
    let mut decoded = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        while let Some(record) = decoder.next(&mut rest).unwrap() {
            decoded.push(format!("{record:?}"));
        }
    }
    decoded.extend(decoder.finish().unwrap().map(|record| format!("{record:?}")));
    decoded
}

/// The fields of every record as the `csv` crate reads them.
fn read_with_csv(input: &[u8]) -> Vec<(u64, Vec<Vec<u8>>)> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    let record = |record: csv::Result<csv::ByteRecord>| {
        let record = record.unwrap();
        let line = record.position().unwrap().line();
        (line, record.iter().map(<[u8]>::to_vec).collect())
    };
    reader.byte_records().map(record).collect()
}

fn fields(bytes: &[u8], quoted: bool) -> Vec<Vec<u8>> {
    let content = if quoted { Content::Quoted(bytes) } else { Content::Plain(bytes) };
    let field = |field: &str| unquote(field, &mut String::new()).as_bytes().to_vec();
    Text::try_from(content).unwrap().fields().map(field).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunk_borders_change_no_record((input, borders) in cut_input()) {
        prop_assert_eq!(read(&cut(&input, &borders), LIMIT), read(&[&input], LIMIT));
    }

    #[test]
    fn chunk_borders_change_nothing_that_is_decoded((body, borders) in cut_input()) {
        let input = [&b"k,v\n"[..], &body].concat();
        prop_assert_eq!(decode(&cut(&input, &borders)), decode(&[&input]));
    }

    #[test]
    fn the_csv_crate_reads_the_same_fields(input in input()) {
        let records = read(&[&input], usize::MAX);
        let others = read_with_csv(&input);
        prop_assert_eq!(records.len(), others.len());
        for (record, (line, other)) in records.iter().zip(others) {
            let Owned::Bytes { bytes, quoted, .. } = record else { continue };
            if std::str::from_utf8(bytes).is_ok() {
                prop_assert_eq!(fields(bytes, *quoted), other, "record before line {}", line);
            }
        }
    }

    #[test]
    fn records_begin_on_the_line_that_the_line_feeds_before_them_say(input in input()) {
        let mut reader = RecordReader::new(LIMIT);
        let mut rest = &input[..];
        while let Some(record) = reader.next(&mut rest) {
            let (line, content) = (record.line, record.content);
            if let Content::Plain(bytes) | Content::Quoted(bytes) = content {
                let begin = input.len() - rest.len() - bytes.len();
                let before = input[..begin].iter().filter(|byte| **byte == b'\n').count() as u64;
                prop_assert_eq!(line, before + 1);
            }
        }
    }

    #[test]
    fn records_and_rejects_are_together_what_was_read((body, borders) in cut_input()) {
        let input = [&b"k,v\n"[..], &body].concat();
        let names = ColumnNames { key: "k".to_owned(), value: "v".to_owned() };
        let chunks = cut(&input, &borders);
        let mut rejects = 0;
        let summary = plain::run(chunks.into_iter().map(Ok), names, u64::MAX, |_| rejects += 1).unwrap();
        let counted: u64 = summary.keys.values().map(|totals| totals.count()).sum();
        prop_assert_eq!(summary.rejected, rejects);
        prop_assert_eq!(summary.records, counted);
        prop_assert_eq!(summary.records + summary.rejected + 1, read(&[&input], usize::MAX).len() as u64);
    }
}

#[test]
fn decoded_shipped_data_is_accepted_whole() {
    let input = include_bytes!("../data/flights_2013_01.csv");
    let names = ColumnNames { key: "carrier".to_owned(), value: "dep_delay".to_owned() };
    let mut decoder = Decoder::new(names);
    let mut rest = &input[..];
    let mut records = 0;
    while let Some(decoded) = decoder.next(&mut rest).unwrap() {
        assert!(matches!(decoded, Decoded::Accepted(_)), "{decoded:?}");
        records += 1;
    }
    assert_eq!(records, 8832);
}
