//! The rules of cancellation and of task groups, one module each, seen through public names only.
#![forbid(unsafe_code)]

mod bridges;
mod c01_delivery;
mod c02_begun;
mod c03_first_poll;
mod c04_outermost;
mod c05_order_of_wakes;
mod c06_holds;
mod c07_catch;
mod c08_order_of_ending;
mod c09_panics;
mod c10_places;
mod c11_adoption;
mod c12_clean_up;
mod c13_abort;
mod c14_budgets;
mod concurrent;
mod deadlines;
mod every_await;
mod every_branch;
mod group_failures;
mod group_handles;
mod group_spawn;
mod group_start;
mod joining;
mod local;
mod racing;
mod retrying;
mod spans;
mod support;
mod sync_every_await;
mod tasks;
mod thread_calls;
mod values;
