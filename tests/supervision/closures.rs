//! The closure that starts a child: how long it lives, what it owns, and what its panics do.

use crate::support::{Journal, OnDrop, ms, outlast, run, service, settle, supervisor};
use arbour::{Backoff, ChildSpec, Failure, Restart, RestartLimit, stopping};
use tokio::time::sleep;

/// A service whose closure notes `dropped` when it goes.
fn owning(name: &'static str, journal: &Journal) -> ChildSpec {
    let owned = OnDrop(journal.clone(), "dropped");
    ChildSpec::new(name, move |_| {
        let _owned = &owned;
        async {
            stopping().await;
            Ok::<(), Failure>(())
        }
    })
}

/// Panics when it is dropped.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("it went off");
    }
}

/// A service whose closure panics when it is dropped.
fn explosive(name: &'static str) -> ChildSpec {
    let owned = Grenade;
    ChildSpec::new(name, move |_| {
        let _owned = &owned;
        async {
            stopping().await;
            Ok::<(), Failure>(())
        }
    })
}

#[arbour::test]
async fn what_the_closure_owns_lives_from_one_incarnation_to_the_next() {
    let journal = Journal::new();
    let notes = journal.clone();
    let mut total = 0;
    let child = ChildSpec::new("a", move |_| {
        total += 1;
        notes.note(total.to_string());
        let done = total == 4;
        async move {
            if !done {
                return Err(Failure::message("more"));
            }
            stopping().await;
            Ok(())
        }
    });
    let app = supervisor().child(child.backoff(Backoff::none()));
    run(app, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.lines(), ["1", "2", "3", "4"]);
}

#[arbour::test]
async fn the_closure_is_dropped_when_its_slot_is_deleted_and_not_when_it_is_stopped() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor().child(owning("a", &journal)), async |handle| {
        handle.stop_child("a").await.unwrap();
        settle().await;
        assert!(journal.lines().is_empty());
        handle.delete_child("a").await.unwrap();
        settle().await;
        assert_eq!(journal.lines(), ["dropped"]);
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.count("dropped"), 1);
}

