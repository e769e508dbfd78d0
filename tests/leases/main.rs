//! Leases in stores outside of the process: their clauses, several processes, and servers and lines that fail.
#![forbid(unsafe_code)]

mod faults;
mod lock_worker;
#[path = "../conformance/log.rs"]
mod log;
mod proxy;
#[path = "../structured/recorder.rs"]
mod recorder;
mod redis;
mod reports;
mod scratch;
mod scripts;
mod server;
mod sqlite;
mod worker;
