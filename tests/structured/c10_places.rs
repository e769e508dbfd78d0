//! C10: the parent is the scope current at the first poll; a scope follows its future.

use crate::support::{Journal, MS, SECOND, everywhere, never, one_thread, paused, poll_once, turns, until};
use arbour::{CancelScope, ScopeHandle, shield, task_group};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

#[test]
#[expect(clippy::async_yields_async, reason = "what is handed out is awaited elsewhere")]
fn the_parent_is_the_scope_of_the_first_poll_not_the_one_where_it_was_made() {
    everywhere(5, || async {
        let made = CancelScope::new();
        let cancel = made.handle();
        let scope = made.run(async { Box::pin(CancelScope::new().run(turns(3))) }).await.unwrap();
        cancel.cancel("where it was made");
        assert!(scope.await.is_ok());
    });
}

#[test]
fn a_cancel_before_the_first_poll_is_kept() {
    everywhere(5, || async {
        let scope = CancelScope::new();
        let handle = scope.handle();
        handle.cancel("early");
        assert!(handle.is_cancelled());
        assert_eq!(scope.run(never::<()>()).await.unwrap_err().cause.to_string(), "early");
    });
}

#[test]
fn a_deadline_counts_from_the_first_poll() {
    paused(|| async {
        let limited = arbour::move_on_after(10 * MS, sleep(5 * MS));
        sleep(SECOND).await;
        assert!(limited.await.is_ok());
    });
}

#[test]
fn a_scope_polled_elsewhere_releases_its_old_place_and_is_cancelled_with_its_new_one() {
    paused(|| async {
        let journal = Journal::default();
        let (send, receive) = oneshot::channel();
        let second = CancelScope::new();
        let cancel_second = second.handle();
        let noted = journal.clone();
        let other = tokio::spawn(async move {
            let parked: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = receive.await.unwrap();
            let outcome = second.run(parked).await;
            noted.note(outcome.unwrap_err().to_string());
        });
        let first = CancelScope::new();
        let cancel_first = first.handle();
        let begin = Instant::now();
        let outcome = first.run(async {
            let mut moving = Box::pin(async {
                let _ = CancelScope::new().run(shield(sleep(300 * MS))).await;
                never::<()>().await;
            });
            assert!(poll_once(&mut moving).await.is_pending());
            send.send(moving as _).ok().unwrap();
            sleep(10 * MS).await;
            cancel_first.cancel("first");
            never::<()>().await;
        });
        assert!(outcome.await.is_err());
        assert_eq!(begin.elapsed(), 10 * MS, "it was held by a shield that had moved away");
        cancel_second.cancel("second");
        other.await.unwrap();
        assert_eq!(begin.elapsed(), 300 * MS);
        journal.is(["cancelled: second"]);
    });
}

#[test]
fn a_scope_moved_out_of_a_cancelled_place_is_not_cancelled_any_more() {
    everywhere(5, || async {
        let (go, gate) = oneshot::channel::<()>();
        let first = CancelScope::new();
        let cancel = first.handle();
        let mut moving = Box::pin(CancelScope::new().run(gate));
        first.run(async { assert!(poll_once(&mut moving).await.is_pending()) }).await.unwrap();
        cancel.cancel("has ended");
        go.send(()).unwrap();
        assert!(moving.await.unwrap().is_ok());
    });
}

#[test]
fn a_group_whose_place_ends_first_is_waited_for_by_the_ancestor_above() {
    everywhere(10, || async {
        let journal = Journal::default();
        let inside = journal.clone();
        let slot = std::sync::Arc::new(tokio::sync::Mutex::new(None));
        let parked = std::sync::Arc::clone(&slot);
        let outcome = CancelScope::new().run(async move {
            let (go, gate) = oneshot::channel::<()>();
            let place = CancelScope::new().run(async {
                let child = inside.clone();
                let mut group = Box::pin(task_group(async move |group| {
                    group.spawn_value(async move {
                        gate.await.ok();
                        turns(5).await;
                        child.note("child ended");
                    });
                    never::<()>().await;
                }));
                assert!(poll_once(&mut group).await.is_pending());
                *parked.lock().await = Some(group);
                go.send(()).unwrap();
            });
            place.await.unwrap();
        });
        outcome.await.unwrap();
        journal.note("outermost ended");
        journal.is(["child ended", "outermost ended"]);
        drop(slot);
    });
}

