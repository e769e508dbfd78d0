//! The peers, a file each; one that does not offer a cell has no row there.

mod async_channel;
mod crossfire;
mod flume;
mod futures;
mod kanal;
mod tachyonix;
mod tokio;

use super::cell::Cell;
use crate::harness::Row;

/// The rows of all peers that offer this cell.
pub(super) fn rows<const BYTES: usize>(cell: Cell) -> Vec<Row> {
    let offers = [
        tokio::row::<BYTES>,
        flume::row::<BYTES>,
        kanal::row::<BYTES>,
        async_channel::row::<BYTES>,
        crossfire::row::<BYTES>,
        tachyonix::row::<BYTES>,
        futures::row::<BYTES>,
    ];
    offers.into_iter().filter_map(|offer: fn(Cell) -> Option<Row>| offer(cell)).collect()
}

/// What peers have for many items at a time.
pub(super) fn rows_of_batches<const BYTES: usize>(cell: Cell) -> Vec<Row> {
    let offers = [tokio::row_of_batches::<BYTES>, kanal::row_of_batches::<BYTES>];
    offers.into_iter().filter_map(|offer: fn(Cell) -> Option<Row>| offer(cell)).collect()
}
