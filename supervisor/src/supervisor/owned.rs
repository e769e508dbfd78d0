//! What belongs to a slot, from one incarnation to the next.

use super::inside::Shows;
use crate::child::{ChildSpec, Judge, Refine, Start};
use crate::machine::{ChildId, ChildPolicy};
use crate::panic::discard;
use std::sync::{Arc, Mutex};

/// What a slot runs, called by its keepers, one at a time.
pub(super) type SharedStart = Arc<Mutex<Startable>>;

pub(super) struct Startable {
    pub(super) id: ChildId,
    pub(super) start: Start,
    pub(super) refine: Option<Refine>,
    pub(super) judge: Option<Judge>,
}

impl Drop for Startable {
    /// Whoever lets go of it last, a panic of what the closure owns is no panic of theirs.
    fn drop(&mut self) {
        let spent: Start = Box::new(|_| Box::pin(async { Ok(()) }));
        let owner = format_args!("child `{}`", self.id);
        discard(owner, std::mem::replace(&mut self.start, spent));
        discard(owner, self.refine.take());
        discard(owner, self.judge.take());
    }
}

/// What belongs to a slot.
pub(super) struct Owned {
    pub(super) id: ChildId,
    pub(super) policy: ChildPolicy,
    /// `None` once it was released: the slot is free for good, and only told of.
    pub(super) start: Option<SharedStart>,
    pub(super) shows: Shows,
}

impl From<ChildSpec> for Owned {
    fn from(spec: ChildSpec) -> Self {
        let ChildSpec { id, policy, start, refine, judge, shows } = spec;
        let startable = Startable { id: Arc::clone(&id), start, refine, judge };
        Self { id, policy, start: Some(Arc::new(Mutex::new(startable))), shows }
    }
}
