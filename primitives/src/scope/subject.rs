//! What a report is about: a scope or task by its number, and by the way to it from the outside in.
//!
//! It is taken under the tree's lock, where names are shared and not copied, and written after it.

use super::label::Kind;
use super::node::Node;
use super::tree;
use crate::loom::Text;
use core::fmt;
use core::panic::Location;

/// One scope or task at one moment.
///
/// [`Display`](fmt::Display) writes the way to it with `/` between, as in `jobs/fetch at src/main.rs:12`: the
/// names of what is around it, the places of nameless tasks, at last its own name, or its kind, and its place.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) id: u64,
    /// From the inside out.
    pub(super) steps: Vec<Step>,
    /// The tree is deeper than was looked.
    pub(super) is_cut: bool,
}

/// One on the way.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) name: Option<Text>,
    pub(super) place: Option<&'static Location<'static>>,
}

impl Subject {
    /// Takes the tree's lock, and has let go of it when it returns.
    pub(super) fn of(node: &Node) -> Self {
        tree::lock().subject(node.index)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = if self.is_cut { "…/" } else { "" };
        for step in self.steps.iter().rev() {
            write!(f, "{between}{step}")?;
            between = "/";
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name)?,
            None => write!(f, "{}", self.kind)?,
        }
        match self.place {
            Some(place) => write!(f, " at {}:{}", place.file(), place.line()),
            None => Ok(()),
        }
    }
}
