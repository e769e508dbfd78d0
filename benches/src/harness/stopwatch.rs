//! Wall and CPU time of the sections that count.

use cpu_time::ProcessTime;
use std::time::{Duration, Instant};

/// The function whose instructions callgrind counts.
pub(super) const COUNTED: &str = "*counted_section*";

/// Adds up the sections that count; what a row sets up and takes down stays outside.
#[derive(Debug, Default)]
pub struct Stopwatch {
    cost: Cost,
}

/// What sections cost: by the clock, and on all processors together.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cost {
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
}

impl Stopwatch {
    /// Runs a section that counts.
    pub fn time<R>(&mut self, section: impl FnOnce() -> R) -> R {
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        let result = counted_section(section);
        self.cost.cpu += cpu.elapsed();
        self.cost.wall += wall.elapsed();
        result
    }

    pub(super) const fn cost(&self) -> Cost {
        self.cost
    }
}

/// Stands alone, so that a counter of instructions finds where to begin and to end.
#[inline(never)]
fn counted_section<R>(section: impl FnOnce() -> R) -> R {
    section()
}
