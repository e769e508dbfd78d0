//! Whether a tree is ready, whether it is alive, and who is the reason if not.

use crate::support::{Journal, deaf, failing, ms, run, service, settle, supervisor};
use arbour::{
    Backoff, ChildSpec, Exhausted, Failure, Restart, RestartLimit, Supervisor, SupervisorBuilder,
    SupervisorSnapshot, Unfit,
};
use std::future::pending;
use tokio::time::sleep;

fn lines(unfit: &[Unfit]) -> Vec<String> {
    unfit.iter().map(ToString::to_string).collect()
}

async fn seen(app: SupervisorBuilder) -> SupervisorSnapshot {
    let (snapshot, outcome) = run(app, async |handle| {
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    snapshot
}

#[arbour::test]
async fn a_tree_whose_children_all_run_is_ready_and_alive() {
    let journal = Journal::new();
    let snapshot = seen(supervisor().child(service("a", &journal)).child(service("b", &journal))).await;
    assert!(snapshot.is_ready() && snapshot.is_live());
    assert_eq!((lines(&snapshot.not_ready()), lines(&snapshot.not_live())), (vec![], vec![]));
}

#[arbour::test]
async fn a_start_that_is_under_way_is_alive_and_names_who_is_waited_for() {
    let journal = Journal::new();
    let slow = deaf("slow", &journal, ms(0)).reports_ready();
    let snapshot = seen(supervisor().child(slow).child(service("b", &journal))).await;
    assert!(!snapshot.is_ready() && snapshot.is_live());
    assert_eq!(lines(&snapshot.not_ready()), ["app/slow: starting", "app/b: down"]);
}

#[arbour::test]
async fn a_child_that_waits_for_its_restart_is_named_with_its_failure() {
    let journal = Journal::new();
    let hour = ms(3_600_000);
    let bad = failing("bad", &journal).backoff(Backoff::new(hour, hour).unwrap().jitter(false));
    let snapshot = seen(supervisor().child(bad)).await;
    assert!(snapshot.is_live(), "it is cared for");
    assert_eq!(
        lines(&snapshot.not_ready()),
        ["app/bad: waiting to restart (restart 2 in a row), last failed: no route to host"]
    );
}

#[arbour::test]
async fn work_that_is_done_and_children_that_somebody_stopped_are_no_reason() {
    let journal = Journal::new();
    let done = ChildSpec::new("done", |_| async { Ok::<(), Failure>(()) }).restart(Restart::Transient);
    let declines = ChildSpec::new("declines", |cx| async move {
        cx.decline();
        Ok::<(), Failure>(())
    });
    let crashed_once = ChildSpec::new("crashed", |cx| async move {
        if cx.incarnation() == 1 {
            return Err(Failure::message("once"));
        }
        pending().await
    });
    let app = supervisor().child(done).child(declines).child(crashed_once).child(service("a", &journal));
    let (snapshot, outcome) = run(app, async |handle| {
        settle().await;
        handle.stop_child("crashed").await.unwrap();
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(lines(&snapshot.not_ready()), [] as [&str; 0]);
    assert!(snapshot.children[2].was_stopped);
}

#[arbour::test]
async fn a_child_that_used_up_its_limit_and_stays_down_is_named() {
    let journal = Journal::new();
    let late = deaf("late", &journal, ms(0)).reports_ready().start_timeout(ms(5));
    let none = RestartLimit::new(0, ms(1)).unwrap();
    let given_up = |child: ChildSpec| child.limit(none).exhausted(Exhausted::StayDown);
    let app = supervisor().child(given_up(failing("bad", &journal)));
    let (snapshot, outcome) = run(app, async |handle| {
        sleep(ms(20)).await;
        let start = handle.start_child(given_up(late)).await;
        assert!(start.is_err());
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(lines(&snapshot.not_ready()), ["app/bad: down, last failed: no route to host"]);
    assert!(snapshot.is_live());
}

#[arbour::test]
async fn inside_of_a_supervisor_the_child_is_named_and_not_its_supervisor() {
    let journal = Journal::new();
    let hour = ms(3_600_000);
    let inner = ChildSpec::supervisor("workers", move || {
        let bad = failing("bad", &journal).backoff(Backoff::new(hour, hour).unwrap());
        Supervisor::builder("workers").child(bad).build()
    });
    let snapshot = seen(supervisor().child(inner)).await;
    let reasons = snapshot.not_ready();
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0].path, "app/workers/bad");
}

#[arbour::test]
async fn what_is_being_stopped_is_alive_and_not_ready() {
    let journal = Journal::new();
    let (snapshot, outcome) = run(supervisor().child(deaf("slow", &journal, ms(0))), async |handle| {
        settle().await;
        handle.request_stop();
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(lines(&snapshot.not_ready()), ["app/slow: draining"]);
    assert!(snapshot.is_live());
}

#[arbour::test]
async fn a_supervisor_that_has_ended_is_neither_ready_nor_alive() {
    let (handle, outcome) = run(supervisor(), async |handle| handle).await;
    outcome.unwrap();
    let snapshot = handle.snapshot().await;
    assert!(!snapshot.is_ready() && !snapshot.is_live());
    assert_eq!(lines(&snapshot.not_live()), ["app: has ended"]);
}

#[test]
fn a_child_that_does_not_yield_is_named_as_the_reason_for_another_process() {
    let undriven = tokio::runtime::Builder::new_current_thread().build().unwrap();
    arbour::testing::block_on(async {
        let app = supervisor().build().unwrap();
        let handle = app.handle();
        let mut running = Box::pin(app.run());
        let first = std::future::poll_fn(|cx| {
            let _entered = undriven.enter();
            std::task::Poll::Ready(running.as_mut().poll(cx).is_pending())
        });
        assert!(first.await);
        let child =
            ChildSpec::new("x", |_| async { Ok::<(), Failure>(()) }).shutdown(arbour::Shutdown::Abort);
        let probe = async {
            drop(tokio::time::timeout(ms(100), handle.start_child(child)).await);
            drop(tokio::time::timeout(ms(10_000), handle.stop_child("x")).await);
            let snapshot = handle.snapshot().await;
            assert_eq!(lines(&snapshot.not_live()), ["app/x: stuck"]);
            handle.request_stop();
        };
        assert!(tokio::join!(running, probe).0.is_err());
    });
    drop(undriven);
}

/// Each is over before the supervisor has looked at anything else, often on another thread.
#[test]
fn children_that_end_at_once_have_been_started_on_whatever_thread_they_run() {
    let storm = || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        let task = runtime.spawn(async {
            run(supervisor(), async |handle| {
                for number in 0..2_000 {
                    let ends = async |_| Ok::<(), Failure>(());
                    let child = ChildSpec::new(format!("{number}"), ends);
                    let started = handle.start_child(child.restart(Restart::Temporary)).await;
                    started.expect("it was started, and has ended");
                }
            })
            .await
            .1
        });
        runtime.block_on(task).unwrap().unwrap();
    };
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(storm);
        }
    });
}
