//! A start that takes long.

use super::actors::Child;
use super::{Finding, Journal};
use kameo::actor::Spawn;
use std::time::Duration;
use tokio::time::sleep;

/// K10.
pub(super) async fn a_kill_waits_for_the_start() -> Finding {
    let journal = Journal::new();
    let slow = Child { start: Duration::from_millis(700), ..Child::new("child", &journal) };
    let child = Child::spawn(slow);
    sleep(Duration::from_millis(50)).await;
    child.kill();
    child.wait_for_shutdown().await;
    let took = journal.time() - 50;
    Finding::new(
        took >= 600,
        format!("on_start takes 700 ms, kill at 50 ms: the actor ended {took} ms later"),
    )
}
