//! The store of one machine: a file that its processes share through SQLite.

mod database;
mod failure;
mod holder;
mod open;
mod schema;
mod system;
#[cfg(test)]
mod tests;
mod thread;
mod waiting;

use crate::begin::begin;
use crate::clock::Clock;
use crate::store::{
    Acquired, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Operation, Released, StoreError,
    Token, Written,
};
use database::Database;
use failure::Failure;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thread::Thread;

pub use open::SqliteOpenError;

/// The [`LeaseStore`] of the processes of one machine: a database file, in WAL mode. Clones are the same store.
///
/// All processes open the same file, which the first of them makes. It may be a database of your own: the store has
/// the tables below, and touches nothing else. It must lie on a disk of this machine; removed or replaced while it is
/// in use, it is refused.
///
/// # Time
///
/// Leases count by the clock of the machine that also runs while it sleeps, which all its processes share and nobody
/// can set. It begins anew when the machine starts, and so does every lease: who held it is gone. A lease therefore
/// carries the id of its boot, and one of another boot has ended. Where the system gives no such id (Linux does), a
/// lease that seems to last longer than its whole time to live is of another boot. The rest of what is measured wrongly
/// is then less than a time to live, and on the safe side. Processes in time namespaces of their own, which see
/// another clock, must not share a file.
///
/// # Requests
///
/// Requests are done one by one in a thread that the store has, and that ends with the last clone: no thread of the
/// runtime is blocked. A request that changes something is one immediate transaction, which is on the disk when it is
/// answered (`synchronous = FULL`). One that is cancelled or dropped is done as a whole, or not at all if its turn
/// had not come, and what is asked after it comes after it.
///
/// While another process writes, which takes it a millisecond or so, a request waits, for a second at most; then it
/// fails with [`NotSent`](crate::StoreErrorKind::NotSent); so leases here should last for some seconds, as a renewal that
/// waits holds up those behind it. A process that is stopped (`SIGSTOP`) in the middle of such
/// a write blocks the others until it goes on: nobody is granted anything meanwhile, and nothing is written twice.
///
/// # Waiting
///
/// A release in the same process is told at once. Those of other processes are found by a look at the number of the
/// database's version, every 20 ms as long as anybody waits, once for all who do: a hand-over to another process
/// takes 10 ms on average beside its two transactions. Nobody looks where nobody waits.
///
/// # Fences
///
/// A fence is greater than every fence of this file, of whichever name, and at least the microseconds since 1970 when
/// it was granted: so fences rise also if rows are deleted, and, unless the wall clock was set back, if the file is.
///
/// # Tables
///
/// ```sql
/// CREATE TABLE arbour_store (      -- one row
///     only    INTEGER PRIMARY KEY CHECK (only = 1),
///     version INTEGER NOT NULL,    -- of these tables: 1
///     fence   INTEGER NOT NULL     -- the greatest that was ever granted
/// ) STRICT;
/// CREATE TABLE arbour_lease (
///     name    TEXT PRIMARY KEY,
///     fence   INTEGER NOT NULL,    -- the newest of the name, also after the lease has ended
///     token   TEXT,                -- of who holds it, 32 hexadecimal digits; NULL after a release
///     owner   TEXT NOT NULL,
///     boot    TEXT NOT NULL,       -- /proc/sys/kernel/random/boot_id; empty where there is none
///     since   INTEGER NOT NULL,    -- nanoseconds of the clock since boot: granted,
///     until   INTEGER NOT NULL,    -- ending, if it is neither extended nor released,
///     ttl     INTEGER NOT NULL     -- and how long it was to last when it was last granted or extended
/// ) STRICT, WITHOUT ROWID;
/// CREATE TABLE arbour_entry (      -- what was written under fences
///     name    TEXT NOT NULL,
///     key     TEXT NOT NULL,
///     value   BLOB NOT NULL,
///     fence   INTEGER NOT NULL,
///     PRIMARY KEY (name, key)
/// ) STRICT, WITHOUT ROWID;
/// ```
///
/// Rows of names that are not used any more may be deleted, together with their entries.
///
/// # Examples
///
/// ```
/// use arbour::leases::{Acquired, LeaseName, LeaseStore, SqliteStore, Token};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// # let folder = std::env::temp_dir().join(format!("arbour-sqlite-{}", Token::new()));
/// # std::fs::create_dir(&folder)?;
/// # let path = folder.join("leases.db");
/// let (here, there) = (SqliteStore::open(&path).await?, SqliteStore::open(&path).await?);
/// let (name, ttl) = (LeaseName::new("oak")?, Duration::from_secs(15));
///
/// assert!(matches!(here.acquire(&name, Token::new(), "here", ttl).await?, Acquired::Granted(_)));
/// let Acquired::Held(holding) = there.acquire(&name, Token::new(), "there", ttl).await? else { panic!() };
/// assert_eq!(holding.owner, "here");
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    path: Arc<Path>,
    clock: Clock,
    thread: Thread,
}

impl SqliteStore {
    /// The store in this file, which is made if it is not there. Its folder must be there. While others write it waits
    /// for ten seconds at most.
    ///
    /// # Cancel safety
    ///
    /// Dropped or cancelled it leaves the file, with tables in it or without, and may be called again.
    ///
    /// # Errors
    ///
    /// [`SqliteOpenError`], with the path: the file is no database, or one that cannot be shared or written, or one
    /// whose tables are of another version.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, SqliteOpenError> {
        begin().await;
        let (path, clock) = (Arc::from(path.into()), Clock::boot_time());
        let thread = Thread::start(Arc::clone(&path), clock.clone()).await?;
        Ok(Self { path, clock, thread })
    }

    /// Has this done in the store's thread.
    async fn ask<T: Send + 'static>(
        &self,
        operation: Operation,
        name: &str,
        request: impl FnOnce(&mut Database) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        begin().await;
        self.thread.ask(request).await.map_err(|failure| failure.of(operation, name, &self.path))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl LeaseStore for SqliteStore {
    fn clock(&self) -> Clock {
        self.clock.clone()
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        let (lease, owner) = (name.clone(), owner.to_owned());
        let request = move |database: &mut Database| database.acquire(&lease, token, &owner, ttl);
        self.ask(Operation::Acquire, name, request).await
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        let lease = name.clone();
        self.ask(Operation::Extend, name, move |database| database.extend(&lease, token, ttl)).await
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        let lease = name.clone();
        self.ask(Operation::Release, name, move |database| database.release(&lease, token)).await
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        begin().await;
        let waited = self.thread.until_free(name.clone(), self.clock.now() + at_most).await;
        waited.map_err(|failure| failure.of(Operation::UntilFree, name, &self.path))
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        let lease = name.clone();
        self.ask(Operation::Look, name, move |database| database.look(&lease)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        let names = prefix.to_owned();
        self.ask(Operation::List, prefix, move |database| database.list(&names)).await
    }

    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        let lease = name.clone();
        let entries: Vec<(String, Vec<u8>)> =
            entries.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect();
        self.ask(Operation::Write, name, move |database| database.write(&lease, fence, &entries)).await
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        let (lease, key) = (name.clone(), key.to_owned());
        self.ask(Operation::Read, name, move |database| database.read(&lease, &key)).await
    }
}
