//! Everything that can be awaited, dropped and cancelled at each of its polls.
//!
//! `table.md` lists what there is and which test sweeps it; a tidy law keeps the list whole. After each
//! run nothing may live on, nothing may be held, and no item may be lost or doubled.
#![forbid(unsafe_code)]

mod actors;
#[path = "../conformance/certificates.rs"]
mod certificates;
mod combining;
mod connecting;
mod datagrams;
mod groups;
mod leases;
mod local_sockets;
mod one_to_many;
mod promises;
mod scopes;
#[path = "../leases/scratch.rs"]
mod scratch;
#[path = "../leases/server.rs"]
#[allow(dead_code, reason = "sweeps leave the server as it is")]
mod server;
mod serving;
mod sockets;
mod streams;
mod streams_together;
mod supervisors;
mod support;
mod tls;
mod wrappers;
