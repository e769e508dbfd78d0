//! Limits on restarts, and the error of a supervisor that gives up.

use crate::support::{Journal, failing, ms, outlast, run, service, supervisor};
use arbour::{
    Backoff, BrokenLimit, ChildSpec, Failure, RestartLimit, SupervisorError, SupervisorOutcome, fail_after,
};
use std::time::Duration;
use tokio::time::sleep;

fn limit(restarts: u32, period: Duration) -> RestartLimit {
    RestartLimit::new(restarts, period).unwrap()
}

/// A child that fails each time after it has run for so long, and notes each start.
fn failing_every(name: &'static str, run: Duration, journal: &Journal) -> ChildSpec {
    let journal = journal.clone();
    let child = ChildSpec::new(name, move |_| {
        journal.note(format!("+{name}"));
        async move {
            sleep(run).await;
            Err::<(), _>(Failure::message("disk full"))
        }
    });
    child.backoff(Backoff::none())
}

fn broken(error: &SupervisorError) -> BrokenLimit {
    match error {
        SupervisorError::Failed { outcome: SupervisorOutcome::GaveUp { limit, .. }, .. } => *limit,
        other => panic!("{other:?}"),
    }
}

#[arbour::test]
async fn as_many_restarts_as_the_limit_says_are_made_and_the_next_is_the_end() {
    for allowed in [0, 1, 2, 7] {
        let journal = Journal::new();
        let child = failing("a", &journal).backoff(Backoff::none());
        let limit = limit(allowed, ms(1_000));
        let error = outlast(supervisor().limit(limit).child(child)).await.unwrap_err();
        assert_eq!(journal.count("+a"), 1 + allowed as usize);
        assert_eq!(broken(&error), BrokenLimit::Supervisor(limit));
    }
}

#[arbour::test]
async fn three_restarts_in_five_seconds_are_allowed_unless_said_otherwise() {
    let journal = Journal::new();
    let error = outlast(supervisor().child(failing_every("a", ms(1_250), &journal))).await.unwrap_err();
    assert_eq!(journal.times_of("+a"), [0, 1_250, 2_500, 3_750]);
    assert_eq!(broken(&error), BrokenLimit::Supervisor(limit(3, ms(5_000))));
}

#[arbour::test]
async fn a_restart_that_is_exactly_one_period_old_still_counts() {
    let journal = Journal::new();
    let app = supervisor().limit(limit(2, ms(1_000))).child(failing_every("a", ms(500), &journal));
    fail_after(ms(60_000), Box::pin(outlast(app))).await.unwrap().unwrap_err();
    assert_eq!((journal.times_of("+a"), journal.time()), (vec![0, 500, 1_000], 1_500));
}

#[arbour::test]
async fn a_restart_older_than_the_period_is_forgotten_so_that_slow_crashes_go_on_for_ever() {
    let journal = Journal::new();
    let app = supervisor().limit(limit(2, ms(1_000))).child(failing_every("a", ms(501), &journal));
    run(app, async |_| sleep(ms(501 * 100 + 1)).await).await.1.unwrap();
    assert_eq!(journal.count("+a"), 101);
}

#[arbour::test]
async fn the_restarts_of_all_children_count_together_against_the_supervisors_limit() {
    let journal = Journal::new();
    let app = supervisor()
        .limit(limit(3, ms(10_000)))
        .child(failing_every("a", ms(100), &journal))
        .child(failing_every("b", ms(150), &journal));
    let error = outlast(app).await.unwrap_err();
    assert_eq!((journal.count("+a"), journal.count("+b"), journal.time()), (3, 2, 300));
    assert!(error.to_string().contains("child `"), "{error}");
}

#[arbour::test]
async fn a_limit_of_one_child_is_its_own() {
    let journal = Journal::new();
    let own = limit(1, ms(10_000));
    let app = supervisor()
        .limit(limit(100, ms(10_000)))
        .child(failing_every("a", ms(100), &journal))
        .child(failing_every("b", ms(1_000), &journal).limit(own));
    let error = outlast(app).await.unwrap_err();
    assert_eq!((journal.times_of("+b"), journal.time()), (vec![0, 1_000], 2_000));
    assert_eq!(broken(&error), BrokenLimit::Child(own));
    assert!(
        error.to_string().contains("child `b` failed, and the child's limit of 1 restart in 10s"),
        "{error}"
    );
}

