//! The clauses of [`LeaseStore`] as cases that any back end can be run through.

mod clauses;
#[cfg(test)]
mod tests;

use crate::store::{LeaseName, LeaseStore, StoreError, Token};
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

/// Holds every clause of [`LeaseStore`] against a store: any back end, and yours.
///
/// `ttl` is the shortest time to live that the back end keeps well: the cases wait for some dozen of these, in tokio's
/// time, which may be paused only if the store's is too. A loaded machine makes them slower, and not red.
///
/// The store need not be empty, and others may use it meanwhile: names that nobody else has are used, and some entries
/// stay behind.
///
/// # Cancel safety
///
/// Dropped or cancelled it leaves leases behind that end by themselves.
///
/// # Errors
///
/// [`BrokenClauses`]: the cases that failed, each with what it saw. Errors of the store break the case they come up
/// in.
///
/// # Examples
///
/// ```
/// use arbour::leases::MemoryStore;
/// use arbour::testing::check_lease_store;
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// check_lease_store(&MemoryStore::new(), Duration::from_millis(200)).await.unwrap();
/// # });
/// ```
pub async fn check_lease_store<S: LeaseStore>(store: &S, ttl: Duration) -> Result<(), BrokenClauses> {
    let clauses = clauses::all();
    let (mut broken, tried) = (Vec::new(), clauses.len());
    for (clause, case) in clauses {
        if let Err(Broken(saw)) = case(Case::new(store, clause, ttl)).await {
            broken.push(BrokenClause { clause, saw });
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(BrokenClauses { broken, tried }) }
}

/// A clause that a store broke.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenClause {
    /// What it says.
    pub clause: &'static str,
    /// What the case saw instead.
    pub saw: String,
}

/// The clauses that a store broke. It prints as a list, also where it is unwrapped.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct BrokenClauses {
    broken: Vec<BrokenClause>,
    tried: usize,
}

impl BrokenClauses {
    /// Each of them, in the order in which they were tried.
    #[must_use]
    pub fn clauses(&self) -> &[BrokenClause] {
        &self.broken
    }
}

impl fmt::Display for BrokenClauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} clauses are broken", self.broken.len(), self.tried)?;
        self.broken.iter().try_for_each(|broken| write!(f, "\n  {}: {}", broken.clause, broken.saw))
    }
}

impl fmt::Debug for BrokenClauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a case saw instead of what its clause says.
struct Broken(String);

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

type Verdict<'a> = Pin<Box<dyn Future<Output = Result<(), Broken>> + Send + 'a>>;

/// One case: the store, and a name that no other case has.
struct Case<'a, S> {
    store: &'a S,
    name: LeaseName,
    /// The time to live of leases whose end is waited for.
    ttl: Duration,
    /// The time to live of leases that must still be there at the end of the case.
    long: Duration,
}

impl<'a, S: LeaseStore> Case<'a, S> {
    fn new(store: &'a S, clause: &str, ttl: Duration) -> Self {
        // The clause is first, for who looks into a store; the token makes the name this run's own.
        let name = format!("check/{clause}/{}", Token::new());
        let name = LeaseName::new(name).expect("the names of clauses are short, and identifiers");
        Self { store, name, ttl, long: ttl * 50 }
    }

    /// Another name, in the order of its suffix.
    fn beside(&self, suffix: &str) -> LeaseName {
        LeaseName::new(format!("{}{suffix}", self.name)).expect("suffixes are short, and identifiers")
    }
}

/// Breaks the case unless this holds; the text says what was seen.
fn ensure(holds: bool, saw: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken(saw())) }
}
