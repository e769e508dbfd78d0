//! Clean-up that arrives at the root runs before the root returns.

use arbour::{Origin, clean_up, defer, task_group};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

type Journal = Arc<Mutex<Vec<&'static str>>>;

async fn slowly(journal: Journal, word: &'static str) {
    sleep(Duration::from_millis(20)).await;
    journal.lock().unwrap().push(word);
}

#[test]
fn finalizers_and_clean_up_of_the_body_run_before_run_returns() {
    let journal = Journal::default();
    let notes = Arc::clone(&journal);
    arbour::run(async move {
        defer(slowly(Arc::clone(&notes), "deferred"));
        clean_up(slowly(notes, "cleaned up"));
    })
    .unwrap();
    assert_eq!(*journal.lock().unwrap(), ["cleaned up", "deferred"]);
}

#[test]
fn what_select_dropped_inside_is_finished_before_run_returns() {
    let journal = Journal::default();
    let notes = Arc::clone(&journal);
    arbour::run(async move {
        let group = task_group(async |group| {
            group.spawn_value(async {
                defer(slowly(notes, "child"));
                std::future::pending::<()>().await;
            });
            std::future::pending::<()>().await;
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), group).await.is_err());
    })
    .unwrap();
    assert_eq!(*journal.lock().unwrap(), ["child"]);
}

#[test]
fn clean_up_of_a_guard_whose_scope_has_ended_arrives_at_the_root_and_runs_before_run_returns() {
    let journal = Journal::default();
    let notes = Arc::clone(&journal);
    arbour::run(async move {
        let origin = task_group(async |_| Origin::here()).await.unwrap();
        // A bare thread has no scope of its own, and the guard's has ended.
        std::thread::spawn(move || origin.clean_up(slowly(notes, "stray"))).join().unwrap();
    })
    .unwrap();
    assert_eq!(*journal.lock().unwrap(), ["stray"]);
}

#[tokio::test]
async fn a_root_inside_another_runtime_waits_for_its_clean_up_too() {
    let journal = Journal::default();
    let notes = Arc::clone(&journal);
    let body = async move {
        clean_up(slowly(Arc::clone(&notes), "cleaned up"));
        defer(slowly(notes, "deferred"));
    };
    arbour::Root::new().signals(false).run_async(body).await.result.unwrap();
    assert_eq!(*journal.lock().unwrap(), ["cleaned up", "deferred"]);
}
