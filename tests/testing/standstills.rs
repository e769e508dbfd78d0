//! A run in which nobody can ever be woken ends at once, and says who waits for what.

use arbour::stream::memory_stream;
use arbour::sync::{CapacityLimiter, Condition, Event};
use arbour::testing::{Deadlock, SimulationError, simulate, wait_all_tasks_blocked};
use arbour::thread::Portal;
use arbour::{
    Actor, Context, Failure, Reply, cancelled, join, join_all, move_on_after, race, shield, spawn_actor,
    task_group,
};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::oneshot;

#[track_caller]
fn standstill<F: Future>(seed: u64, body: F) -> Deadlock {
    match simulate(seed, body).result {
        Err(SimulationError::Deadlock(deadlock)) => deadlock,
        Err(other) => panic!("it ended otherwise: {other}"),
        Ok(_) => panic!("it ended well"),
    }
}

/// What a task of this name waits for.
#[track_caller]
fn wait_of(deadlock: &Deadlock, task: &str) -> String {
    let waiting = deadlock.waiting.iter().find(|waiting| waiting.task == task);
    waiting.unwrap_or_else(|| panic!("{task} is not named: {deadlock}")).waits_for.join(", ")
}

#[test]
fn two_tasks_that_wait_for_each_others_stream_are_both_named() {
    for seed in 0..20 {
        let deadlock = standstill(seed, async {
            let (to_left, from_right) = memory_stream::<u8>(1);
            let (to_right, from_left) = memory_stream::<u32>(1);
            let group = task_group(async |group| {
                group.task().name("left").spawn_value(async move {
                    from_right.recv().await.unwrap();
                    to_right.send(1).await.unwrap();
                });
                group.task().name("right").spawn_value(async move {
                    from_left.recv().await.unwrap();
                    to_left.send(1).await.unwrap();
                });
            });
            group.await.unwrap();
        });
        assert_eq!(deadlock.waiting.len(), 3, "{deadlock}");
        assert_eq!(wait_of(&deadlock, "the body"), "the end of 2 child tasks");
        assert!(wait_of(&deadlock, "left").contains("an item of a memory stream of u8"), "{deadlock}");
        assert!(wait_of(&deadlock, "right").contains("an item of a memory stream of u32"), "{deadlock}");
    }
}

#[test]
fn a_group_that_waits_for_itself_through_a_handle_is_named_at_both_ends() {
    let deadlock = standstill(0, async {
        let group = task_group(async |outer| {
            let (give, given) = oneshot::channel();
            let owner = outer.task().name("owner").spawn(async {
                let inner = task_group(async |inner| {
                    inner.task().name("child").spawn(async {
                        let owner: arbour::TaskHandle<()> = given.await?;
                        owner.await.map_err(Failure::from)
                    });
                });
                inner.await.map_err(|error| Failure::message(error.to_string()))
            });
            assert!(give.send(owner).is_ok());
        });
        group.await.unwrap();
    });
    assert_eq!(wait_of(&deadlock, "owner"), "the end of 1 child task");
    assert_eq!(wait_of(&deadlock, "child"), "the end of owner");
}

#[test]
fn an_unnamed_task_is_named_for_its_place_and_a_foreign_future_as_such() {
    let deadlock = standstill(0, async {
        task_group(async |group| {
            group.spawn_value(std::future::pending::<()>());
        })
        .await
    });
    let text = deadlock.to_string();
    assert!(text.contains("standstills.rs:"), "{text}");
    assert!(text.contains("waits for a future that is not Arbour's"), "{text}");
}

#[test]
fn sends_cancellations_readiness_and_asks_are_named_as_such() {
    struct Silent(Vec<Reply<u8>>);
    impl Actor for Silent {
        type Message = Reply<u8>;
        async fn handle(&mut self, reply: Reply<u8>, _: &mut Context<Self>) -> Result<(), Failure> {
            self.0.push(reply);
            Ok(())
        }
    }
    let deadlock = standstill(0, async {
        let (tx, _rx) = memory_stream::<u8>(0);
        let group = task_group(async |group| {
            let actor = spawn_actor(&group, "silent", Silent(Vec::new()), 1);
            group.task().name("sender").spawn_value(async move { tx.send(1).await.is_ok() });
            group.task().name("patient").spawn_value(cancelled());
            group.task().name("asker").spawn_value(async move { actor.ask(|reply| reply).await.is_ok() });
            let starting = group.clone();
            group.task().name("starter").spawn_value(async move {
                let never = |ready| async move {
                    let _ready: arbour::Ready<()> = ready;
                    std::future::pending::<Result<(), Failure>>().await
                };
                starting.start(never).await.is_ok()
            });
        });
        group.await.unwrap();
    });
    assert!(wait_of(&deadlock, "sender").starts_with("room of a memory stream of u8"), "{deadlock}");
    assert_eq!(wait_of(&deadlock, "patient"), "the cancellation of a scope");
    assert_eq!(wait_of(&deadlock, "asker"), "the reply of the actor silent");
    assert_eq!(wait_of(&deadlock, "starter"), "a child that it starts to say that it is ready");
}

