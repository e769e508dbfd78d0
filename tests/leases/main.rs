//! Leases in stores outside of the process: their clauses, several processes, and servers and lines that fail.
#![forbid(unsafe_code)]

mod faults;
mod lock_worker;
mod proxy;
mod redis;
mod scratch;
mod scripts;
mod server;
mod sqlite;
mod worker;
