//! State across restarts: kept, handed over by snapshot, rebuilt.

use crate::support::{ms, run, settle, supervisor};
use arbour::{Backoff, ChildSpec, Failure, Kept, stopping};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use tokio::time::sleep;

#[arbour::test]
async fn what_the_closure_owns_is_kept_from_run_to_run_and_dropped_with_the_slot() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (noted, alive) = (Arc::clone(&seen), Arc::new(()));
    let (owned, mut runs) = (Arc::clone(&alive), 0);
    let child = ChildSpec::new("a", move |_| {
        let _owned = &owned;
        runs += 1;
        noted.lock().unwrap().push(runs);
        let fails = runs < 4;
        async move {
            assert!(!fails, "bad input");
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let app = supervisor().child(child.backoff(Backoff::new(ms(1), ms(1)).unwrap().jitter(false)));
    let ((), outcome) = run(app, async |handle| {
        sleep(ms(10)).await;
        handle.stop_child("a").await.unwrap();
        assert_eq!(Arc::strong_count(&alive), 2, "a slot that is down keeps what it owns");
        handle.delete_child("a").await.unwrap();
        settle().await;
        assert_eq!(Arc::strong_count(&alive), 1);
    })
    .await;
    outcome.unwrap();
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4]);
}

/// Two numbers that must always be equal.
#[derive(Clone, Default, Debug, PartialEq)]
struct Pair(u32, u32);

#[arbour::test]
async fn a_run_that_panics_half_way_through_a_change_leaves_the_state_of_before() {
    let kept = Kept::<Pair>::default();
    let state = kept.clone();
    let child = ChildSpec::new("a", move |cx| {
        let state = state.clone();
        async move {
            state.update(|pair| {
                pair.0 += 1;
                assert!(cx.incarnation() != 2, "between the two");
                pair.1 += 1;
            });
            if cx.incarnation() == 1 {
                return Err(Failure::message("after a whole change"));
            }
            stopping().await;
            Ok(())
        }
    });
    let app = supervisor().child(child.backoff(Backoff::none()));
    run(app, async |_| settle().await).await.1.unwrap();
    assert_eq!(kept.load(), Pair(2, 2), "the first run and the third");
}

#[arbour::test]
async fn a_copy_that_was_never_stored_goes_with_its_run() {
    let kept = Kept::new(vec![0]);
    let state = kept.clone();
    let child = ChildSpec::new("a", move |cx| {
        let state = state.clone();
        async move {
            let mut batch = state.load();
            batch.push(cx.incarnation());
            if cx.incarnation() == 2 {
                return Err(Failure::message("before it was stored"));
            }
            state.store(batch);
            if cx.incarnation() == 1 {
                return Err(Failure::message("after it was stored"));
            }
            stopping().await;
            Ok(())
        }
    });
    let app = supervisor().child(child.backoff(Backoff::none()));
    run(app, async |_| settle().await).await.1.unwrap();
    assert_eq!(*kept.snapshot(), [0, 1, 3]);
}

#[arbour::test]
async fn a_run_rebuilds_its_state_before_it_says_that_it_is_ready() {
    let log = Arc::new(Mutex::new(vec![1, 2, 3]));
    let total = Arc::new(Mutex::new(0));
    let (source, result) = (Arc::clone(&log), Arc::clone(&total));
    let child = ChildSpec::new("sum", move |cx| {
        let (log, total) = (Arc::clone(&source), Arc::clone(&result));
        async move {
            sleep(ms(10)).await;
            let rebuilt: i32 = log.lock().unwrap().iter().sum();
            *total.lock().unwrap() = rebuilt;
            cx.ready();
            log.lock().unwrap().push(4);
            assert!(cx.incarnation() > 1, "what was in memory is lost, and the log is not");
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let next = {
        let total = Arc::clone(&total);
        ChildSpec::new("next", move |_| {
            assert_eq!(*total.lock().unwrap(), 6, "it starts when the one before it is ready");
            async {
                stopping().await;
                Ok::<(), Failure>(())
            }
        })
    };
    let app = supervisor().child(child.reports_ready().backoff(Backoff::none())).child(next);
    run(app, async |_| sleep(ms(100)).await).await.1.unwrap();
    assert_eq!(*total.lock().unwrap(), 10);
}

#[test]
fn changes_from_several_threads_are_all_there() {
    let kept = Kept::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| kept.update(|total| *total += 1)));
        }
    });
    assert_eq!(kept.load(), 4_000);
}

#[test]
fn a_change_that_looks_at_the_value_again_waits_for_nobody_and_its_change_is_made_anew() {
    let kept = Kept::new(1);
    let mut first = true;
    let seen = kept.update(|value| {
        if std::mem::take(&mut first) {
            kept.store(10);
        }
        *value += 1;
        *value
    });
    assert_eq!((seen, kept.load()), (11, 11));
    let panicked = catch_unwind(AssertUnwindSafe(|| kept.update(|_| panic!("no"))));
    assert!(panicked.is_err());
    assert_eq!(kept.load(), 11);
    assert_eq!(format!("{kept:?}"), "Kept { type: \"i32\", .. }");
}
