//! What is measured: rows that do the same work, and cells that compare two of them.

use super::stopwatch::{Cost, Stopwatch};
use core::fmt;
use std::time::Duration;

/// One way to do the work.
pub struct Row {
    name: &'static str,
    work: Box<Work>,
}

/// Does the operations so many times, and puts what counts under the stopwatch.
type Work = dyn Fn(u64, &mut Stopwatch);

impl Row {
    /// A row whose `work` does the bench's operations so many times, and puts what counts under the
    /// stopwatch.
    pub fn new(name: &'static str, work: impl Fn(u64, &mut Stopwatch) + 'static) -> Self {
        Self { name, work: Box::new(work) }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn run(&self, times: u64) -> Cost {
        let mut stopwatch = Stopwatch::default();
        (self.work)(times, &mut stopwatch);
        stopwatch.cost()
    }
}

/// Our row and those of the rivals.
#[derive(Debug)]
pub struct Bench {
    name: String,
    ops: u64,
    pub(super) ours: Row,
    rivals: Vec<Row>,
    pub(super) countable: bool,
    pub(super) sample: Duration,
}

/// How long one sample takes, unless the bench says otherwise.
const SAMPLE: Duration = Duration::from_millis(100);

impl Bench {
    /// A bench whose rows do `ops` operations each time.
    #[must_use]
    pub fn new(name: String, ops: u64, ours: Row, rivals: Vec<Row>) -> Self {
        Self { name, ops, ours, rivals, countable: true, sample: SAMPLE }
    }

    /// Says whether instructions can be counted: on one thread they are the same in each run, on
    /// several they depend on how often a worker looked for work.
    #[must_use]
    pub fn countable(self, countable: bool) -> Self {
        Self { countable, ..self }
    }

    /// Says how long one sample takes. Default: 100 ms.
    #[must_use]
    pub fn sample(self, sample: Duration) -> Self {
        Self { sample, ..self }
    }

    pub(super) const fn ops(&self) -> u64 {
        self.ops
    }

    pub(super) fn row_name(&self, row: &Row) -> String {
        format!("{}/{}", self.name, row.name)
    }

    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rivals.iter().chain([&self.ours]).find(|row| self.row_name(row) == name)
    }
}

/// Our row against one rival.
pub(super) struct Cell<'a> {
    pub(super) bench: &'a Bench,
    pub(super) rival: &'a Row,
}

impl Cell<'_> {
    pub(super) fn name(&self) -> String {
        self.bench.row_name(self.rival)
    }
}

pub(super) fn cells(benches: &[Bench]) -> impl Iterator<Item = Cell<'_>> {
    benches.iter().flat_map(|bench| bench.rivals.iter().map(move |rival| Cell { bench, rival }))
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}
