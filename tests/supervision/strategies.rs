//! Strategies: who is stopped and started with a child that fails, in what order, and when.

use crate::support::{Journal, ms, run, service_with_farewell, supervisor};
use arbour::{Backoff, ChildSpec, Failure, Restart, RestartLimit, SlotState, Strategy, stopping};
use tokio::time::sleep;

/// A child that runs, takes 10 ms to stop, and fails so long after each of its starts as is said.
fn failing_after(name: &'static str, journal: &Journal, lives: &'static [u64]) -> ChildSpec {
    let journal = journal.clone();
    ChildSpec::new(name, move |cx| {
        let (journal, life) = (journal.clone(), lives.get(cx.incarnation() as usize - 1).copied());
        async move {
            journal.note(format!("+{name}"));
            let Some(life) = life else {
                stopping().await;
                sleep(ms(10)).await;
                journal.note(format!("-{name}"));
                return Ok(());
            };
            sleep(ms(life)).await;
            journal.note(format!("!{name}"));
            Err(Failure::message("out of order"))
        }
    })
}

fn steady(name: &'static str, journal: &Journal) -> ChildSpec {
    service_with_farewell(name, journal, ms(10))
}

#[arbour::test]
async fn one_for_all_stops_the_rest_newest_first_and_starts_all_in_order() {
    let journal = Journal::new();
    let app = supervisor()
        .strategy(Strategy::OneForAll)
        .child(steady("a", &journal))
        .child(failing_after("b", &journal, &[100]))
        .child(steady("c", &journal));
    run(app, async |_| sleep(ms(200)).await).await.1.unwrap();
    let first = ["+a@0", "+b@0", "+c@0", "!b@100", "-c@110", "-a@120", "+a@120", "+b@120", "+c@120"];
    assert_eq!(journal.timed()[..9], first);
    assert_eq!(journal.timed()[9..], ["-c@210", "-b@220", "-a@230"]);
}

#[arbour::test]
async fn rest_for_one_leaves_those_before_alone() {
    let journal = Journal::new();
    let app = supervisor()
        .strategy(Strategy::RestForOne)
        .child(steady("one", &journal))
        .child(failing_after("four", &journal, &[100]))
        .child(steady("two", &journal))
        .child(steady("three", &journal));
    let (snapshot, end) = run(app, async |handle| {
        sleep(ms(200)).await;
        handle.snapshot().await
    })
    .await;
    end.unwrap();
    let group = ["!four@100", "-three@110", "-two@120", "+four@120", "+two@120", "+three@120"];
    assert_eq!(journal.timed()[4..10], group);
    assert_eq!(snapshot.children.iter().map(|child| child.incarnation).collect::<Vec<_>>(), [1, 2, 2, 2]);
}

#[arbour::test]
async fn together_the_rest_is_stopped_at_once() {
    let journal = Journal::new();
    let app = supervisor()
        .strategy(Strategy::OneForAll)
        .stop_together()
        .child(steady("a", &journal))
        .child(failing_after("b", &journal, &[100]))
        .child(service_with_farewell("c", &journal, ms(30)));
    run(app, async |_| sleep(ms(200)).await).await.1.unwrap();
    assert_eq!(journal.timed()[3..8], ["!b@100", "-a@110", "-c@130", "+a@130", "+b@130"]);
    assert_eq!(journal.times_of("-a")[1], 210);
    assert_eq!(journal.times_of("-c")[1], 230, "the shutdown takes as long as the slowest");
}

#[arbour::test]
async fn the_group_waits_once_after_the_last_has_gone() {
    let journal = Journal::new();
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    let app = supervisor()
        .strategy(Strategy::OneForAll)
        .child(steady("a", &journal))
        .child(failing_after("b", &journal, &[50, 50]).backoff(backoff));
    let (states, end) = run(app, async |handle| {
        sleep(ms(150)).await;
        let snapshot = handle.snapshot().await;
        sleep(ms(150)).await;
        snapshot.children.iter().map(|child| child.state).collect::<Vec<_>>()
    })
    .await;
    end.unwrap();
    assert_eq!(journal.times_of("!b"), [50, 110]);
    assert_eq!(journal.times_of("+a"), [0, 60, 220], "stopped by 120, then 100 ms");
    assert!(matches!(states[..], [SlotState::Down, SlotState::Waiting { attempt: 2, .. }]), "{states:?}");
}

#[arbour::test]
async fn temporary_children_are_not_brought_back() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let journal = Journal::new();
        let app = supervisor()
            .strategy(strategy)
            .child(failing_after("a", &journal, &[50]))
            .child(steady("t", &journal).restart(Restart::Temporary));
        let (snapshot, end) = run(app, async |handle| {
            sleep(ms(100)).await;
            handle.snapshot().await
        })
        .await;
        end.unwrap();
        assert_eq!(journal.timed()[2..5], ["!a@50", "-t@60", "+a@60"]);
        assert_eq!(snapshot.children.len(), 1);
    }
}

#[arbour::test]
async fn a_start_that_keeps_failing_in_a_group_uses_up_the_limit() {
    let journal = Journal::new();
    let broken = ChildSpec::new("broken", {
        let journal = journal.clone();
        move |cx| {
            let first = cx.incarnation() == 1;
            let journal = journal.clone();
            async move {
                if first {
                    cx.ready();
                    stopping().await;
                    return Ok(());
                }
                journal.note("broken");
                Err(Failure::message("no such table"))
            }
        }
    });
    let app = supervisor()
        .strategy(Strategy::OneForAll)
        .limit(RestartLimit::new(4, ms(60_000)).unwrap())
        .child(failing_after("a", &journal, &[50]))
        .child(broken.reports_ready().backoff(Backoff::none()));
    let error = app.build().unwrap().run().await.unwrap_err();
    assert_eq!(journal.count("broken"), 4);
    assert_eq!(journal.count("+a"), 5, "a is stopped and started with each attempt");
    assert!(
        error.to_string().contains("child `broken`") && error.to_string().contains("no such table"),
        "{error}"
    );
}

#[arbour::test]
async fn a_stop_of_the_child_that_keeps_failing_calls_the_rest_off() {
    let journal = Journal::new();
    let backoff = Backoff::new(ms(1_000), ms(1_000)).unwrap().jitter(false);
    let app = supervisor()
        .strategy(Strategy::RestForOne)
        .child(steady("a", &journal))
        .child(failing_after("b", &journal, &[10, 10]).backoff(backoff))
        .child(steady("c", &journal));
    let (snapshot, end) = run(app, async |handle| {
        sleep(ms(200)).await;
        handle.stop_child("b").await.unwrap();
        sleep(ms(5_000)).await;
        handle.snapshot().await
    })
    .await;
    end.unwrap();
    let states: Vec<_> = snapshot.children.iter().map(|child| child.state).collect();
    assert!(
        matches!(states[..], [SlotState::Running { .. }, SlotState::Down, SlotState::Down]),
        "{states:?}"
    );
}
