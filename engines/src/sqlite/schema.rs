//! The tables, made where they are not there, and looked at where they are.

use super::open::Fault;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// The version of the tables below; it changes with them.
pub(super) const VERSION: i64 = 1;

pub(super) const TABLES: &str = "
    CREATE TABLE arbour_store (
        only    INTEGER PRIMARY KEY CHECK (only = 1),
        version INTEGER NOT NULL,
        fence   INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE arbour_lease (
        name    TEXT PRIMARY KEY,
        fence   INTEGER NOT NULL,
        token   TEXT,
        owner   TEXT NOT NULL,
        boot    TEXT NOT NULL,
        since   INTEGER NOT NULL,
        until   INTEGER NOT NULL,
        ttl     INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE arbour_entry (
        name    TEXT NOT NULL,
        key     TEXT NOT NULL,
        value   BLOB NOT NULL,
        fence   INTEGER NOT NULL,
        PRIMARY KEY (name, key)
    ) STRICT, WITHOUT ROWID;
";

/// The tables are there and of the version that is known here. Of many who make them at once, one does.
pub(super) fn make(connection: &mut Connection) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match version(&transaction)? {
        Some(VERSION) => Ok(()),
        Some(found) => Err(Fault::Version(found)),
        None => {
            transaction.execute_batch(TABLES)?;
            transaction.execute("INSERT INTO arbour_store VALUES (1, ?1, 0)", [VERSION])?;
            Ok(transaction.commit()?)
        }
    }
}

/// The version of the tables that are there.
fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'arbour_store'";
    if !connection.prepare(sql)?.exists([])? {
        return Ok(None);
    }
    let version =
        connection.query_row("SELECT version FROM arbour_store", [], |row| row.get(0)).optional()?;
    // Tables without their row are of no version.
    Ok(Some(version.unwrap_or_default()))
}
