//! The behaviours that users of AnyIO and Trio, OTP, Elixir and Pekko rely on, case by case.
//!
//! A test's path ends in the id of the case it shows, so that a list of cases can be checked against
//! the list of tests. `README.md` beside this file names the cases that have no meaning in Rust.
#![forbid(unsafe_code)]

mod attributes;
mod calling_back;
mod cancelling;
mod certificates;
mod concurrency;
mod conditions;
mod debugging;
mod descriptors;
#[path = "../actors/doer.rs"]
mod doer;
mod failures;
mod group_ends;
mod handles;
mod levels;
mod limiters;
mod limits_of_time;
mod locks;
mod log;
mod members;
mod network;
mod observing;
mod oneshots;
mod portals;
mod process_groups;
mod readiness;
#[path = "../structured/recorder.rs"]
mod recorder;
mod registry;
mod running;
mod semaphores;
mod servers;
mod servers_calling;
mod servers_waiting;
mod serving;
mod shielding;
mod sockets_connecting;
mod sockets_datagrams;
mod sockets_listening;
mod sockets_tcp;
mod sockets_udp;
mod sockets_unix;
mod starting;
mod stream_cancelling;
mod stream_closing;
mod stream_order;
mod supervised;
mod supervision_dynamic;
mod supervision_partitions;
mod supervision_restarting;
mod supervision_significance;
mod supervision_spec;
mod supervision_starting;
mod supervision_stopping;
mod supervision_tasks;
mod support;
mod threads;
mod tls;
mod tls_serving;
mod waiters;
mod wrappers;
