//! Opening the file, and everything that speaks against it.

use super::database::Database;
use super::system::{boot_id, place_of, remote_file_system};
use super::{schema, schema::VERSION};
use crate::clock::Clock;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a request waits while others write.
const BUSY: Duration = Duration::from_secs(1);

/// How long an opening waits, of which no lease depends yet.
const OPENS: Duration = Duration::from_secs(10);

/// How often who waits looks whether the others have ended. SQLite's own handler waits longer each time, so that who
/// has waited longest has the least chance.
const LOOK: Duration = Duration::from_millis(2);

/// A file cannot be a store of leases: which one, and why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteOpenError {
    /// It lies on the disk of another machine, as far as the system knows.
    #[error(
        "{} lies on {file_system}, which other machines share; leases in a file are for the processes of one machine",
        .path.display()
    )]
    #[non_exhaustive]
    Remote {
        /// The file.
        path: PathBuf,
        /// What the disk is reached by.
        file_system: &'static str,
    },
    /// It is something else than a database.
    #[error("{} is no SQLite database; it was left as it is", .path.display())]
    #[non_exhaustive]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It may be read and not written.
    #[error("{} is read-only, and who takes a lease must write", .path.display())]
    #[non_exhaustive]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Other processes cannot share it: SQLite keeps it in a journal of this mode, and WAL is needed.
    #[error(
        "{} cannot be shared: SQLite opens it in journal mode `{mode}`, and leases need `wal`, in a file on a disk",
        .path.display()
    )]
    #[non_exhaustive]
    NotShared {
        /// The file.
        path: PathBuf,
        /// The mode that SQLite offers.
        mode: String,
    },
    /// Its tables are of a version that is not known here.
    #[error(
        "the tables of leases in {} are of version {found}, and this program knows version {VERSION}; it was left as it is",
        .path.display()
    )]
    #[non_exhaustive]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
    },
    /// SQLite says no for another reason.
    #[error("{} cannot be opened as a store of leases: {source}", .path.display())]
    #[non_exhaustive]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system gives no thread to ask SQLite in.
    #[error("{} cannot be opened, as there is no thread to be had: {source}", .path.display())]
    #[non_exhaustive]
    NoThread {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What speaks against a file, without its path.
#[derive(Debug)]
pub(super) enum Fault {
    Remote(&'static str),
    ReadOnly,
    NotShared(String),
    Version(i64),
    Sqlite(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    fn of(self, path: &Path) -> SqliteOpenError {
        let path = path.to_owned();
        match self {
            Self::Remote(file_system) => SqliteOpenError::Remote { path, file_system },
            Self::ReadOnly => SqliteOpenError::ReadOnly { path },
            Self::NotShared(mode) => SqliteOpenError::NotShared { path, mode },
            Self::Version(found) => SqliteOpenError::Version { path, found },
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => SqliteOpenError::NotADatabase { path },
                Some(ErrorCode::ReadOnly) => SqliteOpenError::ReadOnly { path },
                _ => SqliteOpenError::Sqlite { path, source: error.into() },
            },
        }
    }

    fn is_busy(&self) -> bool {
        let Self::Sqlite(error) = self else { return false };
        error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
    }
}

/// The database in this file, ready for requests.
pub(super) fn open(path: &Path, clock: Clock) -> Result<Database, SqliteOpenError> {
    let connection = patiently(|| connect(path)).map_err(|fault| fault.of(path))?;
    Ok(Database::new(connection, clock, boot_id()))
}

/// Again and again while others are at the file. SQLite does not wait by itself where a wait may be a deadlock, and
/// the change of the journal mode is such a place.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let begin = Instant::now();
    loop {
        match attempt() {
            Err(fault) if fault.is_busy() && begin.elapsed() < OPENS => sleep(LOOK),
            ended => return ended,
        }
    }
}

/// Whether to try again, asked whenever others write.
fn waits() -> impl FnMut(i32) -> bool {
    let mut begin = Instant::now();
    move |before| {
        if before == 0 {
            begin = Instant::now();
        }
        let again = begin.elapsed() < BUSY;
        if again {
            sleep(LOOK);
        }
        again
    }
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    if let Some(file_system) = remote_file_system(&place_of(path)) {
        return Err(Fault::Remote(file_system));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    prepare(Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

/// Sets up a connection, and refuses one that would not serve.
pub(super) fn prepare(mut connection: Connection) -> Result<Connection, Fault> {
    connection.busy_handler(Some(waits()))?;
    // The schema is read before anything is written, so that a file of another kind stays as it is.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if connection.is_readonly("main")? {
        return Err(Fault::ReadOnly);
    }
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::NotShared(mode));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    schema::make(&mut connection)?;
    Ok(connection)
}