#[test]
fn a_place_that_waits_for_a_parked_group_goes_on_when_that_is_polled_elsewhere() {
    everywhere(5, || async {
        let (send, receive) = oneshot::channel();
        let (go, gate) = oneshot::channel::<()>();
        let (ended, hears) = oneshot::channel::<()>();
        let other = tokio::spawn(CancelScope::new().run(async move {
            let parked: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = receive.await.unwrap();
            let finish = async {
                hears.await.unwrap();
                go.send(()).unwrap();
            };
            tokio::join!(parked, finish);
        }));
        let place = CancelScope::new().run(async {
            let mut group = Box::pin(async {
                let group = task_group(async move |group| {
                    group.spawn_value(async { gate.await.ok() });
                });
                group.await.unwrap();
            });
            assert!(poll_once(&mut group).await.is_pending());
            send.send(group as _).ok().unwrap();
        });
        place.await.unwrap();
        ended.send(()).unwrap();
        other.await.unwrap().unwrap();
    });
}

#[test]
fn a_move_that_would_make_a_scope_its_own_ancestor_is_refused() {
    everywhere(5, || async {
        let (send, receive) = oneshot::channel::<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>();
        let (stop, stopped) = oneshot::channel::<ScopeHandle>();
        let mut group = Box::pin(async move {
            let outcome = task_group(async move |group| {
                stop.send(group.scope()).unwrap();
                group.spawn_value(async move {
                    let own_group = receive.await.unwrap();
                    own_group.await;
                });
                never::<()>().await;
            })
            .await;
            assert!(outcome.is_err());
        }) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
        assert!(poll_once(&mut group).await.is_pending());
        let handle = stopped.await.unwrap();
        send.send(group).ok().unwrap();
        turns(10).await;
        handle.cancel("out of the circle");
        until(|| handle.child_count() == 0).await;
    });
}

#[test]
fn strangers_on_a_local_set_see_no_current_scope() {
    for polled_in_task in [false, true] {
        one_thread().block_on(async move {
            let host = async {
                let local = tokio::task::LocalSet::new();
                let stranger = local.spawn_local(async { ScopeHandle::current().is_none() });
                let scope = arbour::fail_after(SECOND, local.run_until(stranger));
                scope.await.unwrap().unwrap()
            };
            if polled_in_task {
                let set = tokio::task::LocalSet::new();
                assert!(set.run_until(async { tokio::task::spawn_local(host).await.unwrap() }).await);
            } else {
                assert!(host.await);
            }
        });
    }
}

#[test]
fn a_strangers_shield_does_not_hold_the_scope_that_drives_its_local_set() {
    one_thread().block_on(async {
        let begin = Instant::now();
        let outcome = arbour::move_on_after(10 * MS, async {
            let local = tokio::task::LocalSet::new();
            let stranger = local.spawn_local(shield(sleep(300 * MS)));
            local.run_until(stranger).await.unwrap();
        });
        assert!(outcome.await.is_err());
        assert_eq!(begin.elapsed(), 10 * MS);
    });
}

#[test]
fn a_bare_spawn_stands_outside_of_every_scope() {
    everywhere(3, || async {
        let seen =
            task_group(async |_| tokio::spawn(async { ScopeHandle::current().is_none() }).await.unwrap());
        assert!(seen.await.unwrap());
    });
}

#[test]
fn numbers_of_scopes_are_never_used_again() {
    let ids: Vec<_> = (0..1000).map(|_| CancelScope::new().handle().id()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
}
