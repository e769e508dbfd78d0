//! Tests of `backoff`: tables, edges exact.

use super::*;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn plain(initial: u64, max: u64) -> Backoff {
    Backoff::new(ms(initial), ms(max)).unwrap().jitter(false)
}

fn delays(backoff: &Backoff, random: u64) -> [u128; 6] {
    std::array::from_fn(|attempt| backoff.delay(attempt as u32, random).as_millis())
}

#[test]
fn the_first_retry_is_immediate_and_the_rest_grow_up_to_the_cap() {
    assert_eq!(delays(&plain(100, 1_000), 0), [0, 100, 200, 400, 800, 1_000]);
    assert_eq!(delays(&plain(100, 2_000).factor(3.0).unwrap(), 0), [0, 100, 300, 900, 2_000, 2_000]);
    assert_eq!(delays(&plain(100, 100), 0), [0, 100, 100, 100, 100, 100]);
}

#[test]
fn a_factor_of_one_waits_evenly() {
    assert_eq!(delays(&plain(70, 1_000).factor(1.0).unwrap(), 0), [0, 70, 70, 70, 70, 70]);
}

#[test]
fn jitter_spreads_evenly_between_zero_and_the_cap() {
    let backoff = plain(100, 1_000).jitter(true);
    assert_eq!(delays(&backoff, 0), [0; 6]);
    assert_eq!(delays(&backoff, u64::MAX / 2 + 1), [0, 50, 100, 200, 400, 500]);
    let almost = backoff.delay(1, u64::MAX);
    assert!(almost < ms(100) && almost >= ms(100) - Duration::from_nanos(1), "{almost:?}");
}

#[test]
fn without_back_off_nothing_ever_waits() {
    for attempt in [0, 1, 2, 1_000, u32::MAX] {
        assert_eq!(Backoff::none().delay(attempt, u64::MAX), Duration::ZERO);
    }
}

#[test]
fn no_attempt_overflows_and_none_waits_longer_than_the_cap() {
    let shapes = [
        plain(1, 1_000),
        Backoff::new(Duration::from_nanos(1), Duration::MAX).unwrap(),
        Backoff::new(Duration::MAX, Duration::MAX).unwrap().factor(f64::MAX).unwrap(),
        plain(1, 1).factor(f64::MAX).unwrap().jitter(true),
    ];
    for backoff in shapes {
        for attempt in [0, 1, 2, 31, 32, 63, 64, 65, 1_023, 1_025, i32::MAX as u32, u32::MAX] {
            for random in [0, 1, u64::MAX] {
                assert!(backoff.delay(attempt, random) <= backoff.max, "{backoff:?} {attempt} {random}");
            }
        }
        assert_eq!(backoff.jitter(false).delay(u32::MAX, 0), backoff.max);
    }
}

#[test]
fn delays_never_shrink_from_one_attempt_to_the_next() {
    let backoff = plain(3, 100_000).factor(1.1).unwrap();
    for attempt in 0..2_000 {
        assert!(backoff.delay(attempt, 0) <= backoff.delay(attempt + 1, 0), "{attempt}");
    }
}

#[test]
fn health_of_half_the_range_resets_unless_told_otherwise() {
    let backoff = plain(200, 1_000);
    assert!(!backoff.is_reset_by(ms(599)));
    assert!(backoff.is_reset_by(ms(600)));
    assert!(backoff.reset_after(ms(10)).is_reset_by(ms(10)));
    assert!(!backoff.reset_after(ms(10)).is_reset_by(ms(9)));
    assert!(!Backoff::none().is_reset_by(ms(4_999)));
    assert!(Backoff::none().is_reset_by(ms(5_000)));
}

#[test]
fn the_default_is_what_a_new_one_of_its_range_would_be() {
    assert_eq!(Backoff::default(), Backoff::new(ms(100), ms(30_000)).unwrap());
}

#[test]
fn nonsense_is_refused_with_its_value() {
    let refused = [
        (Backoff::new(ms(2), ms(1)), "1ms, is shorter than its first, 2ms"),
        (Backoff::new(Duration::ZERO, ms(9)), "9ms"),
        (plain(1, 2).factor(0.5), "0.5"),
        (plain(1, 2).factor(-1.0), "-1"),
        (plain(1, 2).factor(f64::NAN), "NaN"),
        (plain(1, 2).factor(f64::INFINITY), "inf"),
    ];
    for (result, named) in refused {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(named), "{message}");
    }
}
