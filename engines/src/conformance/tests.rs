//! The suite is itself tried: stores with a planted fault must break exactly the clauses that speak of it.

use super::check_lease_store;
use crate::clock::Clock;
use crate::store::{
    Acquired, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Released, StoreError, Token, Written,
};
use crate::{AnyLeaseStore, FaultyStore, MemoryStore};
use arbour::testing::block_on;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

const TTL: Duration = Duration::from_millis(200);

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    AcquireTakesAway,
    ExtendMakesAnew,
    ExtendDoesNothing,
    FenceStays,
    LeaseEndsEarly,
    LeaseNeverEnds,
    ReleaseIsNotTold,
    ReleaseTakesAStrangers,
    WaitOverlooksTheEnd,
    WriteIgnoresTheFence,
    WriteIsCutOff,
    WriteNeedsTheLease,
}

/// A good store, spoilt from outside.
struct Spoilt {
    good: MemoryStore,
    wrong: Wrong,
    /// The token that holds each lease, as far as it was granted here.
    tokens: Mutex<BTreeMap<LeaseName, Token>>,
}

impl Spoilt {
    fn new(wrong: Wrong) -> Self {
        Self { good: MemoryStore::new(), wrong, tokens: Mutex::default() }
    }

    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == wrong
    }

    fn token(&self, name: &LeaseName) -> Option<Token> {
        self.tokens.lock().unwrap().get(name).copied()
    }

    fn ttl(&self, ttl: Duration) -> Duration {
        match self.wrong {
            Wrong::LeaseEndsEarly => ttl * 9 / 10,
            Wrong::LeaseNeverEnds => ttl * 1000,
            _ => ttl,
        }
    }

    /// What others see of a fence.
    fn shown(&self, fence: Fence) -> Fence {
        if self.is(Wrong::FenceStays) { Fence::new(1) } else { fence }
    }

    fn shown_holding(&self, holding: Holding) -> Holding {
        Holding { fence: self.shown(holding.fence), ..holding }
    }

    async fn newest(&self, name: &LeaseName) -> Option<Fence> {
        match self.good.write(name, Fence::new(0), &[]).await {
            Ok(Written::Refused { newest }) => newest,
            _ => None,
        }
    }
}

impl LeaseStore for Spoilt {
    fn clock(&self) -> Clock {
        self.good.clock()
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        if let (true, Some(holder)) = (self.is(Wrong::AcquireTakesAway), self.token(name)) {
            self.good.release(name, holder).await?;
        }
        Ok(match self.good.acquire(name, token, owner, self.ttl(ttl)).await? {
            Acquired::Granted(fence) => {
                self.tokens.lock().unwrap().insert(name.clone(), token);
                Acquired::Granted(self.shown(fence))
            }
            Acquired::Held(holding) => Acquired::Held(self.shown_holding(holding)),
        })
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        let held = self.good.look(name).await?.is_some() && self.token(name) == Some(token);
        if let (true, true, Some(fence)) = (self.is(Wrong::ExtendDoesNothing), held, self.newest(name).await)
        {
            return Ok(Extended::Confirmed(fence));
        }
        match self.good.extend(name, token, self.ttl(ttl)).await? {
            Extended::Gone(None) if self.is(Wrong::ExtendMakesAnew) => {
                match self.good.acquire(name, token, "made anew", ttl).await? {
                    Acquired::Granted(fence) => Ok(Extended::Confirmed(fence)),
                    Acquired::Held(holding) => Ok(Extended::Gone(Some(holding))),
                }
            }
            Extended::Gone(holding) => Ok(Extended::Gone(holding.map(|holding| self.shown_holding(holding)))),
            Extended::Confirmed(fence) => Ok(Extended::Confirmed(self.shown(fence))),
        }
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        if self.is(Wrong::ReleaseIsNotTold) {
            // It ends with its time instead, which is short enough to pass for a release.
            let ended = self.good.extend(name, token, Duration::ZERO).await?;
            let was_held = matches!(ended, Extended::Confirmed(_));
            return Ok(if was_held { Released::Now } else { Released::NotHeld });
        }
        let holder = self.token(name).filter(|_| self.is(Wrong::ReleaseTakesAStrangers));
        self.good.release(name, holder.unwrap_or(token)).await
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        if self.is(Wrong::WaitOverlooksTheEnd) {
            while self.good.look(name).await?.is_some_and(|holding| holding.remaining > at_most) {
                self.good.until_free(name, at_most).await?;
            }
            tokio::time::sleep(at_most).await;
        }
        self.good.until_free(name, at_most).await
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        Ok(self.good.look(name).await?.map(|holding| self.shown_holding(holding)))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        self.good.list(prefix).await
    }

    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        let newest = self.newest(name).await;
        let entries = if self.is(Wrong::WriteIsCutOff) { &entries[..entries.len().min(1)] } else { entries };
        match newest {
            Some(newest) if self.is(Wrong::WriteIgnoresTheFence) => {
                self.good.write(name, newest, entries).await
            }
            Some(newest) if self.is(Wrong::FenceStays) && fence == Fence::new(1) => {
                self.good.write(name, newest, entries).await
            }
            Some(_) if self.is(Wrong::WriteNeedsTheLease) && self.good.look(name).await?.is_none() => {
                Ok(Written::Refused { newest })
            }
            _ => self.good.write(name, fence, entries).await,
        }
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        let read = self.good.read(name, key).await?;
        Ok(read.map(|fenced| Fenced { fence: self.shown(fenced.fence), ..fenced }))
    }
}

