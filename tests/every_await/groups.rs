//! Task groups, their children, handles and starts.

use crate::support::{Held, hold, sweep, turns};
use arbour::{Failure, Ready, defer, task_group, try_task_group};

#[test]
fn a_group_and_its_children() {
    let held = Held::default();
    let make = || async {
        let outcome = task_group(async |group| {
            for _ in 0..3 {
                let held = held.clone();
                group.spawn_value(async move {
                    defer(hold(held.clone(), 1));
                    hold(held, 3).await;
                });
            }
            hold(held.clone(), 1).await;
        });
        outcome.await.is_ok()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|whole| whole));
    });
}

#[test]
fn a_group_that_fails() {
    let held = Held::default();
    let make = || async {
        let outcome = try_task_group(async |group| {
            group.spawn_value(hold(held.clone(), 9));
            let last = held.clone();
            defer(hold(last, 1));
            hold(held.clone(), 2).await;
            Err::<(), _>(Failure::message("as told"))
        });
        outcome.await.unwrap_err().failures().len()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|failures| failures == 1));
    });
}

/// A join that is dropped and begun again loses nothing.
#[test]
fn a_task_handle() {
    let held = Held::default();
    let make = || async {
        let outcome = task_group(async |group| {
            let inside = held.clone();
            let mut child = group.spawn_value(async move {
                hold(inside, 3).await;
                7
            });
            tokio::select! { biased; early = &mut child => return early.unwrap(), () = turns(1) => {} }
            child.wait().await;
            child.await.unwrap()
        });
        outcome.await.unwrap()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|value| value == 7));
    });
}

#[test]
fn a_start() {
    let held = Held::default();
    let make = || async {
        let outcome = task_group(async |group| {
            let inside = held.clone();
            let start = group.start(|ready: Ready<u8>| async move {
                let _hold = inside.take();
                turns(2).await;
                ready.started(1);
                turns(2).await;
                Ok::<_, Failure>(2)
            });
            let started = start.await.unwrap();
            (started.value, started.handle.await.unwrap())
        });
        outcome.await.unwrap()
    };
    sweep(make, |run| {
        held.is_nothing();
        assert!(run.output.is_none_or(|values| values == (1, 2)));
    });
}
