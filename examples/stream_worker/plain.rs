//! The plain loop: the same parsing and checks in one thread, without any actor.
//!
//! It says what the totals must be, and how fast one thread is.
use std::collections::HashMap;
use std::io;

use super::decode::{ColumnNames, Decoded, Decoder, HeaderError, Record, Reject};
use super::totals::{Totals, TotalsByKey};

/// What the plain loop found.
#[derive(Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) records: u64,
    pub(crate) rejected: u64,
    pub(crate) keys: TotalsByKey,
}

/// Why the plain loop ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlainError {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// Totals of the first `at_most` data records of the chunks put together.
pub(crate) fn run<C: AsRef<[u8]>>(
    chunks: impl IntoIterator<Item = io::Result<C>>,
    names: ColumnNames,
    at_most: u64,
    mut on_reject: impl FnMut(&Reject<'_>),
) -> Result<Summary, PlainError> {
    let mut decoder = Decoder::new(names);
    let mut tally = Tally { at_most, records: 0, rejected: 0, totals: HashMap::new() };
    for chunk in chunks {
        let chunk = chunk?;
        let mut input = chunk.as_ref();
        while let Some(decoded) = decoder.next(&mut input)? {
            if tally.is_full() {
                return Ok(tally.summary());
            }
            tally.add(&decoded, &mut on_reject);
        }
    }
    if let Some(decoded) = decoder.finish()?
        && !tally.is_full()
    {
        tally.add(&decoded, &mut on_reject);
    }
    Ok(tally.summary())
}

struct Tally {
    at_most: u64,
    records: u64,
    rejected: u64,
    totals: HashMap<Box<str>, Totals>,
}

impl Tally {
    fn is_full(&self) -> bool {
        self.records + self.rejected == self.at_most
    }

    fn add(&mut self, decoded: &Decoded<'_>, on_reject: &mut impl FnMut(&Reject<'_>)) {
        match decoded {
            Decoded::Accepted(record) => self.count(record),
            Decoded::Rejected(reject) => {
                self.rejected += 1;
                on_reject(reject);
            }
        }
    }

    /// A key is copied only when it is new.
    fn count(&mut self, record: &Record<'_>) {
        self.records += 1;
        match self.totals.get_mut(record.key) {
            Some(totals) => totals.add(record.value),
            None => self.totals.entry(record.key.into()).or_default().add(record.value),
        }
    }

    fn summary(self) -> Summary {
        Summary { records: self.records, rejected: self.rejected, keys: self.totals.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(input: &str, at_most: u64) -> (Summary, Vec<String>) {
        let mut rejects = Vec::new();
        let names = ColumnNames { key: "k".to_owned(), value: "v".to_owned() };
        let chunks = input.as_bytes().chunks(5).map(Ok);
        let summary = run(chunks, names, at_most, |reject| rejects.push(reject.to_string())).unwrap();
        (summary, rejects)
    }

    #[test]
    fn records_and_rejects_are_counted_and_values_are_added() {
        let (summary, rejects) = summary("k,v\na,1\nb\na,2\nb,", u64::MAX);
        assert_eq!((summary.records, summary.rejected), (3, 1));
        assert_eq!((summary.keys["a"].sum(), summary.keys["b"].values()), (3.0, 0));
        assert_eq!(rejects, ["line 3: expected 2 fields, found 1"]);
    }

    #[test]
    fn the_first_data_records_can_be_asked_for() {
        let input = "k,v\na,1\nb\na,2\nb,5";
        for (at_most, records, rejected) in [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 2, 1), (4, 3, 1), (9, 3, 1)]
        {
            let (summary, _) = summary(input, at_most);
            assert_eq!((summary.records, summary.rejected), (records, rejected), "{at_most}");
        }
    }

    #[test]
    fn a_read_that_fails_ends_the_loop() {
        let names = ColumnNames { key: "k".to_owned(), value: "v".to_owned() };
        let chunks = [Ok("k,v\n"), Err(io::Error::other("unplugged"))];
        let failed = run(chunks, names, u64::MAX, |_| {}).unwrap_err();
        assert_eq!(failed.to_string(), "unplugged");
    }
}
