//! The first start: in order, each child ready before the next, rolled back when one fails.

use crate::support::{Journal, deaf, ms, outlast, run, service, settle, supervisor};
use arbour::{ChildSpec, Failure, SpecError, SupervisorError, SupervisorOutcome, stopping};
use std::time::Duration;
use tokio::time::sleep;

/// A service that is ready after so long.
fn slow_to_start(name: &'static str, journal: &Journal, warm_up: Duration) -> ChildSpec {
    let journal = journal.clone();
    let child = ChildSpec::new(name, move |cx| {
        let journal = journal.clone();
        async move {
            journal.note(format!("+{name}"));
            sleep(warm_up).await;
            cx.ready();
            stopping().await;
            journal.note(format!("-{name}"));
            Ok::<(), Failure>(())
        }
    });
    child.reports_ready()
}

/// A child that ends in this way before it was ready.
fn unready(name: &'static str, end: fn() -> Result<(), Failure>) -> ChildSpec {
    ChildSpec::new(name, move |_| async move { end() }).reports_ready()
}

#[arbour::test]
async fn children_start_in_order_and_each_is_ready_before_the_next_begins() {
    let journal = Journal::new();
    let app = supervisor()
        .child(slow_to_start("a", &journal, ms(10)))
        .child(slow_to_start("b", &journal, ms(20)))
        .child(slow_to_start("c", &journal, ms(30)));
    let ((), outcome) = run(app, async |_| sleep(ms(100)).await).await;
    outcome.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "+b@10", "+c@30", "-c@100", "-b@100", "-a@100"]);
}

#[arbour::test]
async fn a_child_that_does_not_report_counts_as_ready_as_soon_as_it_runs() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).child(service("b", &journal));
    run(app, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.lines(), ["+a", "+b", "-b", "-a"]);
    assert_eq!(journal.times_of("+b"), [0]);
}

#[arbour::test]
async fn saying_ready_twice_changes_nothing() {
    let child = ChildSpec::new("eager", |cx| async move {
        cx.ready();
        cx.ready();
        stopping().await;
        Ok::<(), Failure>(())
    });
    let (snapshot, outcome) = run(supervisor().child(child.reports_ready()), async |handle| {
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(snapshot.to_string(), "app (no restarts)\n└─ eager  running, no restarts");
}

#[arbour::test]
async fn a_failed_first_start_stops_the_children_before_it_newest_first() {
    let journal = Journal::new();
    let app = supervisor()
        .child(service("a", &journal))
        .child(service("b", &journal))
        .child(unready("c", || Err(Failure::message("the port is taken"))))
        .child(service("d", &journal));
    let error = outlast(app).await.unwrap_err();
    assert_eq!(journal.lines(), ["+a", "+b", "-b", "-a"]);
    assert_eq!(
        error.to_string(),
        "supervisor app: the supervisor did not start: child `c` failed before it was ready; \
         its last failure: the port is taken"
    );
    let SupervisorError::Failed { outcome: SupervisorOutcome::StartFailed { id, .. }, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(&**id, "c");
}

#[arbour::test]
async fn a_panic_before_readiness_is_a_failed_start_that_shows_the_panic() {
    let app = supervisor().child(unready("c", || panic!("no licence")));
    let error = outlast(app).await.unwrap_err();
    assert!(error.failure().unwrap().is_panic());
    let text = error.to_string();
    assert!(text.contains("child `c` panicked before it was ready"), "{text}");
    assert!(text.contains("start.rs") && text.ends_with("no licence"), "{text}");
}

#[arbour::test]
async fn a_normal_end_before_readiness_is_a_failed_start_too() {
    let error = outlast(supervisor().child(unready("c", || Ok(())))).await.unwrap_err();
    assert!(error.to_string().ends_with("child `c` ended normally before it was ready"), "{error}");
    assert!(error.failure().is_none());
}

#[arbour::test]
async fn a_child_that_is_not_ready_in_time_is_cancelled_and_cleans_up_before_the_start_has_failed() {
    let journal = Journal::new();
    let slow = deaf("slow", &journal, ms(40)).reports_ready().start_timeout(ms(100));
    let error = outlast(supervisor().child(service("a", &journal)).child(slow)).await.unwrap_err();
    assert_eq!(journal.timed(), ["+a@0", "+slow@0", "xslow@100", "-slow@140", "-a@140"]);
    assert!(error.to_string().ends_with("child `slow` was not ready within 100ms"), "{error}");
}

#[arbour::test]
async fn a_child_that_is_ready_just_in_time_has_started() {
    let journal = Journal::new();
    let app = supervisor().child(slow_to_start("a", &journal, ms(99)).start_timeout(ms(100)));
    run(app, async |_| sleep(ms(500)).await).await.1.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "-a@500"]);
}

#[arbour::test]
async fn a_start_that_takes_too_long_later_on_is_one_attempt_and_not_the_end() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("flaky", move |cx| {
        let notes = notes.clone();
        async move {
            notes.note("start");
            match cx.incarnation() {
                1 => cx.ready(),
                2 => std::future::pending().await,
                _ => {
                    cx.ready();
                    stopping().await;
                    return Ok(());
                }
            }
            sleep(ms(10)).await;
            Err(Failure::message("lost the connection"))
        }
    });
    let backoff = arbour::Backoff::new(ms(50), ms(500)).unwrap().jitter(false);
    let child = child.reports_ready().start_timeout(ms(100)).backoff(backoff);
    run(supervisor().child(child), async |_| sleep(ms(1_000)).await).await.1.unwrap();
    assert_eq!(journal.times_of("start"), [0, 10, 160]);
}