#[arbour::test]
async fn restarts_in_a_row_are_counted_although_they_are_slow() {
    let journal = Journal::new();
    let backoff = Backoff::none().reset_after(ms(60_000));
    let child = failing_every("a", ms(30_000), &journal).backoff(backoff).max_consecutive(5);
    let error = outlast(supervisor().child(child)).await.unwrap_err();
    assert_eq!(journal.count("+a"), 6);
    assert_eq!(broken(&error), BrokenLimit::Consecutive(5));
    assert!(error.to_string().contains("the child's limit of 5 in a row has no restart left"), "{error}");
}

#[arbour::test]
async fn a_healthy_run_ends_the_row() {
    let journal = Journal::new();
    let child = failing_every("a", ms(30_000), &journal).backoff(Backoff::none().reset_after(ms(30_000)));
    let app = supervisor().child(child.max_consecutive(1));
    run(app, async |_| sleep(ms(30_000 * 50 + 1)).await).await.1.unwrap();
    assert_eq!(journal.count("+a"), 51);
}

#[arbour::test]
async fn giving_up_stops_the_other_children_in_reverse_order_first() {
    let journal = Journal::new();
    let app = supervisor()
        .limit(limit(0, ms(1_000)))
        .child(service("a", &journal))
        .child(failing_every("bad", ms(10), &journal))
        .child(service("c", &journal));
    outlast(app).await.unwrap_err();
    assert_eq!(journal.lines(), ["+a", "+bad", "+c", "-c", "-a"]);
}

#[arbour::test]
async fn the_error_names_supervisor_child_limit_and_last_failure() {
    let journal = Journal::new();
    let app = supervisor().limit(limit(1, ms(60_000))).child(failing_every("writer", ms(10), &journal));
    let error = outlast(app).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "supervisor app: the supervisor gave up: child `writer` failed, and the supervisor's limit of \
         1 restart in 60s has no restart left; its last failure: disk full"
    );
    assert_eq!(error.failure().unwrap().to_string(), "disk full");
}

#[derive(Debug, thiserror::Error)]
#[error("broker {0} refused the connection")]
struct BrokerError(u32);

#[arbour::test]
async fn the_childs_own_error_can_be_had_back_from_the_error_of_the_supervisor() {
    let child = ChildSpec::new("feed", |_| async { Err::<(), _>(BrokerError(3)) });
    let error = outlast(supervisor().limit(limit(0, ms(1))).child(child)).await.unwrap_err();
    assert_eq!(error.failure().unwrap().downcast_ref::<BrokerError>().unwrap().0, 3);
    assert!(error.to_string().ends_with("its last failure: broker 3 refused the connection"), "{error}");
}

#[arbour::test]
async fn a_panic_that_brings_the_supervisor_down_is_shown_with_its_place() {
    let child = ChildSpec::new("feed", |_| async {
        if true { panic!("index 7 of 5") } else { Ok::<(), Failure>(()) }
    });
    let error = outlast(supervisor().limit(limit(0, ms(1))).child(child)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("child `feed` panicked, and"), "{text}");
    assert!(text.contains("tests/supervision/limits.rs:") && text.ends_with("index 7 of 5"), "{text}");
}

#[arbour::test]
async fn a_failure_of_an_earlier_incarnation_is_not_blamed_for_the_end_of_the_last() {
    let child = ChildSpec::new("feed", |cx| async move {
        match cx.incarnation() {
            1 => Err(Failure::message("yesterday's trouble")),
            _ => Ok(()),
        }
    });
    let app = supervisor().limit(limit(1, ms(1_000))).child(child.backoff(Backoff::none()));
    let error = outlast(app).await.unwrap_err();
    assert!(error.to_string().contains("child `feed` ended normally"), "{error}");
    assert!(error.failure().is_none(), "{error}");
}

#[arbour::test]
async fn starts_by_hand_count_against_no_limit() {
    let journal = Journal::new();
    let app = supervisor().limit(limit(0, ms(1_000))).child(service("a", &journal));
    let (restarts, outcome) = run(app, async |handle| {
        for _ in 0..50 {
            handle.stop_child("a").await.unwrap();
            handle.restart_child("a").await.unwrap();
        }
        handle.snapshot().await.restarts
    })
    .await;
    outcome.unwrap();
    assert_eq!((restarts, journal.count("+a")), (0, 51));
}

#[test]
fn a_limit_over_no_time_is_refused() {
    let error = RestartLimit::new(3, Duration::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a limit of 3 restarts in 0s limits nothing: the period must be longer than zero"
    );
}
