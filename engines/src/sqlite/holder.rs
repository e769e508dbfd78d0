//! Who stands in a row, and whether it holds the lease still.

use crate::store::{Fence, Holding, LeaseName};
use rusqlite::Row;
use std::time::Duration;

/// The time of the clock since boot in nanoseconds, as it stands in the tables: enough for 292 years.
pub(super) type Nanos = i64;

pub(super) fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

fn duration(nanos: Nanos) -> Duration {
    Duration::from_nanos(nanos.try_into().unwrap_or_default())
}

/// When it is: the boot, and the time since then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now<'a> {
    pub(super) boot: &'a str,
    pub(super) nanos: Nanos,
}

/// A row of `arbour_lease` whose token is not `NULL`.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) fence: Fence,
    pub(super) token: String,
    pub(super) until: Nanos,
    owner: String,
    boot: String,
    since: Nanos,
    ttl: Nanos,
}

impl Holder {
    /// What must be selected, in this order.
    pub(super) const COLUMNS: &'static str = "fence, token, until, owner, boot, since, ttl";

    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let Some(token) = row.get(1)? else { return Ok(None) };
        Ok(Some(Self {
            fence: fence(row.get(0)?),
            token,
            until: row.get(2)?,
            owner: row.get(3)?,
            boot: row.get(4)?,
            since: row.get(5)?,
            ttl: row.get(6)?,
        }))
    }

    /// A lease of another boot has ended. Where boots have no id, one that has more left than its whole time to live is
    /// of another; where they have, it was extended after somebody looked at the clock.
    pub(super) fn holds(&self, now: Now<'_>) -> bool {
        let left = self.until.saturating_sub(now.nanos);
        self.boot == now.boot && left > 0 && (!self.boot.is_empty() || left <= self.ttl)
    }

    pub(super) fn seen(self, name: LeaseName, now: Now<'_>) -> Holding {
        Holding {
            name,
            owner: self.owner,
            fence: self.fence,
            age: duration(now.nanos.saturating_sub(self.since)),
            remaining: duration(self.until.saturating_sub(now.nanos)),
        }
    }
}

/// Fences are below 2⁵³, and a number that no fence can be writes nothing.
pub(super) fn number(fence: Fence) -> i64 {
    i64::try_from(fence.number()).unwrap_or(i64::MAX)
}

pub(super) fn fence(number: i64) -> Fence {
    Fence::new(number.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(boot: &str, now: Nanos) -> bool {
        is_held("this", boot, now)
    }

    fn is_held(granted: &str, boot: &str, now: Nanos) -> bool {
        let holder = Holder {
            fence: Fence::new(1),
            token: String::new(),
            until: 1_100,
            owner: String::new(),
            boot: granted.to_owned(),
            since: 900,
            ttl: 100,
        };
        holder.holds(Now { boot, nanos: now })
    }

    #[test]
    fn a_lease_holds_until_its_end_and_not_at_it() {
        assert!(holds("this", 1_000));
        assert!(holds("this", 1_099));
        assert!(!holds("this", 1_100));
        assert!(!holds("this", Nanos::MAX));
    }

    #[test]
    fn a_lease_of_another_boot_has_ended() {
        assert!(!holds("another", 1_000));
    }

    #[test]
    fn a_lease_that_has_more_left_than_its_time_to_live_is_of_another_boot_where_those_have_no_id() {
        assert!(is_held("", "", 1_000));
        assert!(!is_held("", "", 999));
        assert!(!is_held("", "", 0));
        assert!(holds("this", 999), "it was extended meanwhile");
    }
}
