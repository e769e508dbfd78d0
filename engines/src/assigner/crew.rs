//! What the rounds hear of the children that work on resources.

use crate::store::LeaseName;
use arbour_primitives::sync::{Notice, Notices};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The resources whose child is gone, until somebody asks. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Crew {
    gone: Arc<Mutex<BTreeMap<LeaseName, Gone>>>,
    news: Notices,
}

/// How a child came to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// It has had its resource, and nobody has asked it to end.
    ByItself,
    /// It has never had its resource, as another worker was faster; or it was asked to end.
    WithoutFault,
}

impl Crew {
    /// The child of this resource has ended, or was stopped, and will not be brought back.
    pub(super) fn is_gone(&self, resource: LeaseName, how: Gone) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).insert(resource, how);
        self.news.tell_all();
    }

    /// Who is gone since somebody last asked, and a place among those who hear of the next.
    pub(super) fn gone(&self) -> (BTreeMap<LeaseName, Gone>, Notice) {
        let notice = self.news.join();
        (std::mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner)), notice)
    }
}
