//! What an end brings about besides a restart: auto-shutdown, escalation, a slot that is given up, a start that declines.

use crate::support::{Journal, failing, ms, run, service, settle, supervisor};
use arbour::{
    AutoShutdown, ChildSpec, Directive, Exhausted, Exit, Failure, Restart, RestartLimit, SlotState,
    SpecError, SupervisorError, SupervisorOutcome,
};
use tokio::time::sleep;

/// Ends normally after so long.
fn job(name: &'static str, takes: u64) -> ChildSpec {
    ChildSpec::new(name, move |_| async move {
        sleep(ms(takes)).await;
        Ok::<(), Failure>(())
    })
    .restart(Restart::Transient)
}

#[arbour::test]
async fn the_end_of_a_significant_child_is_an_orderly_end_of_all() {
    let journal = Journal::new();
    let app = supervisor()
        .auto_shutdown(AutoShutdown::AnySignificant)
        .child(service("a", &journal))
        .child(job("minor", 50))
        .child(job("major", 100).significant())
        .child(service("b", &journal));
    app.build().unwrap().run().await.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "+b@0", "-b@100", "-a@100"]);
}

#[arbour::test]
async fn with_all_the_last_significant_child_counts() {
    let app = supervisor()
        .auto_shutdown(AutoShutdown::AllSignificant)
        .child(job("short", 50).significant())
        .child(job("long", 300).significant());
    let journal = Journal::new();
    app.build().unwrap().run().await.unwrap();
    assert_eq!(journal.time(), 300);
}

#[test]
fn a_significant_child_that_can_never_count_is_refused_when_the_supervisor_is_built() {
    let heeded = || supervisor().auto_shutdown(AutoShutdown::AnySignificant);
    let permanent = job("x", 1).restart(Restart::Permanent).significant();
    assert_eq!(
        heeded().child(permanent).build().unwrap_err(),
        SpecError::SignificantPermanent { id: "x".into() }
    );
    assert_eq!(
        supervisor().child(job("x", 1).significant()).build().unwrap_err(),
        SpecError::SignificantUnheard { id: "x".into() }
    );
}

#[arbour::test]
async fn a_failure_that_is_judged_to_concern_all_fails_the_supervisor_with_it() {
    let journal = Journal::new();
    let child = failing("x", &journal).on_exit(|exit| match exit {
        Exit::Failed(failure) if failure.to_string().contains("no route") => Directive::Escalate,
        _ => Directive::ByPolicy,
    });
    let error = supervisor().child(child).build().unwrap().run().await.unwrap_err();
    assert!(matches!(error, SupervisorError::Failed { outcome: SupervisorOutcome::Escalated { .. }, .. }));
    assert_eq!(error.failure().unwrap().to_string(), "no route to host");
    assert_eq!(journal.count("+x"), 1);
}

#[arbour::test]
async fn a_failure_that_is_judged_to_be_an_end_leaves_the_child_down() {
    let journal = Journal::new();
    let child = failing("x", &journal).on_exit(|_| Directive::Stop);
    let (state, end) = run(supervisor().child(child), async |handle| {
        settle().await;
        handle.snapshot().await.children[0].state
    })
    .await;
    end.unwrap();
    assert_eq!((state, journal.count("+x")), (SlotState::Down, 1));
}

#[arbour::test]
async fn a_judge_that_panics_leaves_it_to_the_policy() {
    let journal = Journal::new();
    let child = failing("x", &journal).on_exit(|_| panic!("unfit to judge")).restart(Restart::Temporary);
    let (children, end) = run(supervisor().child(child), async |handle| {
        settle().await;
        handle.snapshot().await.children.len()
    })
    .await;
    end.unwrap();
    assert_eq!((children, journal.count("+x")), (0, 1));
}

#[arbour::test]
async fn a_child_that_uses_up_its_own_limit_may_stay_down_alone() {
    let journal = Journal::new();
    let once = RestartLimit::new(1, ms(60_000)).unwrap();
    let child = failing("x", &journal).limit(once).exhausted(Exhausted::StayDown);
    let app = supervisor().child(service("a", &journal)).child(child);
    let (state, end) = run(app, async |handle| {
        settle().await;
        handle.snapshot().await.children[1].state
    })
    .await;
    end.unwrap();
    assert_eq!((state, journal.count("+x"), journal.count("-a")), (SlotState::Down, 2, 1));
}

#[arbour::test]
async fn a_child_that_declines_stays_down_and_those_after_it_start() {
    let journal = Journal::new();
    let declining = ChildSpec::new("d", |cx| async move {
        cx.decline();
        Ok::<(), Failure>(())
    });
    let app = supervisor().child(declining.reports_ready()).child(service("a", &journal));
    let (children, end) = run(app, async |handle| {
        settle().await;
        let temporary = ChildSpec::new("t", |cx| async move {
            cx.decline();
            Ok::<(), Failure>(())
        });
        handle.start_child(temporary.reports_ready().restart(Restart::Temporary)).await.unwrap();
        handle.restart_child("d").await.unwrap();
        let snapshot = handle.snapshot().await;
        snapshot
            .children
            .into_iter()
            .map(|child| (child.id, child.state == SlotState::Down))
            .collect::<Vec<_>>()
    })
    .await;
    end.unwrap();
    assert_eq!(children, [("d".to_owned(), true), ("a".to_owned(), false)]);
    assert_eq!(journal.lines(), ["+a", "-a"]);
}
