//! The plain loop: the same parsing and checks in one thread, without any actor.
//!
//! It says what the totals must be, and how fast one thread is.
use std::io;

use super::decode::{ColumnNames, Decoded, Decoder, HeaderError, Reject};
use super::totals::{PartitionTotals, TotalsByKey, unite};

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
    let mut tally = Tally { at_most, records: 0, rejected: 0, totals: PartitionTotals::default() };
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
    totals: PartitionTotals,
}

impl Tally {
    fn is_full(&self) -> bool {
        self.records + self.rejected == self.at_most
    }

    fn add(&mut self, decoded: &Decoded<'_>, on_reject: &mut impl FnMut(&Reject<'_>)) {
        match decoded {
            Decoded::Accepted(record) => {
                self.records += 1;
                self.totals.add(record.key, record.value);
            }
            Decoded::Rejected(reject) => {
                self.rejected += 1;
                on_reject(reject);
            }
        }
    }

    fn summary(self) -> Summary {
        Summary { records: self.records, rejected: self.rejected, keys: unite([self.totals]) }
    }
}
