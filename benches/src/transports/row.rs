//! A row: both ends connected, and then, under the clock, all that they do.

use super::task::Task;
use crate::harness::Row;
use crate::workers::Workers;

/// A row whose ends are connected in one way and used in another.
pub(super) fn row<S, C, U>(
    name: &'static str,
    task: Task,
    connect: fn() -> C,
    ends: fn(Task, S, S) -> U,
) -> Row
where
    S: Send + 'static,
    C: Future<Output = (S, S)> + Send + 'static,
    U: Future<Output = ()> + Send + 'static,
{
    Row::new(name, move |times, stopwatch| {
        let runtime = Workers::One.start_with_sockets();
        for _ in 0..times {
            let (client, server) = runtime.run(connect());
            stopwatch.time(|| runtime.run(ends(task, client, server)));
        }
    })
}
