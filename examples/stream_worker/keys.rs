//! The distinct keys: to which partition each belongs, and its number there.
//!
//! This is all that grows with the input, and the reason why a message needs no text.
use std::collections::HashMap;
use std::num::NonZeroUsize;

use super::partition::partition_of;
use super::totals::{Totals, TotalsByKey};

/// Where a key's records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) partition: usize,
    /// Counted from 0 within the partition, in the order in which the keys appear.
    pub(crate) number: u32,
}

/// The places of the keys seen so far.
#[derive(Debug)]
pub(crate) struct Keys {
    partitions: NonZeroUsize,
    places: HashMap<Box<str>, Place>,
    counts: Vec<u32>,
}

impl Keys {
    pub(crate) fn new(partitions: NonZeroUsize) -> Self {
        Self { partitions, places: HashMap::new(), counts: vec![0; partitions.get()] }
    }

    pub(crate) fn place(&mut self, key: &str) -> Place {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let partition = partition_of(key, self.partitions);
        let place = Place { partition, number: self.counts[partition] };
        self.counts[partition] += 1;
        self.places.insert(key.into(), place);
        place
    }

    /// The totals under their keys, from those of each partition by number.
    pub(crate) fn totals(self, partitions: &[Vec<Totals>]) -> TotalsByKey {
        let known = |place: Place| partitions[place.partition].get(place.number as usize).copied();
        self.places.into_iter().filter_map(|(key, place)| Some((key, known(place)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_place_and_numbers_have_no_gaps() {
        let mut keys = Keys::new(NonZeroUsize::new(2).unwrap());
        let names = ["UA", "AA", "B6", "DL", "UA", "AA"];
        let places = names.map(|name| keys.place(name));
        assert_eq!((places[0], places[1]), (places[4], places[5]));
        for partition in 0..2 {
            let mut numbers: Vec<u32> = places[..4]
                .iter()
                .filter(|place| place.partition == partition)
                .map(|place| place.number)
                .collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (0..numbers.len() as u32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn totals_come_back_under_their_keys() {
        let mut keys = Keys::new(NonZeroUsize::MIN);
        keys.place("b");
        keys.place("a");
        keys.place("never counted");
        let mut totals = vec![Totals::default(); 2];
        totals[1].add(Some(4.0));
        let by_key = keys.totals(&[totals.clone()]);
        assert_eq!(
            by_key.into_iter().collect::<Vec<_>>(),
            [("a".into(), totals[1]), ("b".into(), totals[0])]
        );
    }
}
