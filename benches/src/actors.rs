//! Actors: every scenario, beside every peer; the code of each system in a file of its own.

mod actix;
mod arbour;
mod arbour_macro;
#[cfg(test)]
mod guarantees;
mod home;
mod kameo;
mod latch;
mod ractor;
mod row;
mod scenario;
mod script;
mod tokio;
mod xtra;

pub use row::Play;

use crate::harness::Bench;
use crate::workers::Workers;
use scenario::Scenario;

/// A way to play every scenario.
type System = fn(Scenario) -> Play;

/// Ours, each against all peers.
const OURS: &[(&str, System)] = &[
    ("unsupervised", arbour::unsupervised),
    ("supervised", arbour::supervised),
    ("by macro", arbour_macro::unsupervised),
];

const PEERS: &[System] = &[
    tokio::of_1024,
    tokio::of_64,
    ractor::unbounded,
    kameo::of_64,
    actix::unbounded,
    xtra::unbounded,
    xtra::of_64,
];

/// A peer whose mailbox is bounded only for senders that are no actors.
fn bounded_outside(scenario: Scenario) -> Option<System> {
    matches!(scenario, Scenario::Count | Scenario::FanIn).then_some(actix::of_64)
}

/// Every bench of the program `actors`.
#[must_use]
pub fn benches() -> Vec<Bench> {
    let cells =
        Scenario::ALL.into_iter().flat_map(|scenario| Workers::BOTH.map(|workers| (scenario, workers)));
    cells
        .flat_map(|(scenario, workers)| OURS.iter().map(move |ours| bench(scenario, workers, *ours)))
        .collect()
}

fn bench(scenario: Scenario, workers: Workers, (way, ours): (&str, System)) -> Bench {
    let name = format!("{}/{way}/{}", scenario.name(), workers.name());
    let peers = PEERS.iter().copied().chain(bounded_outside(scenario));
    let peers = peers.map(|peer| peer(scenario).row(workers)).collect();
    Bench::new(name, scenario.ops(), ours(scenario).row(workers), peers).countable(workers == Workers::One)
}

/// So many idle actors of every system, ours first: they stand before the play, and end in it.
#[must_use]
pub fn idle(actors: u64) -> Vec<Play> {
    let ours = OURS.iter().map(|(_, system)| system);
    ours.chain(PEERS).map(|system| system(Scenario::Stop(actors))).collect()
}
