//! A store behind a bad line: requests and replies are delayed and lost as a test says.

use crate::clock::Clock;
use crate::store::{
    Acquired, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Operation, Released, StoreError,
    StoreErrorKind, Token, Written,
};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// What happens to a request on its way, or to its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The request arrives so much later. It does so although who asked gives up meanwhile: it travels in a task of
    /// the runtime, as no scope holds back what is on the wire.
    DelayRequest(Duration),
    /// The request never arrives, and no answer ever comes.
    DropRequest,
    /// What was asked is done, and its reply never comes.
    DropReply,
    /// What was asked is done, and its reply comes so much later.
    HoldReply(Duration),
    /// An error comes back at once. What was asked is done if the kind is [`StoreErrorKind::Unknown`], and otherwise
    /// not.
    Fail(StoreErrorKind),
}

/// A [`LeaseStore`] behind a bad line, for tests of what must bear with one. Clones are the same line to the same
/// store.
///
/// # Examples
///
/// ```
/// use arbour::leases::{LeaseName, LeaseStore, MemoryStore, Operation, Token};
/// use arbour::testing::{Fault, FaultyStore};
/// use std::time::Duration;
/// use tokio::time::timeout;
///
/// # arbour::testing::block_on(async {
/// let store = FaultyStore::new(MemoryStore::new());
/// let (name, second) = (LeaseName::new("oak").unwrap(), Duration::from_secs(1));
///
/// store.once(Operation::Acquire, Fault::DropReply);
/// let unheard = timeout(second, store.acquire(&name, Token::new(), "a", second * 15)).await;
/// assert!(unheard.is_err(), "no reply ever comes");
/// assert!(store.look(&name).await.unwrap().is_some(), "and yet it was done");
/// # });
/// ```
pub struct FaultyStore<S> {
    store: Arc<S>,
    line: Arc<Mutex<Line>>,
}

/// What the line does, and what it has seen.
#[derive(Debug, Default)]
struct Line {
    once: BTreeMap<Operation, VecDeque<Fault>>,
    always: BTreeMap<Operation, Fault>,
    requests: BTreeMap<Operation, usize>,
}

impl Line {
    fn next(&mut self, operation: Operation) -> Option<Fault> {
        *self.requests.entry(operation).or_default() += 1;
        let once = self.once.get_mut(&operation).and_then(VecDeque::pop_front);
        once.or_else(|| self.always.get(&operation).copied())
    }
}

impl<S: LeaseStore> FaultyStore<S> {
    /// The store behind a line that is still good.
    pub fn new(store: S) -> Self {
        Self { store: Arc::new(store), line: Arc::default() }
    }

    /// Strikes one request of this kind: the next, or the one after those that are to be struck already.
    pub fn once(&self, operation: Operation, fault: Fault) {
        self.line().once.entry(operation).or_default().push_back(fault);
    }

    /// Strikes every request of this kind until [`heal`](Self::heal).
    pub fn always(&self, operation: Operation, fault: Fault) {
        self.line().always.insert(operation, fault);
    }

    /// Makes the line good again. What is under way already stays as it is.
    pub fn heal(&self) {
        let mut line = self.line();
        line.once.clear();
        line.always.clear();
    }

    /// How many requests of this kind there were.
    #[must_use]
    pub fn requests(&self, operation: Operation) -> usize {
        self.line().requests.get(&operation).copied().unwrap_or_default()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn through<T, F>(
        &self,
        operation: Operation,
        name: &str,
        request: impl FnOnce(Arc<S>) -> F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let request = request(Arc::clone(&self.store));
        let fails = |kind, why: &str| Err(StoreError::new(kind, operation, name, why.to_owned()));
        let fault = self.line().next(operation);
        match fault {
            None => request.await,
            Some(Fault::DropRequest) => pending().await,
            Some(Fault::DelayRequest(by)) => {
                let travelling = tokio::spawn(async move {
                    sleep(by).await;
                    request.await
                });
                travelling.await.unwrap_or_else(|end| fails(StoreErrorKind::Unknown, &end.to_string()))
            }
            Some(Fault::DropReply) => {
                let _ = request.await;
                pending().await
            }
            Some(Fault::HoldReply(by)) => {
                let reply = request.await;
                sleep(by).await;
                reply
            }
            Some(Fault::Fail(kind)) => {
                if kind == StoreErrorKind::Unknown {
                    let _ = request.await;
                }
                fails(kind, "a test broke the line")
            }
        }
    }
}

impl<S> Clone for FaultyStore<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), line: Arc::clone(&self.line) }
    }
}

impl<S> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").field("line", &self.line).finish_non_exhaustive()
    }
}

