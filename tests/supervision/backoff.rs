//! The waits between restarts, to the millisecond.

use crate::support::{Journal, ms, run, supervisor};
use arbour::{Backoff, ChildSpec, Failure, RestartLimit, SlotState};
use std::time::Duration;
use tokio::time::sleep;

fn generous() -> RestartLimit {
    RestartLimit::new(1_000_000, Duration::from_secs(1)).unwrap()
}

/// The times at which a child starts that fails after each of these runs, over and over.
async fn starts(backoff: Backoff, seed: u64, runs: &'static [u64], until: u64) -> Vec<u64> {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |cx| {
        notes.note("start");
        let run = runs[(usize::try_from(cx.incarnation()).unwrap() - 1) % runs.len()];
        async move {
            sleep(ms(run)).await;
            Err::<(), _>(Failure::message("down"))
        }
    });
    let app = supervisor().limit(generous()).seed(seed).child(child.backoff(backoff));
    run(app, async |_| sleep(ms(until)).await).await.1.unwrap();
    journal.times_of("start")
}

fn doubling() -> Backoff {
    Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false).reset_after(ms(5_000))
}

#[arbour::test]
async fn the_first_retry_is_immediate_and_each_later_wait_doubles_up_to_the_longest() {
    let starts = starts(doubling(), 0, &[0], 5_000).await;
    assert_eq!(starts, [0, 0, 100, 300, 700, 1_500, 2_500, 3_500, 4_500]);
}

#[arbour::test]
async fn waits_count_from_the_end_of_the_run() {
    let starts = starts(doubling(), 0, &[30], 500).await;
    assert_eq!(starts, [0, 30, 160, 390]);
}

#[arbour::test]
async fn a_healthy_run_makes_the_next_failure_a_first_one() {
    let starts = starts(doubling(), 0, &[0, 0, 0, 5_000], 5_800).await;
    assert_eq!(starts, [0, 0, 100, 300, 5_300, 5_400, 5_600]);
}

#[arbour::test]
async fn a_run_just_short_of_healthy_resets_nothing() {
    let starts = starts(doubling(), 0, &[0, 0, 0, 4_999], 6_500).await;
    assert_eq!(starts, [0, 0, 100, 300, 5_299 + 400, 5_699 + 800]);
}

#[arbour::test]
async fn a_factor_of_three_triples_the_waits() {
    let starts = starts(doubling().factor(3.0).unwrap(), 0, &[0], 1_500).await;
    assert_eq!(starts, [0, 0, 100, 400, 1_300]);
}

#[arbour::test]
async fn with_jitter_each_wait_stays_below_its_cap_and_depends_on_the_seed_alone() {
    let jittered = doubling().jitter(true);
    let first = starts(jittered, 1, &[0], 3_000).await;
    assert_eq!(first, starts(jittered, 1, &[0], 3_000).await);
    assert_ne!(first, starts(jittered, 2, &[0], 3_000).await);
    let caps = [0, 100, 200, 400, 800, 1_000, 1_000];
    for (pair, cap) in first.windows(2).zip(caps) {
        assert!(pair[1] - pair[0] <= cap, "{first:?}");
    }
}

#[arbour::test]
async fn a_stop_ends_the_wait_at_once_and_for_good() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        notes.note("start");
        async { Err::<(), _>(Failure::message("down")) }
    });
    let app = supervisor().limit(generous()).child(child.backoff(doubling()));
    let (state, outcome) = run(app, async |handle| {
        sleep(ms(350)).await;
        assert!(matches!(handle.snapshot().await.children[0].state, SlotState::Waiting { attempt: 4, .. }));
        handle.stop_child("a").await.unwrap();
        assert_eq!(journal.time(), 350);
        sleep(ms(60_000)).await;
        handle.snapshot().await.children[0].state
    })
    .await;
    outcome.unwrap();
    assert_eq!((state, journal.times_of("start")), (SlotState::Down, vec![0, 0, 100, 300]));
}

#[arbour::test]
async fn the_end_of_the_supervisor_does_not_wait_for_a_back_off() {
    let journal = Journal::new();
    let child = ChildSpec::new("a", |_| async { Err::<(), _>(Failure::message("down")) });
    let app = supervisor().limit(generous()).child(child.backoff(doubling()));
    run(app, async |_| sleep(ms(750)).await).await.1.unwrap();
    assert_eq!(journal.time(), 750);
}