#[arbour::test]
async fn the_closure_is_dropped_when_a_temporary_child_has_ended() {
    let journal = Journal::new();
    let owned = OnDrop(journal.clone(), "dropped");
    let child = ChildSpec::new("a", move |_| {
        let _owned = &owned;
        async { Ok::<(), Failure>(()) }
    });
    let app = supervisor().child(child.restart(Restart::Temporary));
    let ((), outcome) = run(app, async |_| {
        settle().await;
        assert_eq!(journal.lines(), ["dropped"]);
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn the_closure_of_a_child_that_was_refused_is_dropped_with_its_specification() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor().child(service("a", &journal)), async |handle| {
        let refused = handle.start_child(owning("a", &journal)).await.unwrap_err();
        assert_eq!(journal.count("dropped"), 0);
        drop(refused);
        assert_eq!(journal.count("dropped"), 1);
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn every_closure_is_gone_when_the_supervisor_has_ended() {
    let journal = Journal::new();
    let app = supervisor().child(owning("a", &journal)).child(owning("b", &journal));
    let (handle, outcome) = run(app, async |handle| {
        settle().await;
        handle
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.count("dropped"), 2);
    drop(handle);
}

#[arbour::test]
async fn every_closure_is_gone_when_the_supervisor_has_given_up() {
    let journal = Journal::new();
    let bad = ChildSpec::new("bad", |_| async { Err::<(), _>(Failure::message("bad")) });
    let none = RestartLimit::new(0, ms(1)).unwrap();
    outlast(supervisor().limit(none).child(owning("a", &journal)).child(bad)).await.unwrap_err();
    assert_eq!(journal.count("dropped"), 1);
}

#[arbour::test]
async fn every_closure_is_gone_when_the_supervisor_was_dropped() {
    let journal = Journal::new();
    let app = supervisor().child(owning("a", &journal)).build().unwrap();
    arbour::CancelScope::new()
        .run(async {
            assert!(tokio::time::timeout(ms(10), app.run()).await.is_err());
        })
        .await
        .unwrap();
    assert_eq!(journal.count("dropped"), 1);
}

#[arbour::test]
async fn a_closure_that_panics_when_it_is_called_is_a_crash_of_its_child_and_of_nothing_else() {
    let journal = Journal::new();
    let notes = journal.clone();
    let mut calls = 0;
    let child = ChildSpec::new("a", move |_| {
        calls += 1;
        assert!(calls > 3, "not yet");
        notes.note("up");
        async {
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let app = supervisor().child(service("b", &journal)).child(child.backoff(Backoff::none()));
    let (snapshot, outcome) = run(app, async |handle| {
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(
        snapshot.to_string(),
        "app (3 restarts)\n├─ b  running, no restarts\n└─ a  running, 3 restarts, last panicked"
    );
    assert_eq!(journal.lines(), ["+b", "up", "-b"]);
}

#[arbour::test]
async fn a_closure_that_panics_each_time_is_given_up_with_its_panic() {
    let child = ChildSpec::new("a", |_| -> std::future::Ready<Result<(), Failure>> { panic!("no config") });
    let error = outlast(supervisor().child(child.backoff(Backoff::none()))).await.unwrap_err();
    assert!(error.failure().unwrap().is_panic());
    assert!(error.to_string().ends_with("no config"), "{error}");
}

#[arbour::test]
async fn a_closure_that_panics_when_its_slot_is_deleted_brings_nothing_down() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).child(explosive("b"));
    let (snapshot, outcome) = run(app, async |handle| {
        handle.stop_child("b").await.unwrap();
        handle.delete_child("b").await.unwrap();
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(snapshot.to_string(), "app (no restarts)\n└─ a  running, no restarts");
}

#[arbour::test]
async fn closures_that_panic_at_the_end_of_the_supervisor_change_nothing_and_keep_no_other_from_being_dropped()
 {
    let journal = Journal::new();
    let mut app = supervisor();
    for name in ["b", "c", "d", "e"] {
        app = app.child(explosive(name));
    }
    for name in ["f", "g", "h", "i"] {
        app = app.child(owning(name, &journal));
    }
    run(app, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.count("dropped"), 4);
}

#[arbour::test]
async fn a_closure_that_panics_when_a_dropped_supervisor_lets_go_of_it_panics_nobody() {
    let journal = Journal::new();
    let app = supervisor().child(explosive("a")).child(owning("b", &journal)).build().unwrap();
    arbour::CancelScope::new()
        .run(async {
            assert!(tokio::time::timeout(ms(10), app.run()).await.is_err());
        })
        .await
        .unwrap();
    assert_eq!(journal.count("dropped"), 1);
}

#[arbour::test]
async fn a_refused_specification_that_nobody_waits_for_and_panics_when_dropped_brings_nothing_down() {
    let journal = Journal::new();
    let (snapshot, outcome) = run(supervisor().child(service("a", &journal)), async |handle| {
        settle().await;
        let mut call = Box::pin(handle.start_child(explosive("a")));
        assert!(futures_poll(&mut call).is_pending());
        drop(call);
        settle().await;
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(snapshot.to_string(), "app (no restarts)\n└─ a  running, no restarts");
}

/// Polls once, with a waker that does nothing.
fn futures_poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::Pin::new(future).poll(&mut cx)
}

#[arbour::test]
async fn a_child_whose_locals_panic_while_it_is_cancelled_is_stopped_all_the_same() {
    let child = ChildSpec::new("a", |_| async {
        let _grenade = Grenade;
        std::future::pending::<()>().await;
        Ok::<(), Failure>(())
    });
    let (snapshot, outcome) = run(supervisor().child(child), async |handle| {
        settle().await;
        handle.stop_child("a").await.unwrap();
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(snapshot.to_string(), "app (no restarts)\n└─ a  down, no restarts");
    sleep(ms(1)).await;
}
