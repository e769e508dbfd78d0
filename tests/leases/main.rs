//! Leases in stores outside of the process: their clauses, several processes, and servers and lines that fail.
#![forbid(unsafe_code)]

mod lock_worker;
mod scratch;
mod sqlite;
mod worker;
