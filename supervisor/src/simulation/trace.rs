//! What a simulation polled, in order.

use std::fmt;

/// The order in which the tasks of a run were polled. Two runs with equal traces went the same way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Trace {
    names: Vec<String>,
    steps: Vec<u32>,
}

/// One poll of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step<'a> {
    /// The task's number: 0 is the body, the others follow in the order in which they were spawned.
    pub task: usize,
    /// The task's name: given, or the place where it was spawned.
    pub name: &'a str,
}

impl Trace {
    /// The polls in order, first one first.
    #[must_use]
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step<'_>> + ExactSizeIterator {
        self.steps.iter().map(|task| {
            let task = *task as usize;
            Step { task, name: self.names.get(task).map_or("", String::as_str) }
        })
    }

    /// The number of polls.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing was polled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Names the next task and returns its number.
    pub(super) fn name(&mut self, name: &str) -> u32 {
        self.names.push(name.to_owned());
        u32::try_from(self.names.len() - 1).expect("no run has so many tasks")
    }

    pub(super) fn push(&mut self, task: u32) {
        self.steps.push(task);
    }
}

/// One line per poll: the number of the task and its name.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps().try_for_each(|Step { task, name }| writeln!(f, "{task:>5} {name}"))
    }
}
