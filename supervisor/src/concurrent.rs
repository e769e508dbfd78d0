//! Children over collections and streams: so many at once, results in order or as they come.
//!
//! The items are children of a task group, not branches of the task that awaits them: they run in
//! parallel, and go on while the consumer is busy with the result before. A stream of branches makes
//! no progress then, which is how a connection that is waiting to be read gets closed by its server.

mod all;
mod children;
mod completed;
mod map;

pub use all::{for_each_concurrent, gather, map_concurrent};
pub use completed::{AsCompleted, Completed, as_completed};
pub use map::MapConcurrent;
