//! What a node is called by those who look at the tree.

use super::handle::ScopeHandle;
use super::tree;
use crate::loom::Text;
use core::fmt;
use std::time::Instant;

/// What a node of the scope tree is to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A cancel scope, a shield or a catch, inside of a task.
    Scope,
    /// A child task.
    Task,
    /// A clean-up or finalizer that runs.
    CleanUp,
    /// A task group.
    Group,
    /// A supervisor.
    Supervisor,
    /// A child task that runs an actor.
    Actor,
    /// The root of a program.
    Root,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Scope => "scope",
            Self::Task => "task",
            Self::CleanUp => "clean-up",
            Self::Group => "group",
            Self::Supervisor => "supervisor",
            Self::Actor => "actor",
            Self::Root => "root",
        })
    }
}

/// What a node with more to say than the place of its spawn is called. Few have one.
#[derive(Debug, Clone)]
pub struct Label {
    /// What it is to the program.
    pub(super) kind: Kind,
    pub(super) name: Option<Text>,
    pub(super) since: Option<Instant>,
    /// How many child tasks it was given.
    pub(super) spawned: u64,
}

impl Label {
    /// A label without a name.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self { kind, name: None, since: None, spawned: 0 }
    }

    /// Names it.
    #[must_use]
    pub fn name(mut self, name: Text) -> Self {
        self.name = Some(name);
        self
    }

    /// Says since when it has been there.
    #[must_use]
    pub fn since(mut self, since: Instant) -> Self {
        self.since = Some(since);
        self
    }
}

impl ScopeHandle {
    /// Labels the scope for those who look at the tree. One that has ended stays as it is.
    pub fn describe(&self, label: Label) {
        tree::lock().describe(&self.node, label);
    }

    /// How many child tasks a labelled scope was given so far.
    #[must_use]
    pub fn spawned(&self) -> u64 {
        tree::lock().spawned(&self.node)
    }

    /// The names of the scopes around this one and its own, from the outside in. Those without a name are left out.
    #[must_use]
    pub fn path(&self) -> Vec<Text> {
        tree::lock().path(&self.node)
    }
}
