//! C12: clean-up finds a scope wherever a guard is dropped.

use crate::support::{Journal, OnDrop, everywhere, never, one_thread, poll_once, tasks, turns, until};
use arbour::{CancelScope, Origin, clean_up, defer};
use std::cell::RefCell;

/// A guard that remembers where it was made.
struct Guard {
    origin: Origin,
    journal: Journal,
}

impl Guard {
    fn new(journal: &Journal) -> Self {
        Self { origin: Origin::here(), journal: journal.clone() }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.origin.clean_up(self.journal.later("cleaned up"));
    }
}

/// E2.
#[test]
fn a_guard_dropped_in_the_body_is_cleaned_up_at_once_beside_it() {
    everywhere(10, || async {
        let journal = Journal::default();
        let scope = CancelScope::new().run(async {
            drop(Guard::new(&journal));
            until(|| journal.holds("cleaned up")).await;
            journal.note("body goes on");
        });
        scope.await.unwrap();
        journal.is(["cleaned up", "body goes on"]);
    });
}

#[test]
fn clean_up_goes_to_the_scope_current_at_the_drop() {
    everywhere(10, || async {
        let journal = Journal::default();
        let outer = CancelScope::new().run(async {
            let guard = Guard::new(&journal);
            CancelScope::new().run(async { drop(guard) }).await.unwrap();
            journal.note("inner ended");
        });
        outer.await.unwrap();
        journal.is(["cleaned up", "inner ended"]);
    });
}

#[test]
fn a_guard_dropped_in_spawn_blocking_is_cleaned_up_by_the_scope_where_it_was_made() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new().run(async {
            let guard = Guard::new(&journal);
            tokio::task::spawn_blocking(move || drop(guard)).await.unwrap();
        });
        scope.await.unwrap();
        journal.is(["cleaned up"]);
    });
}

#[test]
fn a_guard_dropped_in_a_bare_spawn_is_cleaned_up_by_the_scope_where_it_was_made() {
    everywhere(5, || async {
        let journal = Journal::default();
        let scope = CancelScope::new().run(async {
            let guard = Guard::new(&journal);
            tokio::spawn(async move { drop(guard) }).await.unwrap();
        });
        scope.await.unwrap();
        journal.is(["cleaned up"]);
    });
}

#[test]
fn a_guard_dropped_with_its_thread_is_cleaned_up_by_the_scope_where_it_was_made() {
    thread_local! { static KEPT: RefCell<Option<Guard>> = const { RefCell::new(None) }; }
    everywhere(3, || async {
        let journal = Journal::default();
        let scope = CancelScope::new().run(async {
            let guard = Guard::new(&journal);
            let thread = std::thread::spawn(move || KEPT.with(|kept| *kept.borrow_mut() = Some(guard)));
            thread.join().unwrap();
        });
        scope.await.unwrap();
        journal.is(["cleaned up"]);
    });
}

#[test]
fn a_guard_dropped_after_its_scope_has_ended_is_cleaned_up_by_the_nearest_living_ancestor() {
    everywhere(5, || async {
        let journal = Journal::default();
        let outermost = CancelScope::new().run(async {
            let nested = CancelScope::new().run(CancelScope::new().run(async { Guard::new(&journal) }));
            let guard = nested.await.unwrap().unwrap();
            tokio::spawn(async move { drop(guard) }).await.unwrap();
        });
        outermost.await.unwrap();
        journal.is(["cleaned up"]);
    });
}

#[test]
fn a_guard_in_a_body_that_foreign_code_drops_in_another_task_is_cleaned_up_in_its_own_scope() {
    everywhere(5, || async {
        let journal = Journal::default();
        let adopter = CancelScope::new().run(async {
            let guard = journal.clone();
            let mut scope = Box::pin(CancelScope::new().run(async move {
                let _guard = OnDrop::new(move || clean_up(guard.later("cleaned up")));
                never::<()>().await;
            }));
            assert!(poll_once(&mut scope).await.is_pending());
            let drops = async move {
                let before = tasks();
                drop(scope);
                assert!(tasks() <= before, "it was handed to the runtime");
            };
            tokio::spawn(drops).await.unwrap();
        });
        adopter.await.unwrap();
        journal.is(["cleaned up"]);
    });
}

#[test]
fn with_no_root_left_clean_up_is_spawned() {
    everywhere(5, || async {
        let journal = Journal::default();
        clean_up(journal.later("cleaned up"));
        defer(journal.later("deferred"));
        let guard = CancelScope::new().run(async { Guard::new(&journal) }).await.unwrap();
        drop(guard);
        until(|| journal.len() == 3).await;
    });
}

#[test]
fn without_a_runtime_clean_up_is_dropped_and_does_not_panic() {
    let journal = Journal::default();
    let held = journal.at_drop("dropped");
    let never_polled = journal.clone();
    std::thread::spawn(move || {
        clean_up(async move {
            never_polled.note("polled");
            drop(held);
        });
        defer(async {});
    })
    .join()
    .unwrap();
    journal.is(["dropped"]);
}

#[test]
fn clean_up_that_cleans_up_when_it_is_dropped_does_not_recurse_while_the_runtime_ends() {
    let journal = Journal::default();
    let runtime = one_thread();
    let noted = journal.clone();
    runtime.spawn(async move {
        let last = noted.clone();
        let scope = CancelScope::new().run(async move {
            let held = OnDrop::new(move || {
                let again = noted.at_drop("second dropped");
                clean_up(async move {
                    never::<()>().await;
                    drop(again);
                });
            });
            let first = last.at_drop("first dropped");
            defer(async move {
                never::<()>().await;
                drop((held, first));
            });
            arbour::task_group(async |group| {
                group.spawn_value(never::<()>());
                never::<()>().await;
            })
            .await
        });
        let _ = scope.await;
    });
    runtime.block_on(turns(3));
    drop(runtime);
    assert!(journal.holds("first dropped") && journal.holds("second dropped"), "{journal:?}");
}

#[test]
fn in_an_aborted_scope_clean_up_is_refused() {
    everywhere(3, || async {
        let journal = Journal::default();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = scope.run(async {
            handle.abort("at once");
            defer(journal.later("deferred"));
            clean_up(journal.later("cleaned up"));
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        journal.is([]);
    });
}
