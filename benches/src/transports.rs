//! Transports: what ours cost on the way through a socket, beside bare tokio and tokio-rustls.

mod methods;
mod row;
mod sockets;
mod task;
mod tls;
mod traits;

use crate::harness::Bench;
use methods::Methods;
use row::row;
use task::{TURNS, Task};
use traits::Stream;

/// Every bench of the program `transports`.
#[must_use]
pub fn benches() -> Vec<Bench> {
    [
        over("tcp", sockets::arbour_tcp, "tokio", sockets::tokio_tcp),
        over("unix", sockets::arbour_unix, "tokio", sockets::tokio_unix),
        over("tls", tls::arbour, "tokio-rustls", tls::tokio_rustls),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Our ends, used in each way, beside those of a rival, which are always used by tokio's traits in bare tasks.
fn over<A, B, F, G>(over: &str, ours: fn() -> F, rival: &'static str, theirs: fn() -> G) -> Vec<Bench>
where
    A: Stream + Methods,
    B: Stream,
    F: Future<Output = (A, A)> + Send + 'static,
    G: Future<Output = (B, B)> + Send + 'static,
{
    let all = Task::ALL.into_iter().flat_map(|task| {
        [
            ("", row("arbour", task, ours, traits::in_tasks)),
            (" in a group", row("arbour", task, ours, traits::in_a_group)),
            (" by methods in a group", row("arbour", task, ours, methods::in_a_group)),
        ]
        .map(|(how, ours)| {
            let theirs = row(rival, task, theirs, traits::in_tasks);
            Bench::new(format!("{over}/{}{how}", task.name()), TURNS, ours, vec![theirs])
        })
    });
    all.collect()
}
