//! How a supervisor shows itself: its snapshot, the tree it prints, and what is left after its end.

use crate::support::{Journal, deaf, failing, ms, outlast, run, service, settle, supervisor};
use arbour::{Backoff, ChildSpec, Failure, Restart, RestartLimit, Shutdown, stopping};
use std::time::Duration;
use tokio::time::sleep;

#[arbour::test]
async fn the_printed_tree_shows_each_child_with_its_state_restarts_and_last_end() {
    let journal = Journal::new();
    let long = Duration::from_secs(3_600);
    let crash = ChildSpec::new("b-worker", |cx| async move {
        if cx.incarnation() < 3 {
            panic!("bad input");
        }
        stopping().await;
        Ok::<(), Failure>(())
    });
    let once = ChildSpec::new("c", |cx| async move {
        if cx.incarnation() > 1 {
            std::future::pending::<()>().await;
        }
        cx.ready();
        Err::<(), _>(Failure::message("once"))
    });
    let app = supervisor()
        .limit(RestartLimit::new(100, ms(1)).unwrap())
        .child(service("a", &journal))
        .child(crash.backoff(Backoff::none()))
        .child(once.reports_ready().start_timeout(long))
        .child(failing("d", &journal).backoff(Backoff::new(long, long).unwrap().jitter(false)))
        .child(ChildSpec::new("e", |_| async { Ok::<(), Failure>(()) }).restart(Restart::Transient))
        .child(deaf("f", &journal, ms(0)))
        .child(deaf("g", &journal, ms(9_000)).shutdown(Shutdown::After(ms(0))));
    let (tree, outcome) = run(app, async |handle| {
        settle().await;
        for name in ["f", "g"] {
            let handle = handle.clone();
            tokio::spawn(async move { handle.stop_child(name).await });
        }
        settle().await;
        handle.snapshot().await.to_string()
    })
    .await;
    outcome.unwrap();
    let expected = [
        "app (4 restarts)",
        "├─ a         running, no restarts",
        "├─ b-worker  running, 2 restarts, last panicked",
        "├─ c         starting, 1 restart, last failed",
        "├─ d         waiting to restart, 1 restart, last failed",
        "├─ e         down, no restarts, last ended normally",
        "├─ f         draining, no restarts",
        "└─ g         stopping, no restarts",
    ];
    assert_eq!(tree, expected.join("\n"));
}

#[arbour::test]
async fn a_snapshot_is_had_during_a_slow_first_start() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("slow", &journal, ms(0)).reports_ready()).child(service("b", &journal));
    let (tree, outcome) = run(app, async |handle| {
        settle().await;
        handle.snapshot().await.to_string()
    })
    .await;
    outcome.unwrap();
    assert_eq!(tree, "app (no restarts)\n├─ slow  starting, no restarts\n└─ b     down, no restarts");
    assert_eq!(journal.time(), 1);
}

#[arbour::test]
async fn after_an_orderly_end_the_snapshot_shows_how_things_were_then() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).child(service("b", &journal));
    let (handle, outcome) = run(app, async |handle| {
        settle().await;
        assert!(!handle.snapshot().await.ended);
        handle
    })
    .await;
    outcome.unwrap();
    let snapshot = handle.snapshot().await;
    assert!(snapshot.ended);
    assert_eq!(snapshot.to_string(), "app (no restarts)\n├─ a  down, no restarts\n└─ b  down, no restarts");
}

#[arbour::test]
async fn after_giving_up_the_snapshot_shows_the_child_that_brought_it_down() {
    let journal = Journal::new();
    let app = supervisor()
        .limit(RestartLimit::new(2, ms(1_000)).unwrap())
        .child(failing("bad", &journal).backoff(Backoff::none()));
    let supervisor = app.build().unwrap();
    let handle = supervisor.handle();
    supervisor.run().await.unwrap_err();
    let snapshot = handle.snapshot().await;
    assert!(snapshot.ended);
    assert_eq!(snapshot.to_string(), "app (2 restarts)\n└─ bad  down, 2 restarts, last failed");
}

#[arbour::test]
async fn a_snapshot_that_crosses_the_end_of_the_supervisor_is_had_all_the_same() {
    let journal = Journal::new();
    let (snapshot, outcome) = run(supervisor().child(service("a", &journal)), async |handle| {
        settle().await;
        handle.stop_child("a").await.unwrap();
        handle.request_stop();
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!((snapshot.ended, snapshot.children.len()), (true, 1));
}

#[arbour::test]
async fn a_supervisor_that_never_ran_shows_that_it_has_ended() {
    let supervisor = supervisor().build().unwrap();
    let handle = supervisor.handle();
    drop(supervisor);
    let snapshot = handle.snapshot().await;
    assert_eq!((snapshot.ended, snapshot.name.as_str(), snapshot.children.len()), (true, "app", 0));
}

#[arbour::test]
async fn restarts_of_children_that_are_gone_still_count_for_the_supervisor() {
    let (snapshot, outcome) = run(supervisor(), async |handle| {
        let child = ChildSpec::new("a", |cx| async move {
            if cx.incarnation() == 1 {
                return Err(Failure::message("first"));
            }
            stopping().await;
            Ok(())
        });
        handle.start_child(child).await.unwrap();
        sleep(ms(10)).await;
        handle.stop_child("a").await.unwrap();
        handle.delete_child("a").await.unwrap();
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!((snapshot.restarts, snapshot.children.len()), (1, 0));
}

#[arbour::test]
async fn everything_can_be_debugged_without_asking_it_of_the_users_types() {
    let journal = Journal::new();
    let spec = service("a", &journal);
    assert!(format!("{spec:?}").starts_with("ChildSpec { id: \"a\", policy: "));
    let supervisor = supervisor().child(spec).build().unwrap();
    let handle = supervisor.handle();
    assert_eq!(format!("{handle:?}"), "SupervisorHandle { name: \"app\", .. }");
    assert!(format!("{supervisor:?}").starts_with("Supervisor { name: \"app\", children: [ChildSpec {"));
    let error = outlast(crate::support::supervisor().child(failing("x", &journal).reports_ready())).await;
    assert!(format!("{:?}", error.unwrap_err()).contains("no route to host"));
}
