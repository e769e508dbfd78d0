//! Scoped values: where they are in force, and who takes them along.

use crate::support::{Journal, OnDrop, SECOND, everywhere, never, paused, poll_once, turns};
use arbour::testing::{cancel_at_every_await, drop_at_every_await};
use arbour::{
    CancelScope, ChildSpec, Failure, Restart, Supervisor, Unset, catch_cancel, clean_up, defer, scoped_value,
    task_group, thread,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::task::yield_now;

scoped_value! {
    static REQUEST: u32;
    static TENANT: &'static str;
    static GUARD: Arc<()>;
}

#[test]
fn a_value_that_nobody_has_set_is_an_error_that_names_it() {
    everywhere(1, || async {
        let unset: Unset = REQUEST.cloned().unwrap_err();
        assert_eq!((unset.name, REQUEST.is_set()), ("REQUEST", false));
        assert_eq!(unset.to_string(), "the scoped value REQUEST is not set here");
    });
}

#[test]
fn an_inner_value_shadows_the_outer_one_until_it_ends() {
    everywhere(1, || async {
        let body = REQUEST.scope(1, async {
            yield_now().await;
            assert_eq!(REQUEST.scope(2, async { REQUEST.cloned() }).await, Ok(2));
            assert_eq!(REQUEST.with(|request| request + 10), Ok(11));
            assert_eq!(REQUEST.sync_scope(3, || REQUEST.cloned()), Ok(3));
            assert_eq!(
                TENANT.scope("a", async { (REQUEST.cloned(), TENANT.cloned()) }).await,
                (Ok(1), Ok("a"))
            );
            assert!(!TENANT.is_set());
        });
        body.await;
        assert!(!REQUEST.is_set());
    });
}

#[test]
fn a_child_sees_what_was_in_force_where_it_was_spawned() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let before = group.spawn_value(async { REQUEST.cloned() });
            let spawner = group.clone();
            let child = async move {
                turns(2).await;
                let shadowed = REQUEST.sync_scope(2, || spawner.spawn_value(async { REQUEST.cloned() }));
                (REQUEST.cloned(), shadowed.await.unwrap())
            };
            let inside = REQUEST.sync_scope(1, || group.spawn_value(child));
            (before.await.unwrap(), inside.await.unwrap())
        });
        let (before, inside) = outcome.await.unwrap();
        assert!(before.is_err(), "the value was set after the spawn");
        assert_eq!(inside, (Ok(1), Ok(2)));
    });
}

#[test]
fn a_started_child_sees_what_was_in_force_where_it_was_started() {
    everywhere(5, || async {
        let outcome = task_group(async |group| {
            let start = group.start(|ready| async move {
                ready.started(REQUEST.cloned());
                turns(2).await;
                Ok::<_, Failure>(REQUEST.cloned())
            });
            let started = REQUEST.scope(7, start).await.unwrap();
            (started.value, started.handle.await.unwrap())
        });
        assert_eq!(outcome.await.unwrap(), (Ok(7), Ok(7)));
    });
}

#[test]
fn a_bare_spawn_carries_nothing_along() {
    everywhere(1, || async {
        let bare = REQUEST.scope(1, async { tokio::spawn(async { REQUEST.is_set() }).await });
        assert!(!bare.await.unwrap());
    });
}

#[test]
fn code_of_another_task_that_is_polled_inside_sees_nothing() {
    paused(|| async {
        tokio::task::spawn_blocking(|| {
            let runtime = crate::support::one_thread();
            runtime.block_on(REQUEST.scope(1, async {
                let local = tokio::task::LocalSet::new();
                let stranger = local.spawn_local(async {
                    let own = REQUEST.scope(2, async { REQUEST.cloned() }).await;
                    (REQUEST.is_set(), own)
                });
                assert_eq!(local.run_until(stranger).await.unwrap(), (false, Ok(2)));
                assert_eq!(REQUEST.cloned(), Ok(1));
            }));
        })
        .await
        .unwrap();
    });
}

#[test]
fn clean_up_and_finalizers_see_what_was_in_force_where_they_were_asked_for() {
    everywhere(5, || async {
        let journal = Journal::default();
        let (first, second, third) = (journal.clone(), journal.clone(), journal.clone());
        let see = |name, journal: Journal| async move {
            turns(2).await;
            journal.note(format!("{name} {:?}", REQUEST.cloned().ok()));
        };
        let scope = CancelScope::new().run(async move {
            defer(see("outside", first));
            REQUEST.scope(1, async { defer(see("finalizer", second)) }).await;
            REQUEST.scope(2, async { clean_up(see("clean-up", third)) }).await;
        });
        scope.await.unwrap();
        journal.is(["clean-up Some(2)", "finalizer Some(1)", "outside None"]);
    });
}

#[test]
fn a_body_is_dropped_with_the_value_in_force() {
    everywhere(1, || async {
        let journal = Journal::default();
        let see = |name: &'static str| {
            let journal = journal.clone();
            OnDrop::new(move || journal.note(format!("{name} {:?}", REQUEST.cloned().ok())))
        };
        let (scoped, child, done) = (see("scoped"), see("child"), see("done"));
        let mut dropped = Box::pin(REQUEST.scope(1, async move {
            let _scoped = scoped;
            never::<()>().await;
        }));
        assert!(poll_once(&mut dropped).await.is_pending());
        drop(dropped);
        REQUEST.scope(2, async move { drop(done) }).await;
        let outcome = task_group(async move |group| {
            let body = async move {
                let _child = child;
                never::<()>().await;
            };
            REQUEST.sync_scope(3, || group.spawn_value(body)).cancel("enough");
        });
        outcome.await.unwrap();
        journal.is(["scoped Some(1)", "done Some(2)", "child Some(3)"]);
    });
}

