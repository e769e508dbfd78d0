//! What a storm is told of, second by second.

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn told(storm: &mut Storm, now: Instant, reports: usize) -> usize {
    (0..reports).filter(|_| storm.admits(now)).count()
}

#[test]
fn a_burst_is_told_in_full_and_what_follows_is_counted() {
    let (mut storm, now) = (Storm::new(), Instant::now());
    assert_eq!(told(&mut storm, now, 1_000), 20);
    assert_eq!(storm.next_deadline(), Some(now + seconds(5)));
    assert_eq!(storm.summary(now + Duration::from_millis(4_999)), None);
    assert_eq!(storm.summary(now + seconds(5)), Some(980));
    assert_eq!(storm.next_deadline(), None);
}

#[test]
fn each_second_one_more_is_told_and_never_more_than_a_burst() {
    let (mut storm, now) = (Storm::new(), Instant::now());
    assert_eq!(told(&mut storm, now, 30), 20);
    assert_eq!(told(&mut storm, now + Duration::from_millis(999), 1), 0);
    assert_eq!(told(&mut storm, now + seconds(1), 5), 1);
    assert_eq!(told(&mut storm, now + seconds(4), 5), 3);
    assert_eq!(told(&mut storm, now + seconds(1_000), 100), 20);
    assert_eq!(told(&mut storm, now + seconds(u64::from(u32::MAX) * 2), 100), 20);
}

#[test]
fn one_a_second_is_no_storm() {
    let (mut storm, now) = (Storm::new(), Instant::now());
    for second in 0..10_000 {
        assert!(storm.admits(now + seconds(second)));
    }
    assert_eq!((storm.end(), storm.next_deadline()), (None, None));
}

#[test]
fn the_count_is_told_at_the_end_too_and_once() {
    let (mut storm, now) = (Storm::new(), Instant::now());
    told(&mut storm, now, 23);
    assert_eq!((storm.end(), storm.end(), storm.next_deadline()), (Some(3), None, None));
}

#[test]
fn a_clock_that_goes_back_does_no_harm() {
    let (mut storm, now) = (Storm::new(), Instant::now() + seconds(100));
    told(&mut storm, now, 20);
    assert!(!storm.admits(now - seconds(50)));
    assert!(storm.admits(now + seconds(1)));
}
