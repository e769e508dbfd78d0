//! Leases, fences and what was written under them, as a function of requests and the time.

use crate::clock::Moment;
use crate::fault::fault;
use crate::store::{Acquired, Extended, Fence, Fenced, Holding, LeaseName, Released, Token, Written};
use std::collections::BTreeMap;
use std::time::Duration;

/// Invariants:
///
/// 1. The newest fence of a row never falls, and a row is never removed.
/// 2. The holder of a row has its newest fence.
/// 3. A holder whose time is over counts as none, whether it still stands there or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Table {
    rows: BTreeMap<LeaseName, Row>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Row {
    newest: Option<Fence>,
    holder: Option<Holder>,
    entries: BTreeMap<String, (Vec<u8>, Fence)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Holder {
    token: Token,
    owner: String,
    fence: Fence,
    since: Moment,
    until: Moment,
}

impl Table {
    pub(crate) fn acquire(
        &mut self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
        now: Moment,
    ) -> Acquired {
        let row = self.rows.entry(name.clone()).or_default();
        match row.holder_mut(now) {
            Some(holder) if holder.token == token => {
                holder.until = now + ttl;
                Acquired::Granted(holder.fence)
            }
            Some(holder) => Acquired::Held(holder.seen(name, now)),
            None => Acquired::Granted(row.grant(token, owner, now, now + ttl)),
        }
    }

    pub(crate) fn extend(&mut self, name: &LeaseName, token: Token, ttl: Duration, now: Moment) -> Extended {
        if fault("an_extend_makes_anew") {
            self.hold_anew(name, token, now + ttl, now);
        }
        match self.rows.get_mut(name).and_then(|row| row.holder_mut(now)) {
            Some(holder) if holder.token == token => {
                holder.until = now + ttl;
                Extended::Confirmed(holder.fence)
            }
            other => Extended::Gone(other.map(|holder| holder.seen(name, now))),
        }
    }

    /// What a planted fault does: a row that nobody holds is held by this token, without a grant.
    fn hold_anew(&mut self, name: &LeaseName, token: Token, until: Moment, now: Moment) {
        if let Some(row) = self.rows.get_mut(name)
            && row.holder_mut(now).is_none()
            && let Some(fence) = row.newest
        {
            row.holder = Some(Holder { token, owner: String::new(), fence, since: now, until });
        }
    }

    pub(crate) fn release(&mut self, name: &LeaseName, token: Token, now: Moment) -> Released {
        let Some(row) = self.rows.get_mut(name) else { return Released::NotHeld };
        let is_own = |holder: &mut Holder| holder.token == token || fault("a_release_takes_a_strangers");
        if !row.holder_mut(now).is_some_and(is_own) {
            return Released::NotHeld;
        }
        row.holder = None;
        Released::Now
    }

    pub(crate) fn look(&self, name: &LeaseName, now: Moment) -> Option<Holding> {
        self.rows.get(name)?.holding(name, now)
    }

    pub(crate) fn list(&self, prefix: &str, now: Moment) -> Vec<Holding> {
        let rows = self.rows.iter().filter(|(name, _)| name.starts_with(prefix));
        rows.filter_map(|(name, row)| row.holding(name, now)).collect()
    }

    pub(crate) fn write(&mut self, name: &LeaseName, fence: Fence, entries: &[(&str, &[u8])]) -> Written {
        let row = self.rows.get_mut(name);
        let newest = row.as_ref().and_then(|row| row.newest);
        let is_newest = |row: &&mut Row| row.newest == Some(fence) || fault("a_write_ignores_the_fence");
        let Some(row) = row.filter(is_newest) else {
            return Written::Refused { newest };
        };
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), (value.to_vec(), fence)));
        row.entries.extend(entries);
        Written::Accepted
    }

    pub(crate) fn read(&self, name: &LeaseName, key: &str) -> Option<Fenced> {
        let (value, fence) = self.rows.get(name)?.entries.get(key)?;
        Some(Fenced { value: value.clone(), fence: *fence })
    }
}

impl Row {
    fn holder_mut(&mut self, now: Moment) -> Option<&mut Holder> {
        self.holder.as_mut().filter(|holder| holder.holds_at(now))
    }

    fn holding(&self, name: &LeaseName, now: Moment) -> Option<Holding> {
        let holder = self.holder.as_ref().filter(|holder| holder.holds_at(now));
        holder.map(|holder| holder.seen(name, now))
    }

    fn grant(&mut self, token: Token, owner: &str, since: Moment, until: Moment) -> Fence {
        let fence = Fence::new(self.newest.map_or(0, Fence::number) + 1);
        self.newest = Some(fence);
        self.holder = Some(Holder { token, owner: owner.to_owned(), fence, since, until });
        fence
    }
}

impl Holder {
    fn holds_at(&self, now: Moment) -> bool {
        now < self.until
    }

    fn seen(&self, name: &LeaseName, now: Moment) -> Holding {
        Holding {
            name: name.clone(),
            owner: self.owner.clone(),
            fence: self.fence,
            age: now.since(self.since),
            remaining: self.until.since(now),
        }
    }
}

#[cfg(test)]
impl Table {
    /// Who holds this lease now.
    pub(crate) fn holder_of(&self, name: &LeaseName, now: Moment) -> Option<Token> {
        let holder = self.rows.get(name)?.holder.as_ref().filter(|holder| holder.holds_at(now));
        holder.map(|holder| holder.token)
    }

    /// The newest fence of this name.
    pub(crate) fn newest_of(&self, name: &LeaseName) -> Option<Fence> {
        self.rows.get(name)?.newest
    }
}
