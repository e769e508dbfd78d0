//! Runs the example `stream_worker` as a program: what it prints, what it leaves out, and how it ends.

mod edges;
#[path = "../shared/example.rs"]
mod example;
mod expected;
mod giving_up;
mod memory;
mod output;
#[path = "../../examples/stream_worker/partition.rs"]
mod partition;
mod program;
mod properties;
mod records;
mod refusals;
mod scratch;
mod signals;
