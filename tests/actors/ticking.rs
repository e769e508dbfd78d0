//! Timers, intervals and the idle time-out of an actor, in exact time.

use crate::doer::{Doer, Job, doer, fail, note, now, pause, slow};
use crate::support::{Journal, ms, settle, supervised};
use arbour::{Address, Context, Interval, MissedTicks};
use std::time::Duration;
use tokio::time::sleep;

/// Runs this job first, and whatever else, for so long.
async fn watched(first: Job, time: Duration, body: impl AsyncFnOnce(Address<Doer>)) {
    let (address, child) = doer().build();
    supervised(child, async |_| {
        address.tell(first).await.unwrap();
        let (ending, ()) = tokio::join!(sleep(time), body(address.clone()));
        ending
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn a_timer_comes_at_its_time_once_and_before_what_is_queued() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| cx.after("t", ms(10), note(&notes, "timer")));
    watched(set, ms(100), async |address| {
        address.tell(pause(ms(20))).await.unwrap();
        address.tell(note(&journal, "queued")).await.unwrap();
    })
    .await;
    assert_eq!(journal.timed(), ["timer@20", "queued@20"]);
}

#[arbour::test]
async fn timers_come_in_the_order_of_their_times_and_of_their_setting() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        for (key, time) in [("c", 30), ("a", 10), ("d", 30), ("b", 20)] {
            cx.after(key, ms(time), note(&notes, key));
        }
    });
    watched(set, ms(100), async |_| {}).await;
    assert_eq!(journal.timed(), ["a@10", "b@20", "c@30", "d@30"]);
}

#[arbour::test]
async fn a_timer_of_the_same_key_is_replaced_and_one_of_another_key_is_not() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        cx.after("t", ms(10), note(&notes, "first"));
        cx.after("other", ms(10), note(&notes, "other"));
        cx.every("t", ms(25), {
            let notes = notes.clone();
            move || note(&notes, "interval")
        });
        cx.after("t", ms(20), note(&notes, "second"));
    });
    watched(set, ms(100), async |_| {}).await;
    assert_eq!(journal.timed(), ["other@10", "second@20"]);
}

#[arbour::test]
async fn a_cancelled_timer_whose_time_has_come_is_not_seen() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = slow(move |cx| {
        Box::pin(async move {
            cx.after("t", ms(10), note(&notes, "never"));
            cx.every("i", ms(10), {
                let notes = notes.clone();
                move || note(&notes, "never")
            });
            sleep(ms(4)).await;
            assert_eq!(cx.timer_left("t"), Some(ms(6)));
            sleep(ms(46)).await;
            assert_eq!(cx.timer_left("t"), Some(Duration::ZERO));
            assert_eq!(cx.cancel_timer("t"), Some(Duration::ZERO));
            assert_eq!(cx.cancel_timer("i"), Some(Duration::ZERO));
            assert_eq!((cx.cancel_timer("t"), cx.timer_left("t")), (None, None));
            Ok(())
        })
    });
    watched(set, ms(200), async |_| {}).await;
    assert_eq!(journal.lines(), Vec::<String>::new());
}

#[arbour::test]
async fn a_restart_drops_timers_intervals_and_the_idle_time_out() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        cx.after("t", ms(10), note(&notes, "timer"));
        cx.when_idle(ms(10), note(&notes, "idle"));
        let ticks = notes.clone();
        cx.every("i", ms(10), move || note(&ticks, "tick"));
    });
    watched(set, ms(100), async |address| address.tell(fail()).await.unwrap()).await;
    assert_eq!(journal.lines(), Vec::<String>::new());
}

/// When an interval of 10 ms ticks whose first tick takes 35 ms, in the first 66 ms.
async fn ticks(missed: MissedTicks) -> Vec<String> {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        let mut ticks = 0;
        cx.every("i", Interval::new(ms(10)).missed(missed), move || {
            ticks += 1;
            let (notes, busy) = (notes.clone(), ticks == 1);
            slow(move |_| {
                Box::pin(async move {
                    notes.note("");
                    sleep(if busy { ms(35) } else { ms(0) }).await;
                    Ok(())
                })
            })
        });
    });
    watched(set, ms(66), async |_| {}).await;
    journal.timed()
}

#[arbour::test]
async fn of_ticks_that_were_missed_one_comes_late_and_the_rhythm_goes_on() {
    assert_eq!(ticks(MissedTicks::Skip).await, ["@10", "@45", "@50", "@60"]);
}

#[arbour::test]
async fn ticks_that_were_missed_come_in_a_burst_where_that_is_declared() {
    assert_eq!(ticks(MissedTicks::Burst).await, ["@10", "@45", "@45", "@45", "@50", "@60"]);
}

