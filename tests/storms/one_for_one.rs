//! A thousand children under OneForOne: all crash at once, in waves, and while they are restarted.

use crate::support::{PLANNED, Weather, assert_all_run, endless, in_turn, ms, settle, weathers};
use arbour::{RestartLimit, SupervisorBuilder, SupervisorHandle};

const CHILDREN: usize = 1_000;

/// All children are up, each in this run, and nothing lives of the runs before.
async fn all_are_in_run(run: u64, handle: &SupervisorHandle, weather: &Weather) {
    settle().await;
    let tree = handle.snapshot().await;
    assert_all_run(&tree, CHILDREN);
    assert!(tree.children.iter().all(|child| (child.incarnation, child.restarts) == (run, run - 1)));
    assert_eq!((tree.restarts, weather.living()), (1_000 * (run - 1), 1_000));
}

fn a_thousand(app: SupervisorBuilder, weather: &Weather) -> SupervisorBuilder {
    (0..CHILDREN).fold(app, |app, number| app.child(weather.child(number)))
}

#[test]
fn each_of_a_thousand_that_crash_at_once_is_up_again_after_each_of_five_waves() {
    in_turn(async {
        let weather = Weather::fair();
        let ((), outcome) = weathers(a_thousand(endless(), &weather), false, async |handle| {
            all_are_in_run(1, &handle, &weather).await;
            for wave in 1..=5 {
                weather.rise();
                all_are_in_run(wave + 1, &handle, &weather).await;
            }
        })
        .await;
        outcome.unwrap();
        assert_eq!(weather.living(), 0);
    });
}

#[test]
fn a_thousand_that_crash_again_as_soon_as_they_are_restarted_are_up_in_the_end() {
    in_turn(async {
        let weather = Weather::fair();
        let falls = |run: u64| (2..=4).contains(&run);
        let app = (0..CHILDREN).fold(endless(), |app, number| app.child(weather.shaky(number, falls)));
        let ((), outcome) = weathers(app, false, async |handle| {
            all_are_in_run(1, &handle, &weather).await;
            weather.rise();
            all_are_in_run(5, &handle, &weather).await;
        })
        .await;
        outcome.unwrap();
        assert_eq!(weather.living(), 0);
    });
}

#[test]
fn a_wave_beyond_the_limit_is_told_with_the_limit_and_leaves_nothing() {
    in_turn(async {
        let weather = Weather::fair();
        let limit = RestartLimit::new(500, ms(5_000)).unwrap();
        let ((), outcome) = weathers(a_thousand(endless().limit(limit), &weather), false, async |_| {
            settle().await;
            weather.rise();
            settle().await;
        })
        .await;
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains("500 restarts in 5s has no restart left"), "{error}");
        assert!(error.contains("child `child ") && error.ends_with(PLANNED), "{error}");
        assert_eq!(weather.living(), 0);
    });
}
