//! Steps across tasks: in their order whatever the seed, and told when they can never come.

use arbour::testing::{
    SequenceError, Sequencer, cancel_at_every_await, drop_at_every_await, wait_all_tasks_blocked,
};
use arbour::{move_on_after, task_group};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[arbour::test(seeds = 100)]
async fn steps_of_three_tasks_come_in_their_order() {
    let (sequencer, seen) = (Sequencer::new(), Arc::new(Mutex::new(Vec::new())));
    let group = task_group(async |group| {
        for task in 0..3 {
            let (sequencer, seen) = (sequencer.clone(), Arc::clone(&seen));
            group.spawn_value(async move {
                for turn in 0..4 {
                    let step = turn * 3 + task;
                    let _on = sequencer.step(step).await.unwrap();
                    tokio::task::yield_now().await;
                    seen.lock().unwrap().push(step);
                }
            });
        }
    });
    group.await.unwrap();
    assert_eq!(*seen.lock().unwrap(), (0..12).collect::<Vec<_>>());
}

#[arbour::test]
async fn a_step_that_is_over_on_or_awaited_is_taken() {
    let sequencer = Sequencer::new();
    drop(sequencer.step(0).await.unwrap());
    assert_eq!(sequencer.step(0).await.unwrap_err().to_string(), "step 0 is taken already");
    let _on = sequencer.step(1).await.unwrap();
    assert!(matches!(sequencer.step(1).await, Err(SequenceError::Taken { step: 1, .. })));
    let group = task_group(async |group| {
        let waiting = sequencer.clone();
        let waiting = group.spawn_value(async move { waiting.step(2).await.is_ok() });
        wait_all_tasks_blocked().await;
        assert!(matches!(sequencer.step(2).await, Err(SequenceError::Taken { step: 2, .. })));
        waiting.cancel("it has waited enough");
    });
    group.await.unwrap();
}

#[arbour::test]
async fn who_waits_for_a_step_after_one_that_was_given_up_is_told() {
    let sequencer = Sequencer::new();
    let group = task_group(async |group| {
        let last = sequencer.clone();
        let last = group.spawn_value(async move { last.step(2).await.map(drop) });
        wait_all_tasks_blocked().await;
        move_on_after(Duration::from_secs(1), sequencer.step(1)).await.unwrap_err();
        let error = last.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "step 2 can never come: whoever waited for step 1 has gone");
    });
    group.await.unwrap();
    drop(sequencer.step(0).await.expect("the steps before are still to come"));
}

async fn two_steps(sequencer: Sequencer) -> Result<(), SequenceError> {
    let first = sequencer.clone();
    let group = task_group(async |group| {
        group.spawn_value(async move { first.step(1).await.map(drop) });
        tokio::task::yield_now().await;
        sequencer.step(0).await.map(drop)
    });
    group.await.unwrap_or(Ok(()))
}

#[test]
fn a_step_dropped_or_cancelled_at_any_poll_leaves_nobody_waiting_in_vain() {
    let make = || two_steps(Sequencer::new());
    assert!(drop_at_every_await(make, |run| assert!(run.output.is_none_or(|output| output.is_ok()))) > 2);
    assert!(cancel_at_every_await(make, |run| assert!(run.output.is_none_or(|output| output.is_ok()))) > 2);
}