#[arbour::test]
async fn after_a_late_tick_the_rhythm_begins_anew_where_that_is_declared() {
    assert_eq!(ticks(MissedTicks::Delay).await, ["@10", "@45", "@55", "@65"]);
}

#[arbour::test]
async fn a_tick_with_jitter_is_late_by_at_most_that_and_the_rhythm_stays() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        let interval = Interval::new(ms(100)).first_after(ms(0)).jitter(ms(30));
        cx.every("i", interval, move || note(&notes, "tick"));
    });
    watched(set, ms(20_031), async |_| {}).await;
    let times: Vec<u64> = journal.timed().iter().map(|line| line[5..].parse().unwrap()).collect();
    assert_eq!(times.len(), 201);
    let late: Vec<u64> = times.iter().zip(0..).map(|(at, n)| at - 100 * n).collect();
    assert!(late.iter().all(|late| *late <= 30), "{late:?}");
    assert!(late.iter().any(|late| *late < 10) && late.iter().any(|late| *late > 20), "{late:?}");
}

#[arbour::test]
async fn between_two_ticks_of_busy_intervals_a_queued_message_has_its_turn() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        for key in ["a", "b"] {
            let notes = notes.clone();
            cx.every(key, ms(1), move || {
                let notes = notes.clone();
                slow(move |_| {
                    Box::pin(async move {
                        notes.note("tick");
                        sleep(ms(5)).await;
                        Ok(())
                    })
                })
            });
        }
    });
    watched(set, ms(40), async |address| {
        sleep(ms(3)).await;
        for n in 1..=3 {
            address.tell(note(&journal, n.to_string())).await.unwrap();
        }
    })
    .await;
    assert_eq!(journal.lines()[..7], ["tick", "1", "tick", "2", "tick", "3", "tick"]);
}

#[arbour::test]
async fn an_actor_that_always_has_something_next_lets_others_run() {
    fn endless(cx: &mut Context<Doer>) {
        if !cx.scope().is_draining() {
            cx.handle_next(now(endless));
        }
    }
    let journal = Journal::new();
    let (address, child) = doer().build();
    supervised(child, async |_| {
        address.tell(now(endless)).await.unwrap();
        tokio::task::yield_now().await;
        journal.note("others run");
        assert!(address.status().await.unwrap().taken > 1);
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["others run"]);
}

#[arbour::test]
async fn a_time_that_no_clock_reaches_is_as_good_as_never() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        cx.after("t", Duration::MAX, note(&notes, "never"));
        cx.when_idle(Duration::MAX, note(&notes, "never"));
        let ticks = notes.clone();
        cx.every("i", Duration::MAX, move || note(&ticks, "never"));
        let ticks = notes.clone();
        cx.every("j", Interval::new(ms(1)).jitter(Duration::MAX), move || note(&ticks, "never"));
        let ticks = notes.clone();
        cx.every("k", Interval::new(Duration::MAX).first_after(ms(10)), move || note(&ticks, "once"));
        assert!(cx.timer_left("t") > Some(ms(1_000_000_000)));
    });
    watched(set, ms(100), async |address| {
        settle().await;
        assert_eq!(address.status().await.unwrap().incarnation, 1);
    })
    .await;
    assert_eq!(journal.timed(), ["once@10"]);
}

#[arbour::test]
async fn the_idle_time_out_comes_once_and_is_called_off_by_any_message_but_not_by_a_question() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| cx.when_idle(ms(50), note(&notes, "idle")));
    watched(set, ms(500), async |address| {
        sleep(ms(40)).await;
        address.status().await.unwrap();
        sleep(ms(200)).await;
        assert_eq!(journal.timed(), ["idle@50"]);
        let notes = journal.clone();
        address.tell(now(move |cx| cx.when_idle(ms(50), note(&notes, "never")))).await.unwrap();
        sleep(ms(40)).await;
        address.tell(note(&journal, "called off")).await.unwrap();
    })
    .await;
    assert_eq!(journal.timed(), ["idle@50", "called off@280"]);
}

#[arbour::test]
async fn the_idle_time_out_can_be_called_off_by_hand_and_by_the_next() {
    let journal = Journal::new();
    let notes = journal.clone();
    let set = now(move |cx| {
        assert!(!cx.cancel_idle());
        cx.when_idle(ms(10), note(&notes, "never"));
        assert!(cx.cancel_idle());
        cx.when_idle(ms(10), note(&notes, "never"));
        cx.when_idle(ms(30), note(&notes, "idle"));
    });
    watched(set, ms(100), async |_| settle().await).await;
    assert_eq!(journal.timed(), ["idle@30"]);
}
