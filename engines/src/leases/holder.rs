//! One lease and its machine, as the keeper, the handles and the body's scope share them.

use super::error::{HoldError, LeaseLost};
use super::{LeaseStatus, Leases};
use crate::clock::{Clock, Moment};
use crate::machine::{Event, LeaseState, LossReason, Machine, Request};
use crate::store::{AnyLeaseStore, Fence, LeaseName, StoreError, Token};
use crate::times::LeaseTimes;
use arbour_primitives::scope::{Cancelled, ScopeHandle};
use arbour_primitives::standstill;
use arbour_primitives::sync::Notices;
use std::future::poll_fn;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Invariants:
///
/// 1. Who waits for a change is told of each one, after it can be seen.
/// 2. The body's scope is cancelled when the lease is lost, before anybody is told.
///
/// One lock, under which no foreign code runs: neither a store's nor a waker.
pub(crate) struct Holder {
    pub(super) name: LeaseName,
    pub(super) token: Token,
    pub(super) owner: Arc<str>,
    pub(super) store: AnyLeaseStore,
    pub(super) times: LeaseTimes,
    clock: Clock,
    wanted: Moment,
    kept: Mutex<Kept>,
    changed: Notices,
    body: ScopeHandle,
}

/// What is under the lock.
struct Kept {
    machine: Machine,
    told: Discriminant<LeaseState>,
    events: u64,
    /// Why the last request that got no answer got none.
    error: Option<StoreError>,
}

