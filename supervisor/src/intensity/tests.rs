//! Tests of `intensity`: tables, edges exact.

use super::*;

/// Asks a fresh window at each of the milliseconds and returns its answers.
fn answers(intensity: u32, period_ms: u64, asked_at_ms: &[u64]) -> Vec<bool> {
    let start = Instant::now();
    let limit = RestartLimit::new(intensity, Duration::from_millis(period_ms)).unwrap();
    let mut window = RestartWindow::new(limit);
    asked_at_ms.iter().map(|&ms| window.admit(start + Duration::from_millis(ms))).collect()
}

#[test]
fn as_many_restarts_as_the_intensity_are_allowed_and_the_next_is_refused() {
    assert_eq!(answers(3, 5_000, &[0, 1, 2, 3]), [true, true, true, false]);
    assert_eq!(answers(1, 5_000, &[0, 1]), [true, false]);
}

#[test]
fn an_intensity_of_zero_never_restarts() {
    assert_eq!(answers(0, 1, &[0, 1_000, 1_000_000]), [false, false, false]);
}

#[test]
fn restarts_at_the_same_instant_all_count() {
    assert_eq!(answers(2, 1, &[7, 7, 7]), [true, true, false]);
}

#[test]
fn a_restart_exactly_one_period_old_still_counts() {
    assert_eq!(answers(1, 1_000, &[0, 1_000]), [true, false]);
    assert_eq!(answers(1, 1_000, &[0, 1_001]), [true, true]);
}

#[test]
fn the_window_slides_with_every_restart_instead_of_beginning_anew() {
    assert_eq!(answers(2, 1_000, &[0, 900, 1_001, 1_900]), [true, true, true, false]);
    assert_eq!(answers(2, 1_000, &[0, 900, 1_001, 1_901]), [true, true, true, true]);
}

#[test]
fn a_refused_restart_takes_no_place_in_the_window() {
    assert_eq!(answers(1, 1_000, &[0, 500, 1_001]), [true, false, true]);
}

#[test]
fn the_window_agrees_with_a_full_log_of_all_restarts() {
    let mut random = 1_u64;
    for intensity in 0..6 {
        let asked: Vec<u64> = (0..500)
            .scan(0, |at, _| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *at += (random >> 33) % 7;
                Some(*at)
            })
            .collect();
        let mut log: Vec<u64> = Vec::new();
        let expected: Vec<bool> = asked
            .iter()
            .map(|&at| {
                let allowed = log.iter().filter(|&&earlier| at - earlier <= 10).count() < intensity as usize;
                log.extend(allowed.then_some(at));
                allowed
            })
            .collect();
        assert_eq!(answers(intensity, 10, &asked), expected, "intensity {intensity}");
    }
}

#[test]
fn memory_stays_within_intensity_instants_over_a_million_restarts() {
    let start = Instant::now();
    let mut window = RestartWindow::new(RestartLimit::new(4, Duration::from_millis(1)).unwrap());
    for n in 0..1_000_000 {
        assert!(window.admit(start + Duration::from_millis(n)));
    }
    assert!(window.admitted.len() <= 4);
    assert!(window.admitted.capacity() <= 8, "{}", window.admitted.capacity());
}

#[test]
fn a_limit_that_is_never_reached_needs_room_for_one_period_only() {
    let start = Instant::now();
    let mut window = RestartWindow::new(RestartLimit::new(u32::MAX, Duration::from_millis(10)).unwrap());
    for n in 0..1_000_000 {
        assert!(window.admit(start + Duration::from_millis(n)));
    }
    assert!(window.admitted.len() <= 12, "{}", window.admitted.len());
}

#[test]
fn a_clock_that_steps_back_forgets_nothing() {
    assert_eq!(answers(1, 1_000, &[5_000, 0]), [true, false]);
}

#[test]
fn a_period_of_zero_is_refused_by_name() {
    let error = RestartLimit::new(7, Duration::ZERO).unwrap_err();
    assert_eq!(error, ZeroPeriod { intensity: 7 });
    assert!(error.to_string().contains("7 restarts in 0s"), "{error}");
}

#[test]
fn the_default_is_three_restarts_in_five_seconds() {
    assert_eq!(RestartLimit::default().to_string(), "3 restarts in 5s");
}

#[test]
fn another_limit_counts_the_restarts_that_were() {
    let limit = |intensity, period| RestartLimit::new(intensity, Duration::from_secs(period)).unwrap();
    let now = Instant::now();
    let mut window = RestartWindow::new(limit(3, 5));
    for second in 0..3 {
        assert!(window.admit(now + Duration::from_secs(second)));
    }
    window.set_limit(limit(2, 5));
    assert!(!window.admit(now + Duration::from_secs(6)), "those of second 1 and 2 are left");
    window.set_limit(limit(3, 5));
    assert!(window.admit(now + Duration::from_secs(6)));
}
