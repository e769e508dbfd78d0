//! A hundred children under each group strategy: all crash at once, in waves, and while they are restarted.

use crate::support::{PLANNED, Weather, assert_all_run, endless, in_turn, ms, settle, weathers};
use arbour::{RestartLimit, Strategy, SupervisorBuilder};

const CHILDREN: usize = 100;

fn a_hundred(app: SupervisorBuilder, weather: &Weather, falls: fn(u64) -> bool) -> SupervisorBuilder {
    (0..CHILDREN).fold(app, |app, number| app.child(weather.shaky(number, falls)))
}

/// Lets this many waves hit a hundred children that also fall in some runs; tells the run of the last of them.
fn storm(strategy: Strategy, waves: usize, falls: fn(u64) -> bool) -> u64 {
    in_turn(async {
        let weather = Weather::fair();
        let app = a_hundred(endless().strategy(strategy), &weather, falls);
        let (last, outcome) = weathers(app, true, async |handle| {
            settle().await;
            for _ in 0..waves {
                weather.rise();
                settle().await;
                assert_all_run(&handle.snapshot().await, CHILDREN);
                assert_eq!(weather.living(), 100);
            }
            handle.snapshot().await.children[CHILDREN - 1].incarnation
        })
        .await;
        outcome.unwrap();
        assert_eq!(weather.living(), 0);
        last
    })
}

#[test]
fn all_of_one_for_all_crash_at_once_and_are_restarted_together_once_a_wave() {
    assert_eq!(storm(Strategy::OneForAll, 5, |_| false), 6);
}

#[test]
fn all_of_rest_for_one_crash_at_once_and_are_up_again_after_each_wave() {
    assert!(storm(Strategy::RestForOne, 5, |_| false) >= 6);
}

#[test]
fn each_of_one_for_all_that_falls_while_all_are_restarted_begins_the_restart_anew() {
    assert!(storm(Strategy::OneForAll, 2, |run| run == 2) > 3);
}

#[test]
fn each_of_rest_for_one_that_falls_while_they_are_restarted_begins_the_restart_anew() {
    assert!(storm(Strategy::RestForOne, 2, |run| run == 2) > 3);
}

#[test]
fn a_group_that_never_stands_uses_up_its_limit_which_is_told() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        in_turn(async {
            let weather = Weather::fair();
            let limit = RestartLimit::new(10, ms(5_000)).unwrap();
            let app = a_hundred(endless().strategy(strategy).limit(limit), &weather, |run| run > 1);
            let ((), outcome) = weathers(app, true, async |_| {
                settle().await;
                weather.rise();
                settle().await;
            })
            .await;
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("10 restarts in 5s has no restart left"), "{error}");
            assert!(error.ends_with(PLANNED), "{error}");
            assert_eq!(weather.living(), 0);
        });
    }
}
