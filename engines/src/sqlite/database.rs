//! The requests as transactions.

use super::failure::Failure;
use super::holder::{Holder, Now, fence, nanos, number};
use crate::clock::{Clock, Moment};
use crate::store::{Acquired, Extended, Fence, Fenced, Holding, LeaseName, Released, Token, Written};
use rusqlite::{Connection, FileControl, OptionalExtension, Transaction, TransactionBehavior, params};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Beyond this (in the year 2112) wall clocks are not believed, so that fences stay below 2⁵³.
const MOST_MICROS: i64 = 1 << 52;

/// The one connection of a store.
pub(super) struct Database {
    pub(super) connection: Connection,
    clock: Clock,
    boot: String,
}

/// What changes with every commit to the database: of others, and of this connection.
pub(super) type Version = (i64, u64);

impl Database {
    pub(super) fn new(connection: Connection, clock: Clock, boot: String) -> Self {
        Self { connection, clock, boot }
    }

    pub(super) fn acquire(
        &mut self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, Failure> {
        self.change(|transaction, now| match holder(transaction, name, now)? {
            Some(holder) if holder.token == token.to_string() => {
                lengthen(transaction, name, now, ttl)?;
                Ok(Acquired::Granted(holder.fence))
            }
            Some(holder) => Ok(Acquired::Held(holder.seen(name.clone(), now))),
            None => grant(transaction, name, token, owner, now, ttl).map(Acquired::Granted),
        })
    }

    pub(super) fn extend(
        &mut self,
        name: &LeaseName,
        token: Token,
        ttl: Duration,
    ) -> Result<Extended, Failure> {
        self.change(|transaction, now| match holder(transaction, name, now)? {
            Some(holder) if holder.token == token.to_string() => {
                lengthen(transaction, name, now, ttl)?;
                Ok(Extended::Confirmed(holder.fence))
            }
            other => Ok(Extended::Gone(other.map(|holder| holder.seen(name.clone(), now)))),
        })
    }

    pub(super) fn release(&mut self, name: &LeaseName, token: Token) -> Result<Released, Failure> {
        self.change(|transaction, now| match holder(transaction, name, now)? {
            Some(holder) if holder.token == token.to_string() => {
                let sql = "UPDATE arbour_lease SET token = NULL WHERE name = ?1";
                transaction.prepare(sql)?.execute([name.as_str()])?;
                Ok(Released::Now)
            }
            _ => Ok(Released::NotHeld),
        })
    }

    pub(super) fn look(&mut self, name: &LeaseName) -> Result<Option<Holding>, Failure> {
        let now = Now { boot: &self.boot, nanos: since_boot(&self.clock) };
        Ok(holder(&self.connection, name, now)?.map(|holder| holder.seen(name.clone(), now)))
    }

    pub(super) fn list(&mut self, prefix: &str) -> Result<Vec<Holding>, Failure> {
        let now = Now { boot: &self.boot, nanos: since_boot(&self.clock) };
        let sql =
            format!("SELECT {}, name FROM arbour_lease WHERE name >= ?1 ORDER BY name", Holder::COLUMNS);
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([prefix])?;
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get("name")?;
            if !name.starts_with(prefix) {
                break;
            }
            let holder = Holder::of(row)?.filter(|holder| holder.holds(now));
            // What cannot name a lease was not written by a store, and nobody can hold it.
            let named = LeaseName::new(name).ok();
            list.extend(holder.zip(named).map(|(holder, name)| holder.seen(name, now)));
        }
        Ok(list)
    }

