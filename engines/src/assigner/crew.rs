//! What the rounds hear of the children that work on resources.

use crate::store::LeaseName;
use arbour_primitives::sync::{Notice, Notices};
use arbour_supervisor::ChildRef;
use std::sync::{Arc, Mutex, PoisonError};

/// The children that are gone, until somebody asks. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Crew {
    gone: Arc<Mutex<Vec<Left>>>,
    news: Notices,
}

/// A child that has ended, or was stopped, and will not be brought back.
pub(super) struct Left {
    pub(super) resource: LeaseName,
    pub(super) child: ChildRef,
    pub(super) how: Gone,
}

/// How a child came to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// It has had its resource, and nobody has asked it to end.
    ByItself,
    /// It has never had its resource, as another worker was faster.
    Outrun,
    /// It was asked to end.
    Asked,
}

impl Crew {
    pub(super) fn is_gone(&self, left: Left) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).push(left);
        self.news.tell_all();
    }

    /// Who is gone since somebody last asked, and a place among those who hear of the next.
    pub(super) fn gone(&self) -> (Vec<Left>, Notice) {
        let notice = self.news.join();
        (std::mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner)), notice)
    }
}
