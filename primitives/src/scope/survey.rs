//! What can be seen of the tree: every node that has begun and not ended, at one moment.
//!
//! The tree is walked under its lock, while all scopes of the process wait. Names and causes are shared, not copied, and nothing foreign runs.

use super::cause::Cause;
use super::handle::ScopeHandle;
use super::label::Kind;
use super::tree;
use crate::loom::{Arc, Text};
use core::panic::Location;
use std::time::Instant;

/// How far a node has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Its body runs, or waits.
    Running,
    /// It was asked to come to an end by itself.
    Draining,
    /// It is cancelled, and its body has not been dropped yet.
    Cancelling,
    /// It is cancelled, and something inside keeps the body alive: a shield, or what has not ended there.
    Held,
    /// Its body is gone; children, clean-up or finalizers are not.
    Finishing,
}

/// One node at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sight {
    /// A number that no other scope of this process has.
    pub id: u64,
    /// The number of the node around it.
    pub parent: Option<u64>,
    /// How many nodes are around it, of those that were asked for.
    pub depth: usize,
    /// What it is to the program.
    pub kind: Kind,
    /// The name it was given.
    pub name: Option<Text>,
    /// Where it was spawned.
    pub place: Option<&'static Location<'static>>,
    /// Since when it is there, where that is known.
    pub since: Option<Instant>,
    /// How far it has come.
    pub stage: Stage,
    /// Whether cancellation from outside stops at it.
    pub is_shielded: bool,
    /// Whether foreign code dropped it, and what is left of it is being finished.
    pub is_adopted: bool,
    /// The number of child tasks that have not ended.
    pub tasks: usize,
    /// Why it is cancelled.
    pub cause: Option<Arc<Cause>>,
}

/// Every node of the process, parents before what is inside of them, older siblings before younger ones.
#[must_use]
pub fn survey() -> Vec<Sight> {
    let room = tree::lock().living();
    let mut seen = Vec::with_capacity(room);
    tree::lock().survey(&mut seen);
    seen
}

impl ScopeHandle {
    /// Every node inside of this scope, in the order of [`survey`].
    #[must_use]
    pub fn survey(&self) -> Vec<Sight> {
        let mut seen = Vec::new();
        tree::lock().survey_inside(&self.node, &mut seen);
        seen
    }
}
