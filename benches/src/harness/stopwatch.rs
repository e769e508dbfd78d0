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

    /// Runs a section that counts and tells how long each of its operations took; its wall time is as
    /// if all had taken as long as the one at this quantile.
    pub fn quantile(&mut self, quantile: f64, section: impl FnOnce() -> Vec<Duration>) {
        let cpu = ProcessTime::now();
        let mut laps = counted_section(section);
        self.cost.cpu += cpu.elapsed();
        laps.sort_unstable();
        let place = (laps.len() as f64 * quantile) as usize;
        if let Some(lap) = laps.get(place) {
            self.cost.wall += lap.mul_f64(laps.len() as f64);
        }
    }

    /// Adds what another program has measured.
    pub fn add(&mut self, wall: Duration, cpu: Duration) {
        self.cost.wall += wall;
        self.cost.cpu += cpu;
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