#[test]
fn a_body_that_is_polled_in_another_place_sees_what_is_in_force_there() {
    everywhere(1, || async {
        let mut moving = Box::pin(TENANT.scope("kept", async {
            let mut seen = Vec::new();
            for _ in 0..3 {
                seen.push((REQUEST.cloned().ok(), TENANT.cloned().ok()));
                yield_now().await;
            }
            seen
        }));
        assert!(poll_once(&mut moving).await.is_pending());
        assert!(REQUEST.scope(1, poll_once(&mut moving)).await.is_pending());
        let seen = REQUEST.scope(2, moving).await;
        assert_eq!(seen, [(None, Some("kept")), (Some(1), Some("kept")), (Some(2), Some("kept"))]);
    });
}

#[test]
fn a_panic_puts_back_what_was_in_force() {
    REQUEST.sync_scope(1, || {
        let panicked = catch_unwind(AssertUnwindSafe(|| REQUEST.sync_scope(2, || panic!("on purpose"))));
        assert!(panicked.is_err());
        assert_eq!(REQUEST.cloned(), Ok(1));
    });
    assert!(!REQUEST.is_set());
}

#[test]
fn an_incarnation_sees_what_was_in_force_where_its_supervisor_runs() {
    paused(|| async {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sees = Arc::clone(&seen);
        let mut runs = 0;
        let child = ChildSpec::new("child", move |_| {
            runs += 1;
            sees.lock().unwrap().push((runs, REQUEST.cloned().ok()));
            let fails = runs < 3;
            async move { if fails { Err(Failure::message("once more")) } else { never().await } }
        });
        let built = REQUEST.sync_scope(1, || {
            Supervisor::builder("values").child(child.restart(Restart::Permanent)).build().unwrap()
        });
        let handle = built.handle();
        let outcome = task_group(async |group| {
            REQUEST.sync_scope(2, || group.spawn(built.run()));
            tokio::time::sleep(SECOND).await;
            handle.request_stop();
        });
        outcome.await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [(1, Some(2)), (2, Some(2)), (3, Some(2))]);
    });
}

#[test]
fn a_value_goes_with_the_last_who_carries_it() {
    everywhere(5, || async {
        let value = Arc::new(());
        let held = Arc::clone(&value);
        let outcome = task_group(async |group| {
            GUARD.sync_scope(held, || group.spawn_value(turns(3))).await.unwrap();
        });
        outcome.await.unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn values_that_shadow_each_other_do_not_pile_up() {
    paused(|| async {
        const DEEP: usize = 10_000;
        fn deeper(group: &arbour::TaskGroup, depth: usize, value: Arc<()>, most: Arc<AtomicUsize>) {
            let inner = group.clone();
            group.spawn_value(async move {
                most.fetch_max(Arc::strong_count(&value), Ordering::Relaxed);
                if depth > 0 {
                    let again = Arc::clone(&value);
                    GUARD.sync_scope(value, || deeper(&inner, depth - 1, again, most));
                }
            });
        }
        let value = Arc::new(());
        let most = Arc::new(AtomicUsize::new(0));
        task_group(async |group| deeper(&group, DEEP, Arc::clone(&value), Arc::clone(&most))).await.unwrap();
        assert!(most.load(Ordering::Relaxed) < 10, "{most:?} of them at once");
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

/// Sets values in every way; each place checks that it sees its own.
async fn everything(count: Arc<()>) {
    defer(async { assert!(!REQUEST.is_set()) });
    let body = REQUEST.scope(1, async {
        clean_up(async {
            yield_now().await;
            assert_eq!(REQUEST.cloned(), Ok(1));
        });
        let group = task_group(async |group| {
            let child = async {
                turns(2).await;
                assert_eq!((REQUEST.cloned(), GUARD.is_set()), (Ok(1), true));
            };
            GUARD.sync_scope(count, || group.spawn_value(child)).await.ok();
            let _ = catch_cancel(REQUEST.scope(2, turns(2))).await;
            assert_eq!(REQUEST.cloned(), Ok(1));
        });
        group.await.unwrap();
    });
    body.await;
    assert!(!REQUEST.is_set());
}

#[test]
fn hit_at_any_poll_a_scoped_value_is_gone_afterwards() {
    let count = Arc::new(());
    let is_gone = |fault: &str| {
        assert!(!REQUEST.is_set() && !GUARD.is_set(), "{fault}");
        assert_eq!(Arc::strong_count(&count), 1, "{fault}");
    };
    let make = || everything(Arc::clone(&count));
    assert!(drop_at_every_await(make, |run| is_gone(&format!("dropped: {run:?}"))) > 3);
    assert!(cancel_at_every_await(make, |run| is_gone(&format!("cancelled: {run:?}"))) > 3);
}

#[test]
fn a_function_in_a_thread_and_what_it_calls_back_see_the_values_of_the_caller() {
    everywhere(1, || async {
        let call = thread::run_sync(|| {
            let called_back = || thread::block_on(async { REQUEST.cloned() }).unwrap();
            (REQUEST.cloned(), called_back(), REQUEST.sync_scope(2, called_back))
        });
        assert_eq!(REQUEST.scope(1, call).await.unwrap(), (Ok(1), Ok(1), Ok(2)));
        let later = thread::run_sync(|| REQUEST.is_set());
        assert!(!later.await.unwrap(), "the thread does not keep them");
    });
}
