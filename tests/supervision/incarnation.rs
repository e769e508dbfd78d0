//! One incarnation at a time: a restart begins only when all that the last one left behind is gone.

use crate::support::{Journal, ms, run, settle, supervisor};
use arbour::{ChildSpec, Failure, Origin, ScopeHandle, clean_up, defer, stopping, task_group};
use tokio::time::sleep;

/// How the first incarnation ends, and what it leaves behind that takes 100 ms to go.
type Mess = fn(Journal) -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Runs a child whose first incarnation makes this mess at 10 ms; says what was noted, and when.
async fn after(mess: Mess) -> Vec<String> {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |cx| {
        let notes = notes.clone();
        async move {
            notes.note(format!("start {}", cx.incarnation()));
            if cx.incarnation() == 1 {
                sleep(ms(10)).await;
                return mess(notes).await;
            }
            stopping().await;
            Ok(())
        }
    });
    run(supervisor().child(child), async |_| sleep(ms(1_000)).await).await.1.unwrap();
    journal.timed()
}

/// Takes 100 ms, and then notes that it is gone.
async fn slowly(journal: Journal) {
    sleep(ms(100)).await;
    journal.note("gone");
}

const EXPECTED: [&str; 3] = ["start 1@0", "gone@110", "start 2@110"];

