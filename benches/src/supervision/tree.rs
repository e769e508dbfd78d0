//! A tree of three levels, up and down again: a root, a hundred supervisors, a hundred children each.

use super::{arbour, erlang, hand_written, kameo};
use crate::harness::{Bench, Row};
use crate::workers::Workers;
use futures::future::BoxFuture;

/// Supervisors below the root, and children below each of them.
pub(super) const WIDTH: usize = 100;

/// All children of the lowest level.
pub const CHILDREN: u64 = (WIDTH * WIDTH) as u64;

/// Starts the tree, waits until every child is up, stops it, and returns when nothing of it is left.
pub type Rise = fn() -> BoxFuture<'static, ()>;

/// Ours first.
pub const SYSTEMS: [(&str, Rise); 3] =
    [("arbour", arbour::tree), ("hand-written", hand_written::tree), ("kameo", kameo::tree)];

pub(super) fn bench() -> Bench {
    let [ours, rivals @ ..] = SYSTEMS.map(|(name, rise)| row(name, rise));
    let mut rivals = Vec::from(rivals);
    rivals.extend(erlang::tree());
    Bench::new("tree of 10,000/start and stop".to_owned(), CHILDREN, ours, rivals)
}

fn row(name: &'static str, rise: Rise) -> Row {
    Row::new(name, move |times, stopwatch| {
        let runtime = Workers::One.start();
        for _ in 0..times {
            stopwatch.time(|| runtime.run(rise()));
        }
    })
}
