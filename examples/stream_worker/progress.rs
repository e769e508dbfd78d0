//! The progress bar on standard error.
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::options::ProgressMode;

const BETWEEN_DRAWS: Duration = Duration::from_millis(100);
const BAR_WIDTH: u64 = 30;

/// Draws how far the input has been read, at most ten times a second.
///
/// What cannot be drawn is left out: a bar is no reason to fail.
#[derive(Debug)]
pub(crate) struct Progress {
    enabled: bool,
    length: Option<u64>,
    bytes: u64,
    records: u64,
    drawn: Option<Instant>,
}

impl Progress {
    /// A bar for an input of `length` bytes, where that is known.
    pub(crate) fn new(mode: ProgressMode, length: Option<u64>) -> Self {
        let enabled = mode == ProgressMode::Auto && io::stderr().is_terminal();
        Self { enabled, length, bytes: 0, records: 0, drawn: None }
    }

    /// `bytes` more have been read, in which `records` more ended.
    pub(crate) fn advance(&mut self, bytes: usize, records: u64) {
        self.bytes += bytes as u64;
        self.records += records;
        let now = Instant::now();
        if self.enabled && is_due(self.drawn, now) {
            self.drawn = Some(now);
            let _ = write!(io::stderr(), "\r{}\x1b[K", self.line());
        }
    }

    /// Takes the bar off the screen, so that something else can be written there.
    pub(crate) fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn line(&self) -> String {
        let megabytes = self.bytes as f64 / 1e6;
        let Some(length) = self.length.filter(|length| *length > 0) else {
            return format!("{} records, {megabytes:.1} MB", self.records);
        };
        let share = (self.bytes as f64 / length as f64).min(1.0);
        let filled = (share * BAR_WIDTH as f64) as usize;
        let empty = BAR_WIDTH as usize - filled;
        format!(
            "[{}{}] {:3.0} %, {} records, {megabytes:.1} MB",
            "#".repeat(filled),
            ".".repeat(empty),
            (share * 100.0).floor(),
            self.records
        )
    }
}

fn is_due(drawn: Option<Instant>, now: Instant) -> bool {
    drawn.is_none_or(|drawn| now.duration_since(drawn) >= BETWEEN_DRAWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(length: Option<u64>, bytes: u64) -> Progress {
        Progress { enabled: false, length, bytes, records: 12, drawn: None }
    }

    #[test]
    fn a_known_length_is_drawn_as_a_bar() {
        let half = "[###############...............]  50 %, 12 records, 1.0 MB";
        assert_eq!(progress(Some(2_000_000), 1_000_000).line(), half);
    }

    #[test]
    fn a_file_that_grew_is_full() {
        assert!(progress(Some(10), 25).line().starts_with("[##############################] 100 %"));
    }

    #[test]
    fn an_unknown_length_has_no_bar() {
        assert_eq!(progress(None, 1_000_000).line(), "12 records, 1.0 MB");
        assert_eq!(progress(Some(0), 1_000_000).line(), "12 records, 1.0 MB");
    }

    #[test]
    fn a_second_draw_waits_its_time() {
        let start = Instant::now();
        assert!(is_due(None, start));
        assert!(!is_due(Some(start), start + BETWEEN_DRAWS / 2));
        assert!(is_due(Some(start), start + BETWEEN_DRAWS));
    }
}
