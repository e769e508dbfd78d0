//! What was written, beside what workers have told that they wrote.

use super::event::Event;
use std::collections::BTreeMap;

/// A record, as `check` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) resource: String,
    pub(crate) sequence: u64,
    pub(crate) fence: u64,
}

impl Record {
    /// Reads a line, if it is about a record.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let facts = line.strip_prefix("record ")?;
        let facts: BTreeMap<&str, &str> = facts.split(' ').filter_map(|word| word.split_once('=')).collect();
        let number = |fact| facts[fact].parse().unwrap();
        let resource = facts["resource"].to_owned();
        Some(Self { resource, sequence: number("sequence"), fence: number("fence") })
    }
}

/// Every write that a worker was told to be accepted is there, under the fence of that worker.
pub(crate) fn assert_nothing_is_lost<'a>(records: &[Record], told: impl IntoIterator<Item = &'a Event>) {
    let written: BTreeMap<_, _> =
        records.iter().map(|record| ((&*record.resource, record.sequence), record.fence)).collect();
    for event in told.into_iter().filter(|event| event.is("took-over") || event.is("worked")) {
        let found = written.get(&(event.resource(), event.number("sequence")));
        assert_eq!(found, Some(&event.fence()), "what is there in the place of {event:?}");
    }
}
