//! How everything that waits here waits: a list of waiters, and visits to the state that holds it.

mod list;
mod visit;

pub(crate) use list::{Key, WaitList};
pub(crate) use visit::{Step, Visit, Wakes, visit, wake};