    pub(super) fn write(
        &mut self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(String, Vec<u8>)],
    ) -> Result<Written, Failure> {
        self.change(|transaction, _| {
            let newest = newest(transaction, name)?;
            if newest != Some(fence) {
                return Ok(Written::Refused { newest });
            }
            let sql = "INSERT OR REPLACE INTO arbour_entry (name, key, value, fence) VALUES (?1, ?2, ?3, ?4)";
            let mut statement = transaction.prepare(sql)?;
            for (key, value) in entries {
                statement.execute(params![name.as_str(), key, value, number(fence)])?;
            }
            Ok(Written::Accepted)
        })
    }

    pub(super) fn read(&mut self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, Failure> {
        let sql = "SELECT value, fence FROM arbour_entry WHERE name = ?1 AND key = ?2";
        let mut statement = self.connection.prepare(sql)?;
        let read = statement.query_row([name.as_str(), key], |row| {
            Ok(Fenced { value: row.get(0)?, fence: fence(row.get(1)?) })
        });
        Ok(read.optional()?)
    }

    pub(super) fn version(&mut self) -> Result<Version, Failure> {
        let mut statement = self.connection.prepare("PRAGMA data_version")?;
        let of_others = statement.query_row([], |row| row.get(0))?;
        Ok((of_others, self.connection.total_changes()))
    }

    /// One immediate transaction. It is later than every one before it, by its `now` as well: the clock is asked when
    /// the lock is there.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>, Now<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        if has_moved(&self.connection)? {
            return Err(Failure::Moved);
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = change(&transaction, Now { boot: &self.boot, nanos: since_boot(&self.clock) })?;
        transaction.commit().map_err(|error| Failure::Committing(Arc::new(error)))?;
        Ok(changed)
    }
}

fn since_boot(clock: &Clock) -> i64 {
    nanos(clock.now().since(Moment::after_begin(Duration::ZERO)))
}

fn has_moved(connection: &Connection) -> rusqlite::Result<bool> {
    let mut moved = 0;
    connection.file_control(Some("main"), FileControl::HasMoved(&mut moved))?;
    Ok(moved != 0)
}

/// Who holds the lease now.
fn holder(connection: &Connection, name: &LeaseName, now: Now<'_>) -> rusqlite::Result<Option<Holder>> {
    let sql = format!("SELECT {} FROM arbour_lease WHERE name = ?1", Holder::COLUMNS);
    let holder = connection.prepare(&sql)?.query_row([name.as_str()], Holder::of).optional()?;
    Ok(holder.flatten().filter(|holder| holder.holds(now)))
}

fn newest(connection: &Connection, name: &LeaseName) -> rusqlite::Result<Option<Fence>> {
    let mut statement = connection.prepare("SELECT fence FROM arbour_lease WHERE name = ?1")?;
    statement.query_row([name.as_str()], |row| row.get(0).map(fence)).optional()
}

fn lengthen(connection: &Connection, name: &LeaseName, now: Now<'_>, ttl: Duration) -> rusqlite::Result<()> {
    let until = now.nanos.saturating_add(nanos(ttl));
    let sql = "UPDATE arbour_lease SET until = ?2, ttl = ?3 WHERE name = ?1";
    connection.prepare(sql)?.execute(params![name.as_str(), until, nanos(ttl)]).map(drop)
}

fn grant(
    connection: &Connection,
    name: &LeaseName,
    token: Token,
    owner: &str,
    now: Now<'_>,
    ttl: Duration,
) -> rusqlite::Result<Fence> {
    let sql = "UPDATE arbour_store SET fence = max(fence + 1, ?1) RETURNING fence";
    let number: i64 = connection.prepare(sql)?.query_row([micros_since_1970()], |row| row.get(0))?;
    let sql = "INSERT OR REPLACE INTO arbour_lease (name, fence, token, owner, boot, since, until, ttl) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let until = now.nanos.saturating_add(nanos(ttl));
    let row =
        params![name.as_str(), number, token.to_string(), owner, now.boot, now.nanos, until, nanos(ttl)];
    connection.prepare(sql)?.execute(row)?;
    Ok(fence(number))
}

fn micros_since_1970() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(MOST_MICROS).min(MOST_MICROS)
}
