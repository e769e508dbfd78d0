//! What the world outside does to a running supervisor: drains it, cancels it, aborts it, drops it.

use crate::support::{Journal, OnDrop, deaf, ms, service, service_with_farewell, settle, supervisor};
use arbour::{
    CancelScope, ChildSpec, Failure, GroupError, Shutdown, SupervisorError, fail_after, move_on_after,
    task_group,
};
use std::time::Duration;
use tokio::time::sleep;

#[arbour::test]
async fn draining_the_scope_around_it_stops_the_children_in_reverse_order() {
    let journal = Journal::new();
    let app = supervisor().child(service_with_farewell("a", &journal, ms(10))).child(service_with_farewell(
        "b",
        &journal,
        ms(20),
    ));
    let scope = CancelScope::new();
    let around = scope.handle();
    let stopper = tokio::spawn(async move {
        sleep(ms(100)).await;
        around.drain();
    });
    let outcome = scope.run(app.build().unwrap().run()).await;
    outcome.unwrap().unwrap();
    stopper.await.unwrap();
    assert_eq!(journal.timed()[2..], ["-b@120", "-a@130"]);
}

#[arbour::test]
async fn a_drain_that_is_followed_by_a_cancellation_ends_the_wait_of_every_child_at_once() {
    let journal = Journal::new();
    let app = supervisor()
        .child(deaf("a", &journal, ms(10)).shutdown(Shutdown::Wait))
        .child(deaf("b", &journal, ms(20)).shutdown(Shutdown::Wait));
    let scope = CancelScope::new();
    let around = scope.handle();
    tokio::spawn(async move {
        sleep(ms(100)).await;
        around.drain();
        sleep(ms(100)).await;
        around.cancel("enough");
    });
    let _ = scope.run(app.build().unwrap().run()).await;
    let mut seen = journal.timed().split_off(2);
    seen.sort();
    assert_eq!(seen, ["-a@210", "-b@220", "xa@200", "xb@200"]);
    assert_eq!(journal.time(), 220);
}

#[arbour::test]
async fn a_cancellation_from_outside_cancels_all_children_at_once_and_waits_for_all_their_clean_up() {
    let journal = Journal::new();
    let app = supervisor()
        .child(deaf("a", &journal, ms(70)))
        .child(deaf("b", &journal, ms(10)))
        .child(service_with_farewell("c", &journal, ms(500)));
    let outcome = move_on_after(ms(100), app.build().unwrap().run()).await;
    assert!(matches!(outcome, Ok(Ok(())) | Err(_)), "{outcome:?}");
    assert_eq!(journal.times_of("xa"), [100]);
    assert_eq!(journal.times_of("xb"), [100]);
    assert_eq!((journal.times_of("-b"), journal.times_of("-a"), journal.time()), (vec![110], vec![170], 170));
    assert_eq!(journal.count("-c"), 0);
}

#[arbour::test]
async fn the_code_after_a_supervisor_does_not_run_past_its_next_await_in_a_cancelled_scope() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(70))).build().unwrap();
    let outcome = move_on_after(ms(100), async {
        let ended = app.run().await;
        sleep(ms(1)).await;
        journal.note("after");
        ended
    })
    .await;
    outcome.unwrap_err();
    assert_eq!(journal.timed(), ["+a@0", "xa@100", "-a@170"]);
}

#[arbour::test]
async fn a_failing_sibling_in_the_same_group_cancels_the_supervisor_which_cleans_up_first() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(30))).build().unwrap();
    let outcome = task_group(async |group| {
        group.spawn(app.run());
        group.spawn(async {
            sleep(ms(50)).await;
            Err::<(), _>(Failure::message("the other one"))
        });
    })
    .await;
    let Err(GroupError::Failed(failures)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failures.len(), 1);
    assert_eq!(journal.timed(), ["+a@0", "xa@50", "-a@80"]);
}

#[arbour::test]
async fn a_supervisor_that_gives_up_fails_its_group_with_its_error() {
    let journal = Journal::new();
    let none = arbour::RestartLimit::new(0, ms(1)).unwrap();
    let app = supervisor().limit(none).child(crate::support::failing("bad", &journal)).build().unwrap();
    let outcome = task_group(async |group| {
        group.spawn(app.run());
        std::future::pending::<()>().await;
    })
    .await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.find::<SupervisorError>(), Some(SupervisorError::Failed { .. })), "{error}");
}

#[arbour::test]
async fn a_supervisor_dropped_by_select_has_its_children_cancelled_and_the_enclosing_scope_waits_for_them() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(40))).build().unwrap();
    CancelScope::new()
        .run(async {
            tokio::select! {
                biased;
                _ = app.run() => unreachable!("nobody asked it to stop"),
                () = sleep(ms(100)) => journal.note("dropped"),
            }
            journal.note("the body goes on");
        })
        .await
        .unwrap();
    assert_eq!(journal.timed(), ["+a@0", "dropped@100", "the body goes on@100", "xa@100", "-a@140"]);
    assert_eq!(journal.time(), 140);
}

#[arbour::test]
async fn a_supervisor_dropped_by_select_while_it_drains_leaves_nothing_behind() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(40)).shutdown(Shutdown::Wait)).build().unwrap();
    let handle = app.handle();
    CancelScope::new()
        .run(async {
            tokio::select! {
                biased;
                _ = app.run() => unreachable!("the child never ends"),
                () = async {
                    sleep(ms(50)).await;
                    handle.request_stop();
                    sleep(ms(50)).await;
                } => {}
            }
        })
        .await
        .unwrap();
    assert_eq!(journal.timed(), ["+a@0", "xa@100", "-a@140"]);
}

#[arbour::test]
async fn a_thousand_supervisors_dropped_in_a_loop_leave_no_task_while_the_loop_still_runs() {
    let journal = Journal::new();
    let metrics = tokio::runtime::Handle::current().metrics();
    CancelScope::new()
        .run(async {
            for _ in 0..1_000 {
                let app = supervisor().child(deaf("a", &journal, ms(1))).build().unwrap();
                let outcome = tokio::time::timeout(ms(2), app.run()).await;
                assert!(outcome.is_err());
            }
            sleep(ms(10)).await;
            assert_eq!(metrics.num_alive_tasks(), 0);
        })
        .await
        .unwrap();
    assert_eq!((journal.count("+a"), journal.count("-a")), (1_000, 1_000));
}

#[arbour::test]
async fn an_abort_from_outside_drops_what_the_children_still_had_to_clean_up() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        let owned = OnDrop(notes.clone(), "gone");
        async move {
            let _owned = owned;
            arbour::shield(std::future::pending::<()>()).await;
            Ok::<(), Failure>(())
        }
    });
    let app = supervisor().child(child).child(deaf("b", &journal, Duration::from_secs(3_600)));
    let scope = CancelScope::new();
    let around = scope.handle();
    tokio::spawn(async move {
        sleep(ms(100)).await;
        around.cancel("stop");
        sleep(ms(100)).await;
        around.abort("now");
    });
    let outcome = scope.run(app.build().unwrap().run()).await;
    assert!(outcome.is_err() || matches!(outcome, Ok(Err(SupervisorError::Aborted { .. }))), "{outcome:?}");
    settle().await;
    assert_eq!(journal.times_of("gone"), [200]);
    assert_eq!((journal.times_of("xb"), journal.count("-b")), (vec![100], 0));
}

#[arbour::test]
async fn a_deadline_around_a_supervisor_names_it_as_the_cause() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).build().unwrap();
    let outcome = fail_after(ms(50), async {
        app.run().await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(outcome.unwrap_err().cause, arbour::Cause::Deadline);
}
