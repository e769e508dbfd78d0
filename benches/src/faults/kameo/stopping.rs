//! Stops: what they wait for, and what does not wait for them.

use super::actors::{Child, OneForOne, Ping, Slow};
use super::{Finding, Journal};
use kameo::actor::Spawn;
use kameo::mailbox;
use std::time::Duration;
use tokio::time::sleep;

/// K6.
pub(super) async fn a_supervisor_ends_before_its_child() -> Finding {
    let journal = Journal::new();
    let app = OneForOne::spawn(());
    let slow = Child { stop: Duration::from_millis(200), ..Child::new("child", &journal) };
    let _child = Child::supervise(&app, slow).spawn().await;
    sleep(Duration::from_millis(10)).await;
    let _ = app.stop_gracefully().await;
    let _ = app.wait_for_shutdown_result().await;
    journal.note("ended");
    sleep(Duration::from_secs(1)).await;
    Finding::new(
        journal.words() == "+child ended -child",
        format!("on_stop of the child takes 200 ms, its supervisor is stopped at 10 ms: {}", journal.timed()),
    )
}

/// K7.
pub(super) async fn a_stopped_child_comes_back() -> Finding {
    let journal = Journal::new();
    let app = OneForOne::spawn(());
    let child = Child::supervise(&app, Child::new("child", &journal)).spawn().await;
    sleep(Duration::from_millis(10)).await;
    let _ = child.stop_gracefully().await;
    sleep(Duration::from_secs(1)).await;
    let starts = journal.count("+child");
    Finding::new(starts > 1, format!("stop_gracefully on a Permanent child: it started {starts} times"))
}

/// K9.
pub(super) async fn a_stop_waits_for_room() -> Finding {
    let journal = Journal::new();
    let child = Child::spawn_with_mailbox(Child::new("child", &journal), mailbox::bounded(1));
    let _ = child.tell(Slow(Duration::from_secs(1))).await;
    sleep(Duration::from_millis(10)).await;
    let _ = child.tell(Ping).await;
    let asked = journal.time();
    let _ = child.stop_gracefully().await;
    let took = journal.time() - asked;
    Finding::new(
        took > 500,
        format!(
            "a mailbox of one is full while a handler takes 1 s: the call to stop_gracefully waited {took} ms \
             for room"
        ),
    )
}

/// K10.
pub(super) async fn a_stop_hook_has_no_limit() -> Finding {
    let journal = Journal::new();
    let slow = Child { stop: Duration::from_secs(3_600), ..Child::new("child", &journal) };
    let child = Child::spawn(slow);
    sleep(Duration::from_millis(10)).await;
    child.kill();
    let _ = child.wait_for_shutdown_result().await;
    let took = journal.time() - 10;
    Finding::new(
        took > 60_000,
        format!("on_stop takes an hour: a killed actor ended after {} s", took / 1_000),
    )
}
