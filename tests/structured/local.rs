//! Local groups: children that are not `Send`, and clean-up that is not.

use crate::support::{MS, never, one_thread, turns};
use arbour::testing::block_on;
use arbour::{
    CancelScope, Failure, GroupError, ScopeHandle, TaskError, clean_up_local, defer, defer_local, join,
    local_group, shield,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

type Notes = Rc<RefCell<Vec<&'static str>>>;

fn later(notes: &Notes, what: &'static str) -> impl Future<Output = ()> + 'static + use<> {
    let notes = Rc::clone(notes);
    async move {
        turns(3).await;
        notes.borrow_mut().push(what);
    }
}

#[test]
fn children_that_are_not_send_share_what_they_have_and_give_their_outcomes() {
    block_on(async {
        let shared = Rc::new(Cell::new(0));
        let outcome = local_group(async |group| {
            let handles = (1..=4).map(|n| {
                let shared = Rc::clone(&shared);
                group.spawn(async move {
                    turns(n).await;
                    shared.set(shared.get() + n);
                    Ok::<_, Failure>(Rc::new(n))
                })
            });
            let mut given = 0;
            for handle in handles.collect::<Vec<_>>() {
                given += *handle.await.unwrap();
            }
            given
        });
        assert_eq!(outcome.await.unwrap(), 10);
        assert_eq!(shared.get(), 10);
    });
}

#[test]
fn a_local_child_that_fails_cancels_the_body_and_its_siblings() {
    block_on(async {
        let notes = Notes::default();
        let outcome = local_group(async |group| {
            let deferred = later(&notes, "sibling's finalizer");
            group.spawn_value(async move {
                defer_local(deferred);
                never::<()>().await;
            });
            group.task().name("reader").spawn(async {
                turns(2).await;
                Err::<(), _>(Failure::message("disk full"))
            });
            never::<()>().await;
        });
        assert_eq!(outcome.await.unwrap_err().to_string(), "1 task failed\n- reader: disk full");
        assert_eq!(*notes.borrow(), ["sibling's finalizer"]);
    });
}

#[test]
fn a_cancelled_local_group_ends_its_children_after_their_shields() {
    block_on(async {
        let notes = Notes::default();
        let outcome = local_group(async |group| {
            let shielded = later(&notes, "shield done");
            let child = group.spawn_value(async move {
                shield(shielded).await;
                never::<()>().await;
            });
            turns(1).await;
            group.cancel("enough");
            child.await
        });
        assert!(matches!(outcome.await, Err(GroupError::Cancelled(_))));
        assert_eq!(*notes.borrow(), ["shield done"]);
    });
}

#[test]
fn local_finalizers_take_their_turns_with_the_others() {
    block_on(async {
        let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let order = std::sync::Arc::clone(&order);
            async move {
                turns(2).await;
                order.lock().unwrap().push(what);
            }
        };
        local_group(async |group| {
            defer(note("first deferred"));
            let local = note("second deferred");
            let not_send = Rc::new(());
            defer_local(async move {
                let _not_send = not_send;
                assert!(ScopeHandle::current().is_some(), "it has a scope of its own");
                local.await;
            });
            defer(note("third deferred"));
            clean_up_local(note("clean-up"));
            group.spawn_value(note("child"));
            note("body").await;
        })
        .await
        .unwrap();
        let order = order.lock().unwrap().clone();
        assert_eq!(order[3..], ["third deferred", "second deferred", "first deferred"], "{order:?}");
    });
}

#[test]
fn an_inner_local_group_that_is_dropped_is_finished_by_the_outer_one() {
    block_on(async {
        let notes = Notes::default();
        local_group(async |_| {
            let inner = local_group(async |group| {
                let (deferred, shielded) = (later(&notes, "finalizer"), later(&notes, "shield of a child"));
                defer_local(deferred);
                group.spawn_value(async move {
                    shield(shielded).await;
                    never::<()>().await;
                });
                turns(1).await;
                never::<()>().await;
            });
            assert!(timeout(MS, inner).await.is_err());
        })
        .await
        .unwrap();
        assert_eq!(*notes.borrow(), ["shield of a child", "finalizer"]);
    });
}

#[test]
fn with_its_driver_gone_local_clean_up_is_dropped_and_the_rest_is_adopted() {
    block_on(async {
        let notes = Notes::default();
        let finished = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let finishes = std::sync::Arc::clone(&finished);
        let scope = CancelScope::new().run(async {
            let outermost = local_group(async |group| {
                defer_local(later(&notes, "local finalizer"));
                group.spawn_value(async move {
                    defer(async move { finishes.store(true, std::sync::atomic::Ordering::SeqCst) });
                    never::<()>().await;
                });
                never::<()>().await;
            });
            assert!(timeout(MS, outermost).await.is_err());
        });
        scope.await.unwrap();
        assert!(finished.load(std::sync::atomic::Ordering::SeqCst), "what is Send is adopted");
        assert!(notes.borrow().is_empty());
        assert_eq!(Rc::strong_count(&notes), 1, "what is not Send was dropped");
    });
}

#[test]
fn local_clean_up_outside_of_every_local_group_is_dropped() {
    block_on(async {
        let notes = Notes::default();
        defer_local(later(&notes, "finalizer"));
        clean_up_local(later(&notes, "clean-up"));
        assert_eq!(Rc::strong_count(&notes), 1);
    });
}

#[test]
fn two_local_groups_of_one_task_do_not_share_a_driver() {
    block_on(async {
        let count = Cell::new(0);
        let group = |ms: u64| {
            local_group(async move |group| {
                let handle = group.spawn_value(sleep(Duration::from_millis(ms)));
                handle.await.unwrap();
            })
        };
        let ended = |group| async {
            let outcome: Result<(), GroupError> = Box::pin(group).await;
            outcome.unwrap();
            count.set(count.get() + 1);
        };
        join!(ended(group(5)), ended(group(20)), ended(group(10)));
        assert_eq!(count.get(), 3);
    });
}

#[test]
fn a_local_group_that_has_finished_starts_nothing() {
    block_on(async {
        let outer = local_group(async |_| {
            let group = local_group(async |group| group).await.unwrap();
            assert!(matches!(group.spawn_value(async {}).await, Err(TaskError::NotStarted)));
        });
        outer.await.unwrap();
        let group = local_group(async |group| group).await.unwrap();
        assert!(matches!(group.spawn_value(async {}).await, Err(TaskError::NotStarted)));
    });
}

#[test]
fn a_loop_of_local_groups_is_stopped_by_a_cancellation() {
    one_thread().block_on(async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome: Result<(), _> = scope
            .run(async {
                handle.cancel("stop");
                loop {
                    local_group(async |group| group.spawn_value(async {}).await.ok()).await.ok();
                    arbour::checkpoint().await;
                }
            })
            .await;
        assert!(outcome.is_err());
    });
}
