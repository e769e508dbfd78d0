//! The children: a database, a cache that loses its connection, a web server. Each takes its time.

use arbour::{ChildSpec, Failure, stopping};
use std::time::Duration;
use tokio::time::sleep;

const START: Duration = Duration::from_millis(20);
const STOP: Duration = Duration::from_millis(10);
/// How long the first run of the cache lasts.
const UNTIL_FAILURE: Duration = Duration::from_millis(500);

/// In the order in which they start, and depend on each other.
pub(crate) fn all() -> [ChildSpec; 3] {
    [child("database", |_| false), child("cache", |run| run == 1), child("web", |_| false)]
}

fn child(name: &'static str, fails: fn(u64) -> bool) -> ChildSpec {
    let child = ChildSpec::new(name, move |cx| async move {
        sleep(START).await;
        cx.ready();
        if fails(cx.incarnation()) {
            sleep(UNTIL_FAILURE).await;
            return Err(Failure::message("connection lost"));
        }
        stopping().await;
        sleep(STOP).await;
        Ok(())
    });
    child.reports_ready()
}