fn broken_by(wrong: Wrong) -> Vec<&'static str> {
    block_on(async {
        let broken = check_lease_store(&Spoilt::new(wrong), TTL).await.unwrap_err();
        broken.clauses().iter().map(|broken| broken.clause).collect()
    })
}

#[test]
fn a_store_that_keeps_every_clause_passes_also_behind_its_wrappers() {
    block_on(async {
        check_lease_store(&MemoryStore::new(), TTL).await.unwrap();
        check_lease_store(&AnyLeaseStore::new(MemoryStore::new()), TTL).await.unwrap();
        check_lease_store(&FaultyStore::new(MemoryStore::new()), TTL).await.unwrap();
    });
}

#[test]
fn a_store_is_checked_again_although_the_entries_of_the_last_time_are_there() {
    block_on(async {
        let store = MemoryStore::new();
        check_lease_store(&store, TTL).await.unwrap();
        check_lease_store(&store, TTL).await.unwrap();
    });
}

#[test]
fn an_extend_that_makes_anew_is_found() {
    assert_eq!(broken_by(Wrong::ExtendMakesAnew), ["extending_a_lease_that_has_ended_makes_none"]);
}

#[test]
fn an_extend_that_does_nothing_is_found() {
    let expected =
        ["an_extended_lease_lasts_from_its_extension", "a_look_tells_who_holds_the_lease_and_since_when"];
    assert_eq!(broken_by(Wrong::ExtendDoesNothing), expected);
}

#[test]
fn a_write_that_ignores_the_fence_is_found() {
    let expected = ["an_older_fence_writes_nothing", "a_fence_that_was_never_granted_writes_nothing"];
    assert_eq!(broken_by(Wrong::WriteIgnoresTheFence), expected);
}

#[test]
fn a_release_that_takes_a_strangers_is_found() {
    assert_eq!(broken_by(Wrong::ReleaseTakesAStrangers), ["a_stranger_releases_nothing"]);
}

#[test]
fn a_fence_that_does_not_rise_is_found() {
    let expected = [
        "fences_rise_after_a_release",
        "fences_rise_after_the_time_is_over",
        "an_older_fence_writes_nothing",
    ];
    assert_eq!(broken_by(Wrong::FenceStays), expected);
}

#[test]
fn a_lease_that_is_taken_away_is_found() {
    let broken = broken_by(Wrong::AcquireTakesAway);
    assert!(broken.starts_with(&[
        "a_lease_that_is_held_is_granted_to_nobody_else",
        "of_many_at_once_one_is_granted",
        "a_lease_lasts_its_time_to_live_and_no_longer",
    ]));
}

#[test]
fn a_lease_that_ends_early_is_found() {
    let expected =
        ["a_lease_lasts_its_time_to_live_and_no_longer", "an_extended_lease_lasts_from_its_extension"];
    let broken = broken_by(Wrong::LeaseEndsEarly);
    assert_eq!(broken[..2], expected, "{broken:?}");
}

#[test]
fn a_lease_that_never_ends_is_found() {
    let broken = broken_by(Wrong::LeaseNeverEnds);
    for clause in ["a_lease_lasts_its_time_to_live_and_no_longer", "a_wait_ends_with_the_lease"] {
        assert!(broken.contains(&clause), "{broken:?}");
    }
}

#[test]
fn a_release_that_is_not_told_is_found() {
    assert_eq!(broken_by(Wrong::ReleaseIsNotTold), ["a_release_is_told_to_all_who_wait"]);
}

#[test]
fn a_wait_that_overlooks_the_end_of_the_lease_is_found() {
    let broken = broken_by(Wrong::WaitOverlooksTheEnd);
    assert!(broken.contains(&"a_wait_ends_with_the_lease"), "{broken:?}");
}

#[test]
fn a_write_that_is_cut_off_is_found() {
    let expected = ["the_newest_fence_writes_and_all_entries_are_read_back"];
    assert_eq!(broken_by(Wrong::WriteIsCutOff), expected);
}

#[test]
fn a_write_that_needs_the_lease_itself_is_found() {
    assert_eq!(broken_by(Wrong::WriteNeedsTheLease), ["the_newest_fence_writes_until_the_next_is_granted"]);
}

#[test]
fn what_is_broken_is_listed_with_what_was_seen() {
    let broken =
        block_on(async { check_lease_store(&Spoilt::new(Wrong::ExtendMakesAnew), TTL).await.unwrap_err() });
    assert_eq!(
        format!("{broken:?}"),
        "1 of 22 clauses are broken\n  \
         extending_a_lease_that_has_ended_makes_none: what was never held was extended: Confirmed(Fence(1))",
    );
}