#[test]
fn events_conditions_and_limiters_are_named_as_such() {
    let deadlock = standstill(0, async {
        let (limiter, condition, lock) =
            (CapacityLimiter::new(2), Condition::new(), tokio::sync::Mutex::new(()));
        let (lock, _tokens) =
            (Arc::new(lock), (limiter.try_acquire().unwrap(), limiter.try_acquire().unwrap()));
        let group = task_group(async |group| {
            group.task().name("listener").spawn_value(async { Event::new().wait().await });
            group.task().name("borrower").spawn_value(async move { drop(limiter.acquire().await) });
            let (told, shared) = (condition.clone(), Arc::clone(&lock));
            let untold = group.task().name("untold").spawn_value(async move {
                drop(condition.wait(shared.lock_owned().await).await);
            });
            wait_all_tasks_blocked().await;
            let shared = Arc::clone(&lock);
            group.task().name("locked out").spawn_value(async move {
                drop(told.wait(shared.lock_owned().await).await);
            });
            untold.await.unwrap();
        });
        group.await.unwrap();
    });
    assert_eq!(wait_of(&deadlock, "listener"), "an event to be set");
    assert_eq!(wait_of(&deadlock, "borrower"), "a token of a limiter (2 of 2 borrowed)");
    assert_eq!(wait_of(&deadlock, "untold"), "a notice of a condition");
    assert_eq!(wait_of(&deadlock, "locked out"), "a notice of a condition");
    assert_eq!(wait_of(&deadlock, "the body"), "the end of untold");
}

#[test]
fn a_condition_whose_lock_is_never_given_back_says_that_it_waits_for_the_lock() {
    let deadlock = standstill(0, async {
        let (condition, lock) = (Condition::new(), Arc::new(tokio::sync::Mutex::new(())));
        let group = task_group(async |group| {
            let (told, shared) = (condition.clone(), Arc::clone(&lock));
            group.task().name("told").spawn_value(async move {
                drop(told.wait(shared.lock_owned().await).await);
            });
            wait_all_tasks_blocked().await;
            let held = lock.lock().await;
            condition.notify_all(&held);
            cancelled().await;
        });
        group.await.unwrap();
    });
    assert_eq!(wait_of(&deadlock, "told"), "the lock of a condition");
}

#[test]
fn portals_that_nobody_stops_are_named_as_such() {
    let deadlock = standstill(0, async {
        Portal::open(async |portal| {
            portal.stopped().await;
            Ok::<_, Failure>(())
        })
        .await
    });
    assert_eq!(wait_of(&deadlock, "the body"), "a portal to be stopped");
}

#[test]
fn each_branch_of_a_combinator_tells_what_it_waits_for() {
    let (event, limiter) = (Event::new(), CapacityLimiter::new(1));
    let _token = limiter.try_acquire().unwrap();
    let (an_event, a_token) = ("an event to be set", "a token of a limiter (1 of 1 borrowed)");
    let joined = standstill(0, async { join!(event.wait(), limiter.acquire()) });
    let raced = standstill(0, async { race!(event.wait(), async { drop(limiter.acquire().await) }) });
    for mut deadlock in [joined, raced] {
        // Whose turn it was to come first is no concern of this test.
        deadlock.waiting[0].waits_for.sort();
        assert_eq!(deadlock.waiting[0].waits_for, [a_token, an_event]);
    }
    let many = standstill(0, join_all([event.wait(), event.wait(), event.wait()]));
    assert_eq!(wait_of(&many, "the body"), [an_event; 3].join(", "));
}

#[test]
fn a_group_joined_by_all_its_handles_names_each_of_them() {
    let mut deadlock = standstill(0, async {
        let group = task_group(async |group| {
            let handles = ["one", "two"].map(|name| group.task().name(name).spawn_value(cancelled()));
            join_all(handles).await
        });
        group.await.unwrap();
    });
    deadlock.waiting[0].waits_for.sort();
    assert_eq!(wait_of(&deadlock, "the body"), "the end of one, the end of two");
    assert_eq!(wait_of(&deadlock, "two"), "the cancellation of a scope");
}

#[test]
fn a_shield_that_never_ends_is_found_when_its_scope_is_cancelled() {
    let deadlock = standstill(
        0,
        move_on_after(
            Duration::from_secs(1),
            shield(async {
                let (_tx, rx) = memory_stream::<u8>(0);
                rx.recv().await.is_ok()
            }),
        ),
    );
    assert!(wait_of(&deadlock, "the body").contains("an item of a memory stream"), "{deadlock}");
}

#[test]
fn a_run_that_only_waits_for_time_is_no_standstill() {
    let run = simulate(0, async { tokio::time::sleep(Duration::from_secs(20 * 365 * 24 * 60 * 60)).await });
    run.result.unwrap();
}

#[test]
fn a_future_that_could_go_on_and_was_not_woken_has_lost_a_wake_up() {
    let deadlock = standstill(0, async {
        let flag = Arc::new(Mutex::new(false));
        let group = task_group(async |group| {
            let seen = Arc::clone(&flag);
            group.task().name("sleeper").spawn_value(std::future::poll_fn(move |_| {
                if *seen.lock().unwrap() { Poll::Ready(()) } else { Poll::Pending }
            }));
            // Later than any seed lets the sleeper look.
            tokio::time::sleep(Duration::from_secs(1)).await;
            *flag.lock().unwrap() = true;
        });
        group.await.unwrap();
    });
    assert!(deadlock.to_string().contains("sleeper could go on, and nobody has woken it"), "{deadlock}");
}

#[test]
fn a_waker_that_outlives_its_task_is_a_forgotten_waiter() {
    static QUEUE: Mutex<Vec<std::task::Waker>> = Mutex::new(Vec::new());
    let run = simulate(0, async {
        let group = task_group(async |group| {
            group.task().name("leaver").spawn_value(std::future::poll_fn(|cx| {
                QUEUE.lock().unwrap().push(cx.waker().clone());
                Poll::Ready(())
            }));
        });
        group.await.unwrap();
    });
    QUEUE.lock().unwrap().clear();
    let error = run.result.unwrap_err();
    assert_eq!(error.to_string(), "left waiting in some queue after they had ended: leaver");
}
