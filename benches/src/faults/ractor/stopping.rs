//! What goes on after an actor has ended.

use super::actors::{Child, Order, Parent};
use super::{Finding, Journal};
use ractor::concurrency::JoinHandle;
use ractor::{Actor, ActorRef, ActorStatus};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// A parent and its linked child, each with what joins it.
struct Family {
    parent: ActorRef<()>,
    parent_joined: JoinHandle<()>,
    child: ActorRef<Order>,
    child_joined: JoinHandle<()>,
}

impl Family {
    async fn new(journal: &Journal) -> Self {
        let (parent, parent_joined) =
            Actor::spawn(None, Parent(journal.clone()), ()).await.expect("it starts");
        let linked = Actor::spawn_linked(None, Child(journal.clone()), (), parent.get_cell());
        let (child, child_joined) = linked.await.expect("it starts");
        // The parent hears of the start; until then its task may stand behind the child's in one worker.
        sleep(Duration::from_millis(20)).await;
        Self { parent, parent_joined, child, child_joined }
    }
}

/// R1.
pub(super) async fn a_child_goes_on_without_its_parent() -> Finding {
    let journal = Journal::new();
    let Family { parent, parent_joined, child, child_joined } = Family::new(&journal).await;
    let (begun, has_begun) = oneshot::channel();
    let (let_go, go_on) = mpsc::channel();
    let _ = child.cast(Order::Work { begun, go_on });
    let _ = has_begun.await;
    parent.stop(None);
    let _ = parent_joined.await;
    let (parent, status, running) = (parent.get_status(), child.get_status(), !child_joined.is_finished());
    drop(let_go);
    Finding::new(
        status == ActorStatus::Running && running,
        format!(
            "the parent was stopped and joined while its child was at work in a handler: the parent {parent:?}, \
             the child {status:?}, its task {}",
            if running { "alive" } else { "over" }
        ),
    )
}

/// R1.
pub(super) async fn a_child_ends_without_its_stop_hook() -> Finding {
    let journal = Journal::new();
    let Family { parent, parent_joined, child, .. } = Family::new(&journal).await;
    let _ = child.cast(Order::Slow(Duration::from_millis(300)));
    sleep(Duration::from_millis(10)).await;
    parent.stop(None);
    let _ = parent_joined.await;
    sleep(Duration::from_secs(60)).await;
    let (handled, stopped) = (journal.count("handled"), journal.count("post_stop"));
    Finding::new(
        stopped == 0,
        format!(
            "a minute after the parent was stopped while its child awaited in a handler: the handler finished \
             {handled} times, post_stop ran {stopped} times, the child is {:?}",
            child.get_status()
        ),
    )
}

/// R7.
pub(super) async fn a_timer_outlives_its_actor() -> Finding {
    let (child, joined) = Actor::spawn(None, Child(Journal::new()), ()).await.expect("it starts");
    let timer = child.send_after(Duration::from_secs(3_600), || Order::Note);
    child.stop(None);
    let _ = joined.await;
    sleep(Duration::from_secs(60)).await;
    let alive = !timer.is_finished();
    Finding::new(
        alive,
        format!(
            "a minute after its actor had ended, the task of a send_after of an hour was {}",
            if alive { "alive" } else { "over" }
        ),
    )
}
