//! Every call, and the supervisor itself, dropped at each of its polls: nothing leaks and nothing wedges.

use crate::support::{Journal, deaf, ms, run, service, settle, supervisor};
use arbour::{CancelScope, ChildSpec, Failure, SlotState, SupervisorHandle, stopping};
use std::pin::pin;
use std::task::Poll;
use tokio::time::sleep;

/// Polls `future` up to `polls` times and then drops it; says whether it had ended by then.
async fn dropped_after(polls: usize, future: impl Future) -> bool {
    let mut left = polls;
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            // The last poll it is given: it is dropped as it stands.
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A child that needs a few polls to start, and a few to stop.
fn dawdling() -> ChildSpec {
    let child = ChildSpec::new("b", |cx| async move {
        sleep(ms(5)).await;
        cx.ready();
        stopping().await;
        sleep(ms(5)).await;
        Ok::<(), Failure>(())
    });
    child.reports_ready()
}

async fn state(handle: &SupervisorHandle) -> Option<SlotState> {
    handle.snapshot().await.children.iter().find(|child| child.id == "b").map(|child| child.state)
}

/// Drops this call at each of its polls, in a new supervisor each time, and looks at what has become of `b`.
async fn at_each_poll(
    prepare: impl AsyncFn(&SupervisorHandle),
    call: impl AsyncFn(SupervisorHandle),
    then: impl Fn(usize, Option<SlotState>),
) {
    for polls in 0.. {
        let (ended, outcome) = run(supervisor(), async |handle| {
            prepare(&handle).await;
            let ended = dropped_after(polls, call(handle.clone())).await;
            sleep(ms(50)).await;
            then(polls, state(&handle).await);
            ended
        })
        .await;
        outcome.unwrap();
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
        if ended {
            return;
        }
    }
}

#[arbour::test]
async fn a_start_child_dropped_at_any_poll_starts_the_child_all_the_same() {
    at_each_poll(
        async |_| {},
        async |handle| drop(handle.start_child(dawdling()).await.unwrap()),
        |polls, state| match polls {
            0 => assert_eq!(state, None),
            _ => assert!(matches!(state, Some(SlotState::Running { .. })), "{polls}: {state:?}"),
        },
    )
    .await;
}

#[arbour::test]
async fn a_stop_child_dropped_at_any_poll_stops_the_child_all_the_same() {
    at_each_poll(
        async |handle| drop(handle.start_child(dawdling()).await.unwrap()),
        async |handle| handle.stop_child("b").await.unwrap(),
        |polls, state| match polls {
            0 => assert!(matches!(state, Some(SlotState::Running { .. }))),
            _ => assert_eq!(state, Some(SlotState::Down), "{polls}"),
        },
    )
    .await;
}

#[arbour::test]
async fn a_restart_child_dropped_at_any_poll_restarts_the_child_all_the_same() {
    at_each_poll(
        async |handle| {
            handle.start_child(dawdling()).await.unwrap();
            handle.stop_child("b").await.unwrap();
        },
        async |handle| drop(handle.restart_child("b").await.unwrap()),
        |polls, state| match polls {
            0 => assert_eq!(state, Some(SlotState::Down)),
            _ => assert!(matches!(state, Some(SlotState::Running { .. })), "{polls}: {state:?}"),
        },
    )
    .await;
}

#[arbour::test]
async fn a_delete_child_dropped_at_any_poll_deletes_the_child_all_the_same() {
    at_each_poll(
        async |handle| {
            handle.start_child(dawdling()).await.unwrap();
            handle.stop_child("b").await.unwrap();
        },
        async |handle| handle.delete_child("b").await.unwrap(),
        |polls, state| assert_eq!(state.is_none(), polls > 0, "{polls}: {state:?}"),
    )
    .await;
}

#[arbour::test]
async fn a_snapshot_dropped_at_any_poll_changes_nothing() {
    at_each_poll(
        async |handle| drop(handle.start_child(dawdling()).await.unwrap()),
        async |handle| drop(handle.snapshot().await),
        |_, state| assert!(matches!(state, Some(SlotState::Running { .. }))),
    )
    .await;
}

#[arbour::test]
async fn a_supervisor_dropped_at_any_poll_of_its_life_leaves_no_task_and_cleans_up() {
    for polls in 0.. {
        let journal = Journal::new();
        let app = supervisor()
            .child(dawdling())
            .child(service("c", &journal))
            .child(deaf("d", &journal, ms(20)).shutdown(arbour::Shutdown::After(ms(10))))
            .build()
            .unwrap();
        let handle = app.handle();
        let ended = CancelScope::new()
            .run(async {
                let stopper = tokio::spawn({
                    let handle = handle.clone();
                    async move {
                        sleep(ms(30)).await;
                        handle.request_stop();
                    }
                });
                let ended = dropped_after(polls, app.run()).await;
                stopper.await.unwrap();
                ended
            })
            .await
            .unwrap();
        settle().await;
        assert_eq!(journal.count("+d"), journal.count("-d"), "{polls}");
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0, "{polls}");
        assert!(handle.snapshot().await.ended, "{polls}");
        if ended {
            assert!(polls > 5, "the supervisor was polled only {polls} times");
            return;
        }
    }
}
