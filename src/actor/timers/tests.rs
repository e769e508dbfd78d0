//! Timers by their times.

use super::{Interval, MissedTicks, Timers};
use std::time::{Duration, Instant};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The messages that are due at these times, in milliseconds.
fn given(timers: &mut Timers<u32>, began: Instant, at: impl IntoIterator<Item = u64>) -> Vec<(u64, u32)> {
    let mut given = Vec::new();
    for time in at {
        while let Some(message) = timers.due(began + ms(time)) {
            given.push((time, message));
        }
    }
    given
}

#[test]
fn a_timer_is_given_once_at_its_time() {
    let (mut timers, began) = (Timers::new(1), Instant::now());
    timers.set("late".into(), began + ms(20), 2);
    timers.set("early".into(), began + ms(10), 1);
    assert_eq!(timers.next_at(), Some(began + ms(10)));
    assert_eq!(given(&mut timers, began, [9, 10, 19, 20, 21]), [(10, 1), (20, 2)]);
    assert_eq!(timers.next_at(), None);
}

#[test]
fn those_due_together_come_in_the_order_in_which_they_were_set() {
    let (mut timers, began) = (Timers::new(1), Instant::now());
    for (key, message) in [("b", 1), ("a", 2), ("c", 3)] {
        timers.set(key.into(), began + ms(5), message);
    }
    assert_eq!(given(&mut timers, began, [5]), [(5, 1), (5, 2), (5, 3)]);
}

#[test]
fn one_that_is_cancelled_gives_nothing_though_it_was_due() {
    let (mut timers, began) = (Timers::new(1), Instant::now());
    timers.set("key".into(), began + ms(10), 1);
    assert_eq!(timers.left("key", began + ms(4)), Some(ms(6)));
    assert_eq!(timers.cancel("key", began + ms(12)), Some(ms(0)));
    assert_eq!(timers.cancel("key", began + ms(12)), None);
    assert_eq!(timers.left("key", began), None);
    assert_eq!(given(&mut timers, began, [20]), []);
}

#[test]
fn one_that_is_set_anew_replaces_the_old_one() {
    let (mut timers, began) = (Timers::new(1), Instant::now());
    timers.set("key".into(), began + ms(10), 1);
    timers.set("key".into(), began + ms(30), 2);
    assert_eq!(given(&mut timers, began, [10, 30]), [(30, 2)]);
}

/// Ticks of a period of 10 ms, given by an actor that looks at these times.
fn ticks(missed: MissedTicks, looks: &[u64]) -> Vec<u64> {
    let (mut timers, began) = (Timers::new(1), Instant::now());
    timers.set_interval("tick".into(), Interval::new(ms(10)).missed(missed), began, Box::new(|| 0));
    given(&mut timers, began, looks.iter().copied()).into_iter().map(|(time, _)| time).collect()
}

#[test]
fn an_interval_ticks_in_its_rhythm() {
    for missed in [MissedTicks::Skip, MissedTicks::Burst, MissedTicks::Delay] {
        assert_eq!(ticks(missed, &[9, 10, 15, 20, 30]), [10, 20, 30], "{missed:?}");
    }
}

#[test]
fn missed_ticks_are_skipped_made_up_for_or_shift_the_rhythm() {
    let looks = [10, 45, 50, 55, 60];
    assert_eq!(ticks(MissedTicks::Skip, &looks), [10, 45, 50, 60]);
    assert_eq!(ticks(MissedTicks::Burst, &looks), [10, 45, 45, 45, 50, 60]);
    assert_eq!(ticks(MissedTicks::Delay, &looks), [10, 45, 55]);
}

#[test]
fn a_jitter_delays_each_tick_within_its_bounds_and_keeps_the_rhythm() {
    let (mut timers, began) = (Timers::new(7), Instant::now());
    timers.set_interval("tick".into(), Interval::new(ms(100)).jitter(ms(50)), began, Box::new(|| 0));
    let mut late = Vec::new();
    for tick in 1..=100 {
        let planned = began + ms(100 * tick);
        let at = timers.next_at().unwrap();
        assert!(at >= planned && at <= planned + ms(50), "tick {tick}");
        late.push(at - planned);
        assert_eq!(timers.due(at), Some(0));
    }
    assert!(late.iter().max().unwrap() > &ms(40), "the jitter is spread over its range");
    assert!(late.iter().min().unwrap() < &ms(10), "the jitter is spread over its range");
}

#[test]
fn a_first_tick_may_come_at_once() {
    let (mut timers, began) = (Timers::new(1), Instant::now());
    timers.set_interval("tick".into(), Interval::new(ms(10)).first_after(ms(0)), began, Box::new(|| 0));
    assert_eq!(given(&mut timers, began, [0, 10]), [(0, 0), (10, 0)]);
}

#[test]
fn a_period_of_zero_is_one_that_ends() {
    let (mut timers, began) = (Timers::new(1), Instant::now());
    timers.set_interval("tick".into(), Interval::new(ms(0)), began, Box::new(|| 0));
    assert_eq!(given(&mut timers, began, [1]), [(1, 0)]);
}
