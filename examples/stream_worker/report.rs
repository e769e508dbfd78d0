//! How the totals are printed: as one JSON object, or as a table.
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::options::Format;
use super::totals::{Totals, TotalsByKey};

/// What there is to print at the end.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Accepted data records.
    pub(crate) records: u64,
    /// The other data records.
    pub(crate) rejected: u64,
    /// How many times a worker was started again.
    pub(crate) restarts: u64,
    /// Whether a signal ended the reading.
    pub(crate) interrupted: bool,
    #[serde(serialize_with = "serialize_keys")]
    pub(crate) keys: TotalsByKey,
}

/// One key in JSON. A sum beyond what an `f64` can hold is written as `null`, as JSON has no infinity.
#[derive(Serialize)]
struct KeyObject {
    count: u64,
    values: u64,
    sum: f64,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

impl From<&Totals> for KeyObject {
    fn from(totals: &Totals) -> Self {
        Self {
            count: totals.count(),
            values: totals.values(),
            sum: totals.sum(),
            mean: totals.mean(),
            min: totals.min(),
            max: totals.max(),
        }
    }
}

fn serialize_keys<S: Serializer>(keys: &TotalsByKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(keys.iter().map(|(key, totals)| (key, KeyObject::from(totals))))
}

impl Report {
    pub(crate) fn write(&self, format: Format, out: &mut impl Write) -> io::Result<()> {
        match format {
            Format::Table => self.write_table(out),
            Format::Json => self.write_json(out),
        }
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }

    fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        let widths = self.rows().fold(HEAD.map(str::len), |widths, row| wider(widths, &row));
        write_row(out, widths, &HEAD.map(str::to_owned))?;
        for row in self.rows() {
            write_row(out, widths, &row)?;
        }
        let Self { records, rejected, restarts, .. } = self;
        writeln!(out, "\nrecords {records}, rejected {rejected}, restarts {restarts}")?;
        if self.interrupted {
            writeln!(out, "interrupted: these are the totals of what was read before")?;
        }
        Ok(())
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        self.keys.iter().map(|(key, totals)| row(key, totals))
    }
}

const HEAD: [&str; 7] = ["key", "count", "values", "sum", "mean", "min", "max"];

type Row = [String; HEAD.len()];
type Widths = [usize; HEAD.len()];

fn row(key: &str, totals: &Totals) -> Row {
    [
        key.escape_debug().to_string(),
        totals.count().to_string(),
        totals.values().to_string(),
        exact(totals.sum()),
        totals.mean().map_or_else(none, rounded),
        totals.min().map_or_else(none, exact),
        totals.max().map_or_else(none, exact),
    ]
}

fn none() -> String {
    "-".to_owned()
}

fn exact(number: f64) -> String {
    if has_handy_size(number) { number.to_string() } else { format!("{number:e}") }
}

fn rounded(number: f64) -> String {
    if has_handy_size(number) { format!("{number:.3}") } else { format!("{number:.3e}") }
}

/// Whether a number is short when it is written without an exponent.
fn has_handy_size(number: f64) -> bool {
    number == 0.0 || (1e-3..1e12).contains(&number.abs())
}

fn wider(widths: Widths, row: &Row) -> Widths {
    std::array::from_fn(|column| widths[column].max(row[column].chars().count()))
}

/// The key stands to the left of its column, numbers to the right.
fn write_row(out: &mut impl Write, widths: Widths, [key, numbers @ ..]: &Row) -> io::Result<()> {
    write!(out, "{key:<width$}", width = widths[0])?;
    for (number, width) in numbers.iter().zip(&widths[1..]) {
        write!(out, "  {number:>width$}")?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(keys: &[(&str, &[Option<f64>])]) -> Report {
        let keys = keys.iter().map(|(key, values)| {
            let mut totals = Totals::default();
            values.iter().for_each(|value| totals.add(*value));
            (Box::from(*key), totals)
        });
        Report { records: 3, rejected: 1, restarts: 2, interrupted: false, keys: keys.collect() }
    }

    fn written(report: &Report, format: Format) -> String {
        let mut out = Vec::new();
        report.write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_one_object_with_keys_in_order() {
        let report = report(&[("UA", &[Some(2.5), None]), ("AA", &[None])]);
        let expected = concat!(
            r#"{"records":3,"rejected":1,"restarts":2,"interrupted":false,"keys":{"#,
            r#""AA":{"count":1,"values":0,"sum":0.0,"mean":null,"min":null,"max":null},"#,
            r#""UA":{"count":2,"values":1,"sum":2.5,"mean":2.5,"min":2.5,"max":2.5}}}"#,
            "\n"
        );
        assert_eq!(written(&report, Format::Json), expected);
    }

    #[test]
    fn json_keeps_every_bit_of_a_number_and_every_character_of_a_key() {
        let key = "\"\\\n\u{1}é\u{1F980}";
        let sum = 0.1 + 0.2;
        let json = written(&report(&[(key, &[Some(sum)])]), Format::Json);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["keys"][key]["sum"].as_f64().unwrap().to_bits(), sum.to_bits());
    }

    #[test]
    fn json_without_records_has_no_keys() {
        let expected = r#"{"records":3,"rejected":1,"restarts":2,"interrupted":false,"keys":{}}"#;
        assert_eq!(written(&report(&[]), Format::Json).trim_end(), expected);
    }

    #[test]
    fn a_sum_beyond_f64_is_null_in_json() {
        let json = written(&report(&[("k", &[Some(f64::MAX), Some(f64::MAX)])]), Format::Json);
        assert!(json.contains(r#""sum":null,"mean":null"#), "{json}");
    }

    #[test]
    fn the_table_is_aligned_and_breaks_no_line() {
        let report = report(&[("a\nb", &[Some(1.0), Some(2.0), None]), ("c", &[None])]);
        let expected = "\
key   count  values  sum   mean  min  max
a\\nb      3       2    3  1.500    1    2
c         1       0    0      -    -    -

records 3, rejected 1, restarts 2
";
        assert_eq!(written(&report, Format::Table), expected);
    }

    #[test]
    fn the_table_says_that_it_was_interrupted() {
        let report = Report { interrupted: true, ..report(&[]) };
        assert!(written(&report, Format::Table).contains("interrupted"));
    }

    #[test]
    fn very_large_and_very_small_numbers_have_an_exponent() {
        assert_eq!(exact(1e300), "1e300");
        assert_eq!(exact(-2.5e-9), "-2.5e-9");
        assert_eq!(exact(f64::INFINITY), "inf");
        assert_eq!(rounded(1.0 / 3e9), "3.333e-10");
        assert_eq!((exact(0.0), exact(-13.0)), ("0".to_owned(), "-13".to_owned()));
    }
}
