//! The inbox of a supervised actor: kept in its slot, and lent to the incarnation that runs.

use super::inbox::Inbox;
use std::borrow::{Borrow, BorrowMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the inbox is while nobody runs.
pub(super) struct Home<M>(Arc<Mutex<Option<Inbox<M>>>>);

/// The inbox in the hands of an incarnation; it goes home with the end of that.
pub(super) struct Loan<M> {
    inbox: Option<Inbox<M>>,
    home: Home<M>,
}

impl<M> Home<M> {
    pub(super) fn new(inbox: Inbox<M>) -> Self {
        Self(Arc::new(Mutex::new(Some(inbox))))
    }

    /// # Panics
    ///
    /// When it is lent already: the supervisor lets one incarnation run at a time.
    pub(super) fn lend(&self) -> Loan<M> {
        let inbox = self.inbox().take();
        assert!(inbox.is_some(), "two incarnations of one actor at a time");
        Loan { inbox, home: Self(Arc::clone(&self.0)) }
    }

    fn inbox(&self) -> MutexGuard<'_, Option<Inbox<M>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LENT: &str = "a loan has its inbox until it is dropped";

impl<M> Borrow<Inbox<M>> for Loan<M> {
    fn borrow(&self) -> &Inbox<M> {
        self.inbox.as_ref().expect(LENT)
    }
}

impl<M> BorrowMut<Inbox<M>> for Loan<M> {
    fn borrow_mut(&mut self) -> &mut Inbox<M> {
        self.inbox.as_mut().expect(LENT)
    }
}

impl<M> Drop for Loan<M> {
    fn drop(&mut self) {
        if let Some(mut inbox) = self.inbox.take() {
            inbox.rest();
            *self.home.inbox() = Some(inbox);
        }
    }
}
