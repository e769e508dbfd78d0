//! Memory stays flat however often a child is restarted.

use crate::support::{ms, run, supervisor};
use arbour::{Backoff, ChildSpec, Failure, RestartLimit, defer, stopping};
use arbour_primitives::scope::living_nodes;
use tokio::runtime::Handle;

const RESTARTS: u64 = 100_000;

/// Other tests of this binary have scopes of their own at the same time; they are far fewer than this.
const OTHERS: usize = 20_000;

#[arbour::test]
async fn a_hundred_thousand_restarts_leave_no_scope_and_no_task_behind_and_are_counted_exactly() {
    let child = ChildSpec::new("a", |cx| async move {
        defer(async {});
        if cx.incarnation() <= RESTARTS {
            return Err(Failure::message("again"));
        }
        stopping().await;
        Ok(())
    });
    let endless = RestartLimit::new(u32::MAX, ms(1)).unwrap();
    let app = supervisor().limit(endless).child(child.backoff(Backoff::none()));
    let before = living_nodes();
    let (snapshot, outcome) = run(app, async |handle| {
        while handle.snapshot().await.restarts < RESTARTS {
            tokio::task::yield_now().await;
        }
        assert!(living_nodes() < before + OTHERS, "{} scopes live", living_nodes());
        // The supervisor itself, and the keeper of its child.
        assert!(Handle::current().metrics().num_alive_tasks() <= 3);
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    let child = &snapshot.children[0];
    assert_eq!((snapshot.restarts, child.restarts, child.incarnation), (RESTARTS, RESTARTS, RESTARTS + 1));
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[arbour::test]
async fn ten_thousand_children_added_and_deleted_leave_nothing_behind() {
    let before = living_nodes();
    let (children, outcome) = run(supervisor(), async |handle| {
        for _ in 0..10_000 {
            let child = ChildSpec::new("a", |_| async {
                stopping().await;
                Ok::<(), Failure>(())
            });
            handle.start_child(child).await.unwrap();
            handle.stop_child("a").await.unwrap();
            handle.delete_child("a").await.unwrap();
        }
        assert!(Handle::current().metrics().num_alive_tasks() <= 2);
        handle.snapshot().await.children.len()
    })
    .await;
    outcome.unwrap();
    assert_eq!(children, 0);
    assert!(living_nodes() < before + OTHERS / 4, "{} scopes live", living_nodes());
}
