//! Those who wait until a lease is free, and when to look on their behalf.

use super::database::{Database, Version};
use super::failure::Failure;
use crate::clock::{Clock, Moment};
use crate::store::LeaseName;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often the version of the database is looked at while anybody waits. Twice the time that a hand-over between two
/// processes takes on average, beside its transactions of a millisecond or so; fifty looks a second of some ten
/// microseconds each.
const LOOK: Duration = Duration::from_millis(20);

/// Somebody who waits until this lease is free, or until this moment.
pub(super) struct Waiter {
    pub(super) name: LeaseName,
    pub(super) at_most: Moment,
    pub(super) told: oneshot::Sender<Result<(), Failure>>,
}

/// All who wait.
#[derive(Default)]
pub(super) struct Waiting {
    waiters: Vec<(Waiter, Until)>,
    /// The version at the last look.
    version: Option<Version>,
}

/// When a lease ends as far as is known; nothing is known of one that was not looked at yet.
type Until = Option<Moment>;

impl Waiting {
    pub(super) fn join(&mut self, waiter: Waiter) {
        self.waiters.push((waiter, None));
    }

    /// How long nobody needs to be told anything, at most; `None` if nobody waits.
    pub(super) fn next_look(&self, now: Moment) -> Option<Duration> {
        let ends = self.waiters.iter().map(|(waiter, until)| until.unwrap_or(now).min(waiter.at_most));
        ends.min().map(|end| end.since(now).min(LOOK))
    }

    /// Tells those whose lease is free, and those who have waited long enough. Forgets who has gone.
    pub(super) fn tell(&mut self, database: &mut Database, clock: &Clock) {
        self.waiters.retain(|(waiter, _)| !waiter.told.is_closed());
        if self.waiters.is_empty() {
            return;
        }
        let version = database.version();
        let changed = version.as_ref().ok() != self.version.as_ref();
        self.version = version.ok();
        let now = clock.now();
        for (waiter, until) in std::mem::take(&mut self.waiters) {
            let known = until.filter(|until| !changed && now < *until);
            let seen = known.map_or_else(|| until_of(&waiter.name, database, now), |until| Ok(Some(until)));
            match seen {
                Ok(Some(until)) if now < waiter.at_most => self.waiters.push((waiter, Some(until))),
                Ok(_) => drop(waiter.told.send(Ok(()))),
                Err(failure) => drop(waiter.told.send(Err(failure))),
            }
        }
    }
}

/// When this lease ends; `None` if it has.
fn until_of(name: &LeaseName, database: &mut Database, now: Moment) -> Result<Until, Failure> {
    Ok(database.look(name)?.map(|holding| now + holding.remaining))
}
