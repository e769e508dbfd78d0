//! Runs the example `lock_worker` as several processes: what is handed over, and what happens when they or their store
//! fail.

mod commands;
mod crashes;
mod event;
#[path = "../shared/example.rs"]
mod example;
mod group;
mod hand_over;
mod pauses;
mod place;
mod program;
mod records;