impl<S: LeaseStore> LeaseStore for FaultyStore<S> {
    fn clock(&self) -> Clock {
        self.store.clock()
    }

    fn least_ttl(&self) -> Duration {
        self.store.least_ttl()
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        let (lease, owner) = (name.clone(), owner.to_owned());
        let request = |store: Arc<S>| async move { store.acquire(&lease, token, &owner, ttl).await };
        self.through(Operation::Acquire, name, request).await
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        let lease = name.clone();
        let request = |store: Arc<S>| async move { store.extend(&lease, token, ttl).await };
        self.through(Operation::Extend, name, request).await
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        let lease = name.clone();
        let request = |store: Arc<S>| async move { store.release(&lease, token).await };
        self.through(Operation::Release, name, request).await
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        let lease = name.clone();
        let request = |store: Arc<S>| async move { store.until_free(&lease, at_most).await };
        self.through(Operation::UntilFree, name, request).await
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        let lease = name.clone();
        let request = |store: Arc<S>| async move { store.look(&lease).await };
        self.through(Operation::Look, name, request).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        let leases = prefix.to_owned();
        let request = |store: Arc<S>| async move { store.list(&leases).await };
        self.through(Operation::List, prefix, request).await
    }

    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        let lease = name.clone();
        let owned: Vec<(String, Vec<u8>)> =
            entries.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect();
        let request = |store: Arc<S>| async move {
            let entries: Vec<(&str, &[u8])> = owned.iter().map(|(key, value)| (&**key, &**value)).collect();
            store.write(&lease, fence, &entries).await
        };
        self.through(Operation::Write, name, request).await
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        let (lease, key) = (name.clone(), key.to_owned());
        let request = |store: Arc<S>| async move { store.read(&lease, &key).await };
        self.through(Operation::Read, name, request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use arbour::testing::block_on;
    use tokio::time::timeout;

    const TTL: Duration = Duration::from_secs(15);
    const SECOND: Duration = Duration::from_secs(1);

    fn oak() -> LeaseName {
        LeaseName::new("oak").unwrap()
    }

    async fn unheard(store: &FaultyStore<MemoryStore>, fault: Fault) -> bool {
        store.once(Operation::Acquire, fault);
        timeout(SECOND, store.acquire(&oak(), Token::new(), "a", TTL)).await.is_err()
    }

    async fn is_held(store: &FaultyStore<MemoryStore>) -> bool {
        store.look(&oak()).await.unwrap().is_some()
    }

    #[test]
    fn a_dropped_request_is_not_done() {
        block_on(async {
            let store = FaultyStore::new(MemoryStore::new());
            assert!(unheard(&store, Fault::DropRequest).await);
            assert!(!is_held(&store).await);
        });
    }

    #[test]
    fn a_late_request_arrives_although_nobody_waits_for_it_any_more() {
        block_on(async {
            let store = FaultyStore::new(MemoryStore::new());
            assert!(unheard(&store, Fault::DelayRequest(SECOND * 2)).await);
            assert!(!is_held(&store).await);
            sleep(SECOND * 2).await;
            assert!(is_held(&store).await);
        });
    }

    #[test]
    fn a_late_reply_tells_of_what_was_done_at_once() {
        block_on(async {
            let store = FaultyStore::new(MemoryStore::new());
            assert!(unheard(&store, Fault::HoldReply(SECOND * 2)).await);
            assert!(is_held(&store).await);
        });
    }

    #[test]
    fn an_error_that_is_unknown_was_done_and_the_others_were_not() {
        block_on(async {
            for (kind, done) in [
                (StoreErrorKind::NotSent, false),
                (StoreErrorKind::Refused, false),
                (StoreErrorKind::Unknown, true),
            ] {
                let store = FaultyStore::new(MemoryStore::new());
                store.once(Operation::Acquire, Fault::Fail(kind));
                let error = store.acquire(&oak(), Token::new(), "a", TTL).await.unwrap_err();
                assert_eq!((error.kind(), is_held(&store).await), (kind, done));
            }
        });
    }

    #[test]
    fn a_healed_line_is_good_again_and_requests_are_counted() {
        block_on(async {
            let store = FaultyStore::new(MemoryStore::new());
            store.always(Operation::Look, Fault::Fail(StoreErrorKind::NotSent));
            for _ in 0..3 {
                store.look(&oak()).await.unwrap_err();
            }
            store.heal();
            assert_eq!(store.look(&oak()).await.unwrap(), None);
            assert_eq!((store.requests(Operation::Look), store.requests(Operation::List)), (4, 0));
        });
    }
}
