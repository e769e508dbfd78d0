//! Memory streams: every shape, capacity, size of item and number of workers, beside every peer that offers it.

mod arbour;
mod cell;
#[cfg(test)]
mod guarantees;
pub mod parked;
mod peers;
mod row;

use crate::harness::Bench;
use cell::{Cell, ITEMS};
use std::time::Duration;

/// How long one sample takes: the cells are many, and a sample of this length is still thousands of items.
const SAMPLE: Duration = Duration::from_millis(20);

/// Every bench of the program `streams`.
#[must_use]
pub fn benches() -> Vec<Bench> {
    let one_by_one = Cell::all().flat_map(|cell| [bench::<8>(cell), bench::<256>(cell)]);
    let ahead = Cell::all().filter(|cell| cell.holds_a_batch() && cell.has_one_receiver());
    let batches = Cell::all().filter(|cell| cell.holds_a_batch());
    one_by_one
        .chain(ahead.flat_map(|cell| [reading_ahead::<8>(cell), reading_ahead::<256>(cell)]))
        .chain(batches.flat_map(|cell| [batches_of::<8>(cell), batches_of::<256>(cell)]))
        .chain(parked::benches().map(|bench| bench.sample(SAMPLE)))
        .collect()
}

/// Our one receiver that reads ahead against the peers, where one receiver is all there is.
fn reading_ahead<const BYTES: usize>(cell: Cell) -> Bench {
    let name = format!("ahead/{}", cell.name(BYTES));
    Bench::new(name, ITEMS, arbour::reading_ahead::<BYTES>(cell), peers::rows::<BYTES>(cell))
        .countable(cell.is_countable())
        .sample(SAMPLE)
}

/// Our batches against the peers, which send one by one, and receive so or in batches.
fn batches_of<const BYTES: usize>(cell: Cell) -> Bench {
    let name = format!("batches/{}", cell.name(BYTES));
    let mut rivals = peers::rows::<BYTES>(cell);
    rivals.extend(peers::rows_of_batches::<BYTES>(cell));
    Bench::new(name, ITEMS, arbour::in_batches::<BYTES>(cell), rivals)
        .countable(cell.is_countable())
        .sample(SAMPLE)
}

fn bench<const BYTES: usize>(cell: Cell) -> Bench {
    let mut rivals = peers::rows::<BYTES>(cell);
    rivals.push(arbour::in_bare_tasks::<BYTES>(cell));
    if !cell.stores() {
        rivals.push(arbour::by_permits::<BYTES>(cell));
    }
    Bench::new(cell.name(BYTES), ITEMS, arbour::in_a_group::<BYTES>(cell), rivals)
        .countable(cell.is_countable())
        .sample(SAMPLE)
}
