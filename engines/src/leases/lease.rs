//! The lease as its body sees it.

use super::error::{LeaseLost, WriteError};
use super::holder::Holder;
use crate::begin::begin;
use crate::machine::{Event, LeaseState, LossReason};
use crate::store::{Fence, Fenced, LeaseName, LeaseStore, Operation, StoreError, StoreErrorKind, Written};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// A lease that is held, as its body and what that calls see it. Clones are the same lease.
///
/// It may be kept longer than its body; then it says that it is lost.
#[derive(Clone)]
pub struct Lease {
    holder: Arc<Holder>,
    fence: Fence,
}

impl Lease {
    /// The lease of who has just been granted it.
    pub(super) fn new(holder: &Arc<Holder>, fence: Fence) -> Self {
        Self { holder: Arc::clone(holder), fence }
    }

    /// Which lease it is.
    #[must_use]
    pub fn name(&self) -> &LeaseName {
        &self.holder.name
    }

    /// The fence it is held under, which does not change. Hand it to whatever the work changes.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// How it is now. This is computed from the time whenever it is asked, so it does not depend on any timer.
    #[must_use]
    pub fn state(&self) -> LeaseState {
        self.holder.state()
    }

    /// How long it is held at least; zero if it is not, or may not be.
    ///
    /// Any time may pass between this answer and its use: whatever must not be wrong needs the [`fence`](Self::fence).
    #[must_use]
    pub fn remaining(&self) -> Duration {
        match self.state() {
            LeaseState::Held { remaining, .. } => remaining,
            _ => Duration::ZERO,
        }
    }

    /// Waits while the lease is suspect, and passes at once while it is held: call it before each new piece of work.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing changes by it.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`], also when it is over.
    pub async fn confirmed(&self) -> Result<Fence, LeaseLost> {
        begin().await;
        let confirmed = self.holder.when(|state| match state {
            LeaseState::Held { fence, .. } => Some(Ok(fence)),
            LeaseState::Suspect { .. } => None,
            LeaseState::Lost { why, .. } => Some(Err(why)),
            _ => Some(Err(self.holder.why_over())),
        });
        confirmed.await.map_err(|why| self.lost(why))
    }

    /// Sets these keys, which belong to the lease's name, to these values: all of them or none, and only if no newer
    /// fence was granted, which the store checks in the same step. Waits while the lease is suspect, and while the
    /// store cannot be reached: until the lease is lost.
    ///
    /// # Cancel safety
    ///
    /// Dropped or cancelled while it waits for the store, the write may have been done, or not: its entries are
    /// written together in either case.
    ///
    /// # Unknown outcomes
    ///
    /// After an error of the kind [`Unknown`](StoreErrorKind::Unknown), and after a wait that was cancelled, the write
    /// may have been done, or not, or may be done yet. It is not repeated here, because only the caller knows whether
    /// its content is still true.
    ///
    /// Over a network a request that was given up may arrive late. The fence guards against other holders, not against
    /// this one: where it arrives behind a later write of this holder to the same keys, it sets them back. So let each
    /// state that matters have a key of its own, with a number, where a late one changes nothing; and trust a key that
    /// is written again and again, such as one for the last number, no further than to look from there on. Or end the
    /// body with the error: who holds the lease next does so under another fence, and what is late is refused.
    ///
    /// # Errors
    ///
    /// [`WriteError`]. After [`WriteError::Refused`] the lease is lost, and its body cancelled.
    pub async fn write(&self, entries: &[(&str, &[u8])]) -> Result<(), WriteError> {
        let mut failures = 0;
        loop {
            let fence = self.confirmed().await?;
            let write = self.holder.store.write(self.name(), fence, entries);
            match self.answered(Operation::Write, write).await {
                Ok(written) => return self.written(written, fence),
                Err(error) if error.kind() == StoreErrorKind::NotSent => self.pause(error, failures).await,
                Err(error) => return Err(error.into()),
            }
            failures += 1;
        }
    }

    fn written(&self, written: Written, fence: Fence) -> Result<(), WriteError> {
        match written {
            Written::Accepted => Ok(()),
            Written::Refused { newest } => {
                self.holder.handle(Event::FencedOff);
                Err(WriteError::Refused { name: self.name().clone(), fence, newest })
            }
        }
    }

    /// What was last written to this key of the lease's name, by this holder or one before. What is read under a lease
    /// that is held changes by this holder's writes only. A store that does not answer is asked again until the lease
    /// is lost.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing changes by it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store refused, or gave no answer before the lease was lost or over.
    pub async fn read(&self, key: &str) -> Result<Option<Fenced>, StoreError> {
        let mut failures = 0;
        loop {
            match self.answered(Operation::Read, self.holder.store.read(self.name(), key)).await {
                Err(error) if error.kind() != StoreErrorKind::Refused && self.may_be_held() => {
                    self.pause(error, failures).await;
                }
                answered => return answered,
            }
            failures += 1;
        }
    }

    fn may_be_held(&self) -> bool {
        matches!(self.state(), LeaseState::Held { .. } | LeaseState::Suspect { .. })
    }

    /// Waits before a store that gave no answer is asked again: the longer, the more often it gave none.
    async fn pause(&self, error: StoreError, failures: u32) {
        self.holder.note(error);
        sleep(self.holder.retry_after(failures)).await;
    }

    async fn answered<T>(
        &self,
        operation: Operation,
        request: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let within = self.holder.times.answer_within;
        let answered = timeout(within, request).await;
        answered.unwrap_or_else(|_| Err(StoreError::late(operation, self.name().as_str(), within)))
    }

    /// Why it was lost, if it was.
    pub(crate) fn loss(&self) -> Option<LossReason> {
        self.holder.loss()
    }

    fn lost(&self, why: LossReason) -> LeaseLost {
        LeaseLost { name: self.name().clone(), fence: self.fence, why }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lease = &mut f.debug_struct("Lease");
        lease.field("name", self.name()).field("fence", &self.fence).field("state", &self.state()).finish()
    }
}

#[cfg(test)]
impl Lease {
    /// What the store knows the holder by.
    pub(crate) fn holder_token(&self) -> crate::store::Token {
        self.holder.token
    }
}
