//! Finds how often to repeat each row, then runs them pair by pair.

use super::bench::{Cell, Row};
use super::interval::{Estimate, estimate};
use std::time::Duration;

/// What the pairs of one cell say.
pub(super) struct Measured {
    /// Our operations per second by theirs.
    pub(super) speed: Estimate,
    /// Our processor time per operation by theirs.
    pub(super) cpu: Estimate,
    pub(super) pairs: usize,
}

/// Runs our row and the rival in alternation; in every other pair the rival goes first.
pub(super) fn measure(cell: &Cell<'_>, pairs: usize, sample: Duration) -> Measured {
    let ours = Repeated::calibrated(&cell.bench.ours, sample);
    let rival = Repeated::calibrated(cell.rival, sample);
    let mut speed = Vec::with_capacity(pairs);
    let mut cpu = Vec::with_capacity(pairs);
    for pair in 0..pairs {
        let (us, them) = in_turn(pair % 2 == 0, &ours, &rival);
        speed.push(them.wall / us.wall);
        cpu.push(us.cpu / them.cpu);
    }
    Measured { speed: estimate(speed), cpu: estimate(cpu), pairs }
}

fn in_turn(ours_first: bool, ours: &Repeated<'_>, rival: &Repeated<'_>) -> (PerTime, PerTime) {
    if ours_first {
        let us = ours.sample();
        (us, rival.sample())
    } else {
        let them = rival.sample();
        (ours.sample(), them)
    }
}

/// Seconds for doing the work once.
#[derive(Clone, Copy)]
struct PerTime {
    wall: f64,
    cpu: f64,
}

/// A row, and how many times make one sample.
struct Repeated<'a> {
    row: &'a Row,
    times: u64,
}

impl<'a> Repeated<'a> {
    /// Repeats the row until one sample takes long enough for clocks and caches not to matter.
    fn calibrated(row: &'a Row, sample: Duration) -> Self {
        let mut times = 1;
        loop {
            let wall = row.run(times).wall;
            if wall >= sample {
                return Self { row, times };
            }
            times = more(times, wall, sample);
        }
    }

    fn sample(&self) -> PerTime {
        let cost = self.row.run(self.times);
        let times = self.times as f64;
        PerTime { wall: cost.wall.as_secs_f64() / times, cpu: cost.cpu.as_secs_f64() / times }
    }
}

/// The next number of times to try: a fifth more than the time so far asks for, at most ten times
/// as many, since the first run of a row is its slowest.
fn more(times: u64, took: Duration, wanted: Duration) -> u64 {
    let factor = 1.2 * wanted.as_secs_f64() / took.as_secs_f64().max(1e-9);
    ((times as f64 * factor.min(10.0)).ceil() as u64).max(times + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_far_too_short_is_repeated_ten_times_as_often() {
        assert_eq!(more(3, Duration::ZERO, Duration::from_millis(100)), 30);
    }

    #[test]
    fn a_row_that_is_nearly_long_enough_is_repeated_a_little_more_often() {
        assert_eq!(more(1, Duration::from_millis(99), Duration::from_millis(100)), 2);
        assert_eq!(more(100, Duration::from_millis(80), Duration::from_millis(100)), 150);
    }
}
