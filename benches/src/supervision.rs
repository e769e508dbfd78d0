//! Supervision: crashes and restarts, the time until somebody serves again, whole trees up and down.

mod arbour;
mod erlang;
mod hand_written;
mod kameo;
mod plan;
mod recovery;
mod restarts;
mod tree;

pub use erlang::missing as erlang_is_missing;
pub use plan::silence_panics;
pub use tree::{CHILDREN, Rise, SYSTEMS as TREES};

use crate::harness::Bench;

/// Every bench of the program `supervision`.
#[must_use]
pub fn benches() -> Vec<Bench> {
    restarts::benches().into_iter().chain(recovery::benches()).chain([tree::bench()]).collect()
}
