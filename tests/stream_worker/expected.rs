//! What a plain loop makes of records: the object that the program must print, to the last byte.
//!
//! Numbers are printed by the shortest text that reads back as the same bits, so equal text is equal bits.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::partition::partition_of;
use super::program::Ended;
use super::records::{File, Meaning};

/// The printed object.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Object {
    pub(crate) records: u64,
    pub(crate) rejected: u64,
    pub(crate) restarts: u64,
    pub(crate) interrupted: bool,
    keys: BTreeMap<String, Totals>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Totals {
    count: u64,
    values: u64,
    sum: f64,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

impl Object {
    /// The object of these records, and of the crashes that are due in so many partitions.
    pub(crate) fn of<'a>(
        records: impl IntoIterator<Item = &'a Meaning>,
        partitions: usize,
        crash_every: u64,
    ) -> Self {
        let mut object =
            Self { records: 0, rejected: 0, restarts: 0, interrupted: false, keys: BTreeMap::new() };
        for meaning in records {
            match meaning {
                Ok((key, value)) => object.add(key, *value),
                Err(_) => object.rejected += 1,
            }
        }
        object.restarts = object.crashes(NonZeroUsize::new(partitions).unwrap(), crash_every);
        object
    }

    fn add(&mut self, key: &str, value: Option<f64>) {
        self.records += 1;
        let totals = self.keys.entry(key.to_owned()).or_default();
        totals.count += 1;
        let Some(value) = value else { return };
        totals.values += 1;
        totals.sum += value;
        totals.mean = Some(totals.sum / totals.values as f64);
        totals.min = Some(totals.min.filter(|min| *min <= value).unwrap_or(value));
        totals.max = Some(totals.max.filter(|max| *max >= value).unwrap_or(value));
    }

    /// Every `crash_every`-th record of each partition.
    fn crashes(&self, partitions: NonZeroUsize, crash_every: u64) -> u64 {
        let mut records = vec![0; partitions.get()];
        for (key, totals) in &self.keys {
            records[partition_of(key, partitions)] += totals.count;
        }
        records.iter().filter_map(|records| records.checked_div(crash_every)).sum()
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap() + "\n"
    }
}

/// The lines that the rejects among these records must be reported by.
pub(crate) fn reports(file: &File) -> Vec<String> {
    let refused = file.records.iter().filter_map(|(line, _, meaning)| Some((line, meaning.as_ref().err()?)));
    refused.map(|(line, cause)| format!("line {line}: {cause}")).collect()
}

/// Checks the output of a run that a signal ended: the totals of the first records, however many it says.
/// Gives their number.
pub(crate) fn assert_totals_of_a_prefix(
    ended: &Ended,
    file: &File,
    partitions: usize,
    crash_every: u64,
) -> usize {
    let printed: Object =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let read = (printed.records + printed.rejected) as usize;
    let prefix = file.records[..read].iter().map(|(_, _, meaning)| meaning);
    let expected = Object { interrupted: true, ..Object::of(prefix, partitions, crash_every) };
    assert_eq!(ended.stdout, expected.json());
    read
}
