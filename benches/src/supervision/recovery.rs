//! How long nobody serves: from a panic to the first message that the next incarnation handles.

use super::plan::Laps;
use super::{arbour, hand_written, kameo};
use crate::harness::{Bench, Row};
use crate::workers::Workers;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Panics in one row.
const PANICS: usize = 2_000;

/// Crashes an actor so often, and waits each time until it serves again.
type System = fn(Arc<Laps>, usize) -> BoxFuture<'static, ()>;

pub(super) fn benches() -> Vec<Bench> {
    [("p50", 0.5), ("p99", 0.99)].map(|(name, quantile)| bench(name, quantile)).into()
}

fn bench(name: &str, quantile: f64) -> Bench {
    let rivals = vec![
        row("hand-written", hand_written::recovering, quantile),
        row("kameo", kameo::recovering, quantile),
    ];
    let name = format!("panic to first message/{name}");
    Bench::new(name, PANICS as u64, row("arbour", arbour::recovering, quantile), rivals)
}

fn row(name: &'static str, system: System, quantile: f64) -> Row {
    Row::new(name, move |times, stopwatch| {
        let runtime = Workers::One.start();
        for _ in 0..times {
            stopwatch.quantile(quantile, || {
                let laps = Arc::new(Laps::default());
                runtime.run(system(Arc::clone(&laps), PANICS));
                take(&laps.laps)
            });
        }
    })
}

fn take(laps: &Mutex<Vec<Duration>>) -> Vec<Duration> {
    let laps = std::mem::take(&mut *laps.lock().expect("nobody panics while it notes a time"));
    assert_eq!(laps.len(), PANICS, "each panic is followed by a message that is handled");
    laps
}