impl Holder {
    pub(super) fn new(leases: &Leases, name: LeaseName, body: ScopeHandle) -> Self {
        let (machine, told) = (Machine::new(leases.times), discriminant(&LeaseState::Idle));
        Self {
            name,
            token: Token::new(),
            owner: Arc::clone(&leases.owner),
            store: leases.store.clone(),
            times: leases.times,
            wanted: leases.clock.now(),
            clock: leases.clock.clone(),
            kept: Mutex::new(Kept { machine, told, events: 0, error: None }),
            changed: Notices::new(),
            body,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the lease is now.
    pub(super) fn state(&self) -> LeaseState {
        self.kept().machine.state(self.clock.now())
    }

    pub(super) fn status(&self) -> LeaseStatus {
        let wanted_for = self.clock.now().since(self.wanted);
        LeaseStatus { name: self.name.clone(), state: self.state(), wanted_for }
    }

    /// How long until the machine wants to be asked again; less where the clock may be ahead of what a timer sleeps.
    pub(super) fn due(&self) -> Option<Duration> {
        let now = self.clock.now();
        let due = self.kept().machine.due(now).map(|due| due.since(now));
        if self.clock.is_tokios() { due } else { due.map(|due| due.min(self.times.ttl / 30)) }
    }

    /// What follows from this event; who waits is told of what has changed.
    pub(super) fn handle(&self, event: Event) -> Option<Request> {
        let now = self.clock.now();
        let mut kept = self.kept();
        kept.events += 1;
        let random = self.random(kept.events);
        // What a waiter has found in the meantime need not have been told by any event.
        let found = discriminant(&kept.machine.state(now));
        let request = kept.machine.handle(event, now, random);
        let state = kept.machine.state(now);
        let told = std::mem::replace(&mut kept.told, discriminant(&state));
        let news = [told, found].into_iter().any(|known| known != discriminant(&state));
        drop(kept);
        if news {
            self.tell(&state);
        }
        request
    }

    /// Numbers that spread the renewals of many leases and owners, and are the same whenever the same happens.
    fn random(&self, event: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.name, &self.owner, event).hash(&mut hasher);
        hasher.finish()
    }

    /// How long what writes or reads under the lease waits after so many failures in a row.
    pub(super) fn retry_after(&self, failures: u32) -> Duration {
        self.times.retry_after(failures, self.random(failures.into()))
    }

    fn tell(&self, state: &LeaseState) {
        self.log(state);
        if let LeaseState::Lost { why, .. } = state {
            self.body.cancel(format!("lease `{}` is lost: {why}", self.name));
        }
        self.changed.tell_all();
    }

    fn log(&self, state: &LeaseState) {
        let lease = self.name.as_str();
        match state {
            LeaseState::Waiting(behind) => tracing::info!(
                lease, owner = behind.owner, fence = behind.fence.number(), held_for = ?behind.age,
                "waiting for a lease; it is asked for again when it is released, or its time is over"
            ),
            LeaseState::Held { fence, .. } => {
                tracing::info!(lease, fence = fence.number(), "holding a lease")
            }
            LeaseState::Suspect { fence, .. } => tracing::warn!(
                lease, fence = fence.number(), last_error = self.last_error(), lost_in = ?self.times.suspect_for,
                "a lease was not confirmed in time; writes wait until it is, or is lost"
            ),
            LeaseState::Lost { fence, why } => tracing::warn!(
                lease, fence = fence.number(), %why, last_error = self.last_error(),
                "a lease is lost; its body is cancelled"
            ),
            LeaseState::Released { confirmed: true } => tracing::info!(lease, "a lease is over"),
            LeaseState::Released { confirmed: false } => tracing::warn!(
                lease, last_error = self.last_error(), free_in = ?self.times.ttl(),
                "a lease could not be released; it ends with its time to live"
            ),
            _ => {}
        }
    }

    fn last_error(&self) -> Option<String> {
        self.kept().error.as_ref().map(ToString::to_string)
    }

    /// Notes why a request got no answer.
    pub(super) fn note(&self, error: StoreError) {
        tracing::debug!(lease = self.name.as_str(), %error, "a request about a lease got no answer");
        self.kept().error = Some(error);
    }

    /// Waits until `look` finds something in the state; it looks at once, and after each change.
    pub(super) async fn when<T>(&self, mut look: impl FnMut(LeaseState) -> Option<T>) -> T {
        loop {
            let mut notice = self.changed.join();
            if let Some(found) = look(self.state()) {
                return found;
            }
            let waited_for = || format!("the lease `{}`", self.name);
            poll_fn(|cx| standstill::tell(notice.poll_told(cx), waited_for)).await;
            notice.take();
        }
    }

    /// Waits until the lease is held for the first time.
    pub(super) async fn granted(&self) -> Result<Fence, HoldError> {
        let granted = self.when(|state| match state {
            LeaseState::Held { fence, .. } => Some(Ok(fence)),
            LeaseState::Taken(holding) => Some(Err(HoldError::Held(holding))),
            LeaseState::Refused => Some(Err(self.no(HoldError::Refused))),
            LeaseState::Unanswered => Some(Err(self.no(HoldError::Unanswered))),
            LeaseState::Lost { fence, why } => Some(Err(self.lost(fence, why).into())),
            _ => None,
        });
        granted.await
    }

    /// The error that the store gave last.
    fn no(&self, error: impl FnOnce(StoreError) -> HoldError) -> HoldError {
        let nothing = || HoldError::Cancelled(Cancelled::new("the store gave no reason".into()));
        self.kept().error.take().map_or_else(nothing, error)
    }

    pub(super) fn lost(&self, fence: Fence, why: LossReason) -> LeaseLost {
        LeaseLost { name: self.name.clone(), fence, why }
    }

    /// Why a lease that was held is over.
    pub(super) fn why_over(&self) -> LossReason {
        self.loss().unwrap_or(LossReason::Over)
    }

    /// Why a lease was lost, if it was.
    pub(super) fn loss(&self) -> Option<LossReason> {
        self.kept().machine.loss().map(|(_, why)| why)
    }

    /// Why the body's scope was cancelled.
    pub(super) fn why_cancelled(&self, cancelled: Cancelled) -> HoldError {
        match self.kept().machine.loss() {
            Some((fence, why)) => self.lost(fence, why).into(),
            None => HoldError::Cancelled(cancelled),
        }
    }
}