#[arbour::test]
async fn a_stop_during_a_slow_first_start_ends_it_at_once_and_in_good_order() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).child(slow_to_start("b", &journal, ms(10_000)));
    let ((), outcome) = run(app, async |_| sleep(ms(50)).await).await;
    outcome.unwrap();
    assert_eq!((journal.lines(), journal.time()), (vec!["+a".into(), "+b".into(), "-a".into()], 50));
}

#[arbour::test]
async fn a_supervisor_without_children_runs_until_it_is_asked_to_stop() {
    let journal = Journal::new();
    run(supervisor(), async |_| sleep(ms(70)).await).await.1.unwrap();
    assert_eq!(journal.time(), 70);
}

#[arbour::test]
async fn two_children_of_one_name_are_refused_with_the_name() {
    let journal = Journal::new();
    let app = supervisor().child(service("twin", &journal)).child(service("twin", &journal));
    let error = app.build().unwrap_err();
    assert_eq!(error, SpecError::DuplicateId { id: "twin".into() });
    assert_eq!(error.to_string(), "two children are called `twin`: each needs a name of its own");
}

#[arbour::test]
async fn a_start_timeout_of_zero_is_refused_with_the_name() {
    let journal = Journal::new();
    let error = supervisor().child(service("a", &journal).start_timeout(ms(0))).build().unwrap_err();
    assert_eq!(error, SpecError::ZeroStartTimeout { id: "a".into() });
}

#[arbour::test]
async fn a_supervisor_as_a_child_of_another_starts_and_stops_in_the_order_of_the_tree() {
    let journal = Journal::new();
    let inner = journal.clone();
    let branch = ChildSpec::new("branch", move |_| {
        let branch = supervisor().child(service("b1", &inner)).child(service("b2", &inner));
        async move { branch.build()?.run().await.map_err(Failure::from) }
    });
    let app = supervisor()
        .child(service("a", &journal))
        .child(branch.shutdown(arbour::Shutdown::Wait))
        .child(service("c", &journal));
    run(app, async |_| settle().await).await.1.unwrap();
    let stops: Vec<String> = journal.lines().into_iter().filter(|line| line.starts_with('-')).collect();
    assert_eq!(stops, ["-c", "-b2", "-b1", "-a"]);
}
