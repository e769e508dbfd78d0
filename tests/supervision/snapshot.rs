//! How a supervisor shows itself: its snapshot, the tree it prints, and what is left after its end.

use crate::support::{Journal, deaf, failing, ms, outlast, run, service, settle, supervisor};
use arbour::{
    Actor, ActorSpec, Backoff, ChildSpec, Context, Failure, Restart, RestartLimit, Shutdown, Supervisor,
    SupervisorBuilder, SupervisorSnapshot, stopping,
};
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

/// A tree of three levels, with an actor whose mailbox fills up and a name that needs care.
fn deep(journal: &Journal) -> (arbour::Address<Busy>, SupervisorBuilder) {
    let (address, busy) = ActorSpec::new("busy", || Busy).build();
    let (journal, mut busy) = (journal.clone(), Some(busy));
    let middle = ChildSpec::supervisor("middle", move || {
        let (journal, mut busy) = (journal.clone(), busy.take());
        let inner = ChildSpec::supervisor("inner", move || {
            Supervisor::builder("inner").child(busy.take().expect("it is built once")).build()
        });
        Supervisor::builder("middle").child(inner).child(service("a \"quoted\"\n<b>#1;", &journal)).build()
    });
    (address, supervisor().child(middle))
}

struct Busy;

impl Actor for Busy {
    type Message = ();

    async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> {
        std::future::pending().await
    }
}

async fn deep_snapshot() -> SupervisorSnapshot {
    let journal = Journal::new();
    let (address, app) = deep(&journal);
    let (snapshot, outcome) = run(app, async |handle| {
        for () in [(); 4] {
            address.tell(()).await.unwrap();
        }
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    snapshot
}

#[arbour::test]
async fn a_snapshot_shows_the_whole_tree_and_what_is_queued_for_actors() {
    let expected = [
        "app (no restarts)",
        "└─ middle  running, no restarts",
        "   ├─ inner                 running, no restarts",
        "   │  └─ busy  running, no restarts, 3 queued",
        "   └─ a \\\"quoted\\\"\\n<b>#1;  running, no restarts",
    ];
    assert_eq!(deep_snapshot().await.to_string(), expected.join("\n"));
}

#[arbour::test]
async fn the_tree_is_drawn_for_graphviz_with_names_escaped() {
    let expected = [
        "digraph supervision {",
        "  node [shape=box];",
        r#"  n0 [label="app\nno restarts"];"#,
        r#"  n1 [label="middle\nrunning, no restarts"];"#,
        "  n0 -> n1;",
        r#"  n2 [label="inner\nrunning, no restarts"];"#,
        "  n1 -> n2;",
        r#"  n3 [label="busy\nrunning, no restarts, 3 queued", style=rounded];"#,
        "  n2 -> n3;",
        r#"  n4 [label="a \"quoted\"\n<b>#1;\nrunning, no restarts", style=rounded];"#,
        "  n1 -> n4;",
        "}\n",
    ];
    assert_eq!(deep_snapshot().await.to_dot(), expected.join("\n"));
}

#[arbour::test]
async fn the_tree_is_drawn_for_mermaid_with_names_escaped() {
    let expected = [
        "flowchart TD",
        r#"  n0["app<br>no restarts"]"#,
        r#"  n1["middle<br>running, no restarts"]"#,
        "  n0 --> n1",
        r#"  n2["inner<br>running, no restarts"]"#,
        "  n1 --> n2",
        r#"  n3("busy<br>running, no restarts, 3 queued")"#,
        "  n2 --> n3",
        r#"  n4("a #34;quoted#34;<br>#60;b#62;#35;1#59;<br>running, no restarts")"#,
        "  n1 --> n4\n",
    ];
    assert_eq!(deep_snapshot().await.to_mermaid(), expected.join("\n"));
}

#[cfg(feature = "serde")]
#[arbour::test]
async fn the_tree_is_written_as_data() {
    let data = serde_json::to_value(deep_snapshot().await).unwrap();
    let busy = &data["children"][0]["supervisor"]["children"][0]["supervisor"]["children"][0];
    let expected = serde_json::json!({
        "id": "busy", "kind": "worker", "state": "running", "incarnation": 1, "restarts": 0, "last_end": null,
        "last_failure": null, "was_stopped": false, "mailbox": 3, "supervisor": null,
    });
    assert_eq!(busy, &expected);
    assert_eq!((&data["name"], &data["ended"]), (&"app".into(), &false.into()));
}

#[arbour::test]
async fn a_failure_is_in_the_snapshot_until_a_later_run_has_ended_otherwise() {
    let journal = Journal::new();
    let hour = Duration::from_secs(3_600);
    let bad = failing("bad", &journal).backoff(Backoff::new(hour, hour).unwrap().jitter(false));
    let (snapshot, outcome) = run(supervisor().child(bad), async |handle| {
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(snapshot.children[0].last_failure.as_ref().unwrap().to_string(), "no route to host");
}

#[arbour::test]
async fn what_is_queued_is_counted_by_a_function_of_the_users_and_in_their_own_task() {
    let child = ChildSpec::new("queue", |_| async {
        stopping().await;
        Ok::<(), Failure>(())
    });
    let counting = std::thread::current().id();
    let child = child.mailbox_depth(move || (std::thread::current().id() == counting).then_some(7));
    let (snapshot, outcome) = run(supervisor().child(child), async |handle| {
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(snapshot.children[0].mailbox, Some(7));
}