#[arbour::test]
async fn a_finalizer_ends_before_the_restart_after_an_error() {
    let seen = after(|journal| {
        Box::pin(async {
            defer(slowly(journal));
            Err(Failure::message("crash"))
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn a_finalizer_ends_before_the_restart_after_a_panic() {
    let seen = after(|journal| {
        Box::pin(async {
            defer(slowly(journal));
            panic!("crash")
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn a_finalizer_ends_before_the_restart_after_a_cancellation_by_somebody() {
    let seen = after(|journal| {
        Box::pin(async {
            defer(slowly(journal));
            ScopeHandle::current().unwrap().cancel("somebody");
            std::future::pending().await
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn a_clean_up_ends_before_the_restart() {
    let seen = after(|journal| {
        Box::pin(async {
            clean_up(slowly(journal));
            Err(Failure::message("crash"))
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn what_a_guard_cleans_up_when_a_panic_drops_it_ends_before_the_restart() {
    struct Guard(Origin, Journal);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.clean_up(slowly(self.1.clone()));
        }
    }
    let seen = after(|journal| {
        Box::pin(async {
            let _guard = Guard(Origin::here(), journal);
            sleep(ms(0)).await;
            panic!("crash")
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn the_tasks_of_a_group_inside_end_before_the_restart_after_a_panic_of_its_body() {
    let seen = after(|journal| {
        Box::pin(async {
            let _ = task_group(async |group| {
                group.spawn_value(async {
                    defer(slowly(journal));
                    std::future::pending::<()>().await;
                });
                tokio::task::yield_now().await;
                panic!("crash");
            })
            .await;
            Ok(())
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn a_group_that_select_dropped_inside_ends_before_the_restart() {
    let seen = after(|journal| {
        Box::pin(async {
            let group = task_group(async |group| {
                group.spawn_value(async {
                    defer(slowly(journal));
                    std::future::pending::<()>().await;
                });
                std::future::pending::<()>().await;
            });
            tokio::select! {
                biased;
                _ = group => unreachable!("it never ends"),
                () = tokio::task::yield_now() => {}
            }
            Err(Failure::message("crash"))
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn a_group_whose_child_spawned_a_grandchild_ends_before_the_restart() {
    let seen = after(|journal| {
        Box::pin(async {
            let error = task_group(async |group| {
                group.spawn_value(async {
                    let _ = task_group(async |inner| {
                        inner.spawn_value(async {
                            defer(slowly(journal));
                            std::future::pending::<()>().await;
                        });
                        std::future::pending::<()>().await;
                    })
                    .await;
                });
                tokio::task::yield_now().await;
                group.spawn(async { Err::<(), _>(Failure::message("crash")) });
            })
            .await
            .unwrap_err();
            Err(error.into())
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn a_supervisor_that_a_child_dropped_by_select_ends_before_the_restart() {
    let seen = after(|journal| {
        Box::pin(async {
            let inner = ChildSpec::new("inner", move |_| {
                defer(slowly(journal.clone()));
                std::future::pending::<Result<(), Failure>>()
            });
            let inner = supervisor().child(inner).build().unwrap();
            tokio::select! {
                biased;
                _ = inner.run() => unreachable!("it never ends"),
                () = tokio::task::yield_now() => {}
            }
            Err(Failure::message("crash"))
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn finalizers_run_last_in_first_out_and_all_of_them_before_the_restart() {
    let seen = after(|journal| {
        Box::pin(async move {
            for name in ["first", "second", "third"] {
                let journal = journal.clone();
                defer(async move {
                    sleep(ms(10)).await;
                    journal.note(name);
                });
            }
            Err(Failure::message("crash"))
        })
    });
    assert_eq!(seen.await, ["start 1@0", "third@20", "second@30", "first@40", "start 2@40"]);
}

#[arbour::test]
async fn a_finalizer_that_panics_keeps_neither_the_others_nor_the_restart() {
    let seen = after(|journal| {
        Box::pin(async {
            defer(slowly(journal));
            defer(async { panic!("in a finalizer") });
            Err(Failure::message("crash"))
        })
    });
    assert_eq!(seen.await, EXPECTED);
}

#[arbour::test]
async fn the_back_off_counts_from_when_the_slot_is_free() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        let notes = notes.clone();
        async move {
            notes.note("start");
            defer(sleep(ms(70)));
            Err::<(), _>(Failure::message("crash"))
        }
    });
    let backoff = arbour::Backoff::new(ms(100), ms(100)).unwrap().jitter(false);
    let app = supervisor().child(child.backoff(backoff));
    run(app, async |_| sleep(ms(300)).await).await.1.unwrap();
    assert_eq!(journal.times_of("start"), [0, 70, 240]);
}

#[arbour::test]
async fn a_stop_is_answered_only_when_the_clean_up_is_done_and_a_restart_by_hand_comes_after_it() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |cx| {
        let notes = notes.clone();
        async move {
            notes.note(format!("start {}", cx.incarnation()));
            defer(slowly(notes));
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let ((), outcome) = run(supervisor().child(child), async |handle| {
        settle().await;
        handle.stop_child("a").await.unwrap();
        journal.note("stopped");
        handle.restart_child("a").await.unwrap();
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.timed()[..4], ["start 1@0", "gone@101", "stopped@101", "start 2@101"]);
}

#[arbour::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_incarnations_never_overlap_on_two_threads() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let (alive, runs) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (living, counted) = (Arc::clone(&alive), Arc::clone(&runs));
    let child = ChildSpec::new("a", move |_| {
        let (alive, runs) = (Arc::clone(&living), Arc::clone(&counted));
        async move {
            assert_eq!(alive.fetch_add(1, Ordering::SeqCst), 0, "an incarnation began beside another");
            let last = Arc::clone(&alive);
            defer(async move {
                tokio::task::yield_now().await;
                last.fetch_sub(1, Ordering::SeqCst);
            });
            task_group(async |group| {
                for _ in 0..4 {
                    let alive = Arc::clone(&alive);
                    group.spawn_value(async move {
                        tokio::task::yield_now().await;
                        assert_eq!(alive.load(Ordering::SeqCst), 1, "a task outlived its incarnation");
                    });
                }
                tokio::task::yield_now().await;
            })
            .await
            .unwrap();
            if runs.fetch_add(1, Ordering::SeqCst) < 2_000 {
                return Err(Failure::message("again"));
            }
            stopping().await;
            Ok(())
        }
    });
    let endless = arbour::RestartLimit::new(u32::MAX, ms(1)).unwrap();
    let app = supervisor().limit(endless).child(child.backoff(arbour::Backoff::none()));
    let (snapshot, outcome) = run(app, async |handle| {
        while runs.load(Ordering::SeqCst) <= 2_000 {
            tokio::task::yield_now().await;
        }
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!((snapshot.restarts, alive.load(Ordering::SeqCst)), (2_000, 0));
}
