//! Stopping: reverse order, the drain gear, then the cancel gear, each in its time.

use crate::support::{Journal, OnDrop, deaf, ms, run, service, service_with_farewell, settle, supervisor};
use arbour::{ChildSpec, Failure, Restart, Shutdown, shield, stopping};
use std::time::Duration;
use tokio::time::sleep;

#[arbour::test]
async fn children_stop_in_reverse_order_each_gone_before_the_next_is_asked() {
    let journal = Journal::new();
    let app = supervisor()
        .child(service_with_farewell("a", &journal, ms(10)))
        .child(service_with_farewell("b", &journal, ms(20)))
        .child(service_with_farewell("c", &journal, ms(30)));
    run(app, async |_| sleep(ms(100)).await).await.1.unwrap();
    assert_eq!(journal.timed()[3..], ["-c@130", "-b@150", "-a@160"]);
}

#[arbour::test]
async fn a_child_that_does_not_finish_is_cancelled_when_its_time_to_drain_is_over() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(30)).shutdown(Shutdown::After(ms(200))));
    run(app, async |_| sleep(ms(100)).await).await.1.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "xa@300", "-a@330"]);
    assert_eq!(journal.time(), 330);
}

#[arbour::test]
async fn the_time_to_drain_is_five_seconds_unless_said_otherwise() {
    let journal = Journal::new();
    run(supervisor().child(deaf("a", &journal, ms(0))), async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.times_of("xa"), [5_001]);
}

#[arbour::test]
async fn each_child_has_its_own_time_to_drain() {
    let journal = Journal::new();
    let app = supervisor()
        .child(deaf("a", &journal, ms(5)).shutdown(Shutdown::After(ms(100))))
        .child(deaf("b", &journal, ms(7)).shutdown(Shutdown::After(ms(1_000))));
    run(app, async |_| sleep(ms(50)).await).await.1.unwrap();
    assert_eq!(journal.timed()[2..], ["xb@1050", "-b@1057", "xa@1157", "-a@1162"]);
}

#[arbour::test]
async fn a_time_to_drain_of_zero_cancels_at_once() {
    let journal = Journal::new();
    let child = service_with_farewell("a", &journal, ms(10)).shutdown(Shutdown::After(Duration::ZERO));
    run(supervisor().child(child), async |_| sleep(ms(50)).await).await.1.unwrap();
    assert_eq!((journal.lines(), journal.time()), (vec!["+a".to_owned()], 50));
}

/// Cleans up for ever once it is cancelled, behind a shield of its own.
fn never_clean() -> ChildSpec {
    ChildSpec::new("a", |_| async {
        arbour::defer(shield(std::future::pending()));
        std::future::pending::<Result<(), Failure>>().await
    })
}

#[arbour::test]
async fn a_clean_up_that_is_not_over_in_its_budget_is_aborted() {
    let journal = Journal::new();
    let child = never_clean().shutdown(Shutdown::After(ms(100))).clean_up(ms(200));
    run(supervisor().child(child), async |_| sleep(ms(50)).await).await.1.unwrap();
    assert_eq!(journal.time(), 350);
}

#[arbour::test]
async fn the_budget_of_a_clean_up_is_five_seconds_unless_said_otherwise() {
    let journal = Journal::new();
    let child = never_clean().shutdown(Shutdown::After(Duration::ZERO));
    run(supervisor().child(child), async |_| sleep(ms(50)).await).await.1.unwrap();
    assert_eq!(journal.time(), 5_050);
}

#[arbour::test]
async fn a_clean_up_within_its_budget_runs_to_its_end() {
    let journal = Journal::new();
    let child = deaf("a", &journal, ms(150)).shutdown(Shutdown::After(ms(100))).clean_up(ms(200));
    run(supervisor().child(child), async |_| sleep(ms(50)).await).await.1.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "xa@150", "-a@300"]);
}

#[arbour::test]
async fn a_child_with_shutdown_wait_is_waited_for_however_long_it_takes() {
    let journal = Journal::new();
    let day = Duration::from_secs(24 * 60 * 60);
    let child = service_with_farewell("a", &journal, day).shutdown(Shutdown::Wait);
    run(supervisor().child(child), async |_| sleep(ms(50)).await).await.1.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "-a@86400050"]);
}

#[arbour::test]
async fn a_shielded_section_is_finished_although_the_child_is_cancelled() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        let notes = notes.clone();
        async move {
            let _dropped = OnDrop(notes.clone(), "dropped");
            shield(async {
                sleep(ms(300)).await;
                notes.note("written");
            })
            .await;
            std::future::pending::<()>().await;
            Ok::<(), Failure>(())
        }
    });
    let app = supervisor().child(child.shutdown(Shutdown::After(ms(100))));
    run(app, async |_| sleep(ms(50)).await).await.1.unwrap();
    assert_eq!(journal.timed(), ["written@300", "dropped@300"]);
}

#[arbour::test]
async fn a_stop_is_no_exit_whatever_the_child_does_then() {
    let ends: [fn() -> Result<(), Failure>; 3] =
        [|| Ok(()), || Err(Failure::message("late")), || panic!("late")];
    for end in ends {
        let child = ChildSpec::new("a", move |_| async move {
            stopping().await;
            end()
        });
        let (snapshot, outcome) = run(supervisor().child(child), async |handle| {
            settle().await;
            handle.stop_child("a").await.unwrap();
            sleep(ms(60_000)).await;
            handle.snapshot().await
        })
        .await;
        outcome.unwrap();
        assert_eq!(snapshot.to_string(), "app (no restarts)\n└─ a  down, no restarts");
        assert_eq!((snapshot.children[0].incarnation, snapshot.children[0].last_end), (1, None));
    }
}

#[arbour::test]
async fn stopping_a_temporary_child_frees_its_name() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal).restart(Restart::Temporary));
    let (children, outcome) = run(app, async |handle| {
        settle().await;
        handle.stop_child("a").await.unwrap();
        handle.snapshot().await.children.len()
    })
    .await;
    outcome.unwrap();
    assert_eq!(children, 0);
}

#[arbour::test]
async fn a_child_that_crashes_while_another_is_being_stopped_is_stopped_for_good_too() {
    let journal = Journal::new();
    let notes = journal.clone();
    let crash = ChildSpec::new("a", move |_| {
        let notes = notes.clone();
        async move {
            notes.note("+a");
            sleep(ms(120)).await;
            Err::<(), _>(Failure::message("crash"))
        }
    });
    let app = supervisor().child(crash).child(service_with_farewell("b", &journal, ms(100)));
    run(app, async |_| sleep(ms(100)).await).await.1.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "+b@0", "-b@200"]);
}
