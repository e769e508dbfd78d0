//! The administration of children, in each state of a slot, without ever being kept waiting by a child.

use crate::support::{Journal, OnDrop, deaf, failing, ms, run, service, settle, supervisor};
use arbour::{
    Backoff, CallError, ChildSpec, Failure, Refused, Restart, RestartLimit, Shutdown, SlotState,
    SupervisorHandle, stopping,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The states in which a slot can be found.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Down,
    Running,
    Starting,
    Waiting,
    Draining,
    Stopping,
}

const EVERY: [At; 6] = [At::Down, At::Running, At::Starting, At::Waiting, At::Draining, At::Stopping];

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A child that reaches this state when `reach` has been called.
fn child(at: At, journal: &Journal) -> ChildSpec {
    match at {
        At::Down | At::Running => service("a", journal),
        At::Starting => starts_once("a").start_timeout(HOUR),
        At::Waiting => failing("a", journal).backoff(Backoff::new(HOUR, HOUR).unwrap().jitter(false)),
        At::Draining => deaf("a", journal, ms(0)).shutdown(Shutdown::After(ms(10_000))),
        At::Stopping => deaf("a", journal, ms(10_000)).shutdown(Shutdown::After(ms(0))).clean_up(ms(20_000)),
    }
}

/// Its first incarnation starts and fails; its second one is never ready.
fn starts_once(name: &'static str) -> ChildSpec {
    let child = ChildSpec::new(name, |cx| async move {
        if cx.incarnation() > 1 {
            std::future::pending::<()>().await;
        }
        cx.ready();
        Err::<(), _>(Failure::message("once"))
    });
    child.reports_ready()
}

async fn reach(at: At, handle: &SupervisorHandle) {
    settle().await;
    match at {
        At::Running | At::Starting | At::Waiting => {}
        At::Down => handle.stop_child("a").await.unwrap(),
        At::Draining | At::Stopping => {
            let handle = handle.clone();
            tokio::spawn(async move { handle.stop_child("a").await });
            settle().await;
        }
    }
    let state = handle.snapshot().await.children[0].state;
    let reached = match at {
        At::Down => state == SlotState::Down,
        At::Running => matches!(state, SlotState::Running { .. }),
        At::Starting => matches!(state, SlotState::Starting { .. }),
        At::Waiting => matches!(state, SlotState::Waiting { .. }),
        At::Draining => matches!(state, SlotState::Draining { .. }),
        At::Stopping => matches!(state, SlotState::Stopping { .. }),
    };
    assert!(reached, "{at:?}: {state:?}");
}

/// Restarts, and tells of a refusal the reason.
async fn restarted(handle: &SupervisorHandle, id: &str) -> Result<(), CallError> {
    handle.restart_child(id).await.map(drop).map_err(|refused| refused.reason)
}

/// Awaits a call, and says how long it took in milliseconds.
async fn timed<T>(call: impl Future<Output = T>) -> (T, u128) {
    let began = Instant::now();
    (call.await, began.elapsed().as_millis())
}

/// What `call` gives in a slot in that state, and how long it takes.
async fn called<T>(at: At, call: impl AsyncFnOnce(&SupervisorHandle) -> T) -> (T, u128) {
    let journal = Journal::new();
    let (answer, outcome) = run(supervisor().child(child(at, &journal)), async |handle| {
        reach(at, &handle).await;
        timed(call(&handle)).await
    })
    .await;
    outcome.unwrap();
    answer
}

#[arbour::test]
async fn starting_a_child_whose_name_is_taken_is_refused_at_once_and_hands_the_specification_back() {
    for at in EVERY {
        let journal = Journal::new();
        let (refused, time) =
            called(at, async |handle| handle.start_child(service("a", &journal)).await).await;
        let Refused { reason, spec, .. } = refused.unwrap_err();
        let fits = match at {
            At::Running => matches!(reason, CallError::AlreadyStarted { .. }),
            _ => reason == CallError::AlreadyPresent { id: "a".into() },
        };
        assert!(fits, "{at:?}: {reason:?}");
        assert_eq!((spec.unwrap().id(), time), ("a", 0), "{at:?}");
    }
}

#[arbour::test]
async fn only_a_child_that_is_down_can_be_restarted_and_others_are_refused_at_once() {
    for at in EVERY {
        let (answer, time) = called(at, async |handle| restarted(handle, "a").await).await;
        let id = "a".into();
        let expected = match at {
            At::Down => Ok(()),
            At::Running => Err(CallError::Running { id }),
            At::Starting | At::Waiting => Err(CallError::Restarting { id }),
            At::Draining | At::Stopping => Err(CallError::Stopping { id }),
        };
        assert_eq!((answer, time), (expected, 0), "{at:?}");
    }
}

#[arbour::test]
async fn only_a_child_that_is_down_can_be_deleted_and_others_are_refused_at_once() {
    for at in EVERY {
        let (answer, time) = called(at, async |handle| handle.delete_child("a").await).await;
        let id = "a".into();
        let expected = match at {
            At::Down => Ok(()),
            At::Running => Err(CallError::Running { id }),
            At::Starting | At::Waiting => Err(CallError::Restarting { id }),
            At::Draining | At::Stopping => Err(CallError::Stopping { id }),
        };
        assert_eq!((answer, time), (expected, 0), "{at:?}");
    }
}

#[arbour::test]
async fn a_stop_is_answered_when_the_slot_is_free_and_leaves_it_down() {
    for at in EVERY {
        let ((answer, state), time) = called(at, async |handle| {
            let answer = handle.stop_child("a").await;
            (answer, handle.snapshot().await.children[0].state)
        })
        .await;
        // `reach` waited one millisecond after it had asked for the stop.
        let expected = if matches!(at, At::Draining | At::Stopping) { 9_999 } else { 0 };
        assert_eq!((answer, state, time), (Ok(()), SlotState::Down, expected), "{at:?}");
    }
}

#[arbour::test]
async fn a_snapshot_and_a_new_child_are_had_at_once_whatever_another_child_does() {
    for at in EVERY {
        let journal = Journal::new();
        let (children, time) = called(at, async |handle| {
            handle.start_child(service("b", &journal)).await.unwrap();
            handle.snapshot().await.children.len()
        })
        .await;
        assert_eq!((children, time), (2, 0), "{at:?}");
    }
}

#[arbour::test]
async fn an_unknown_name_is_not_found() {
    let (answers, _) = called(At::Running, async |handle| {
        [
            handle.stop_child("ghost").await,
            restarted(handle, "ghost").await,
            handle.delete_child("ghost").await,
        ]
    })
    .await;
    assert_eq!(answers, [(); 3].map(|()| Err(CallError::NotFound { id: "ghost".into() })));
    assert_eq!(answers[0].as_ref().unwrap_err().to_string(), "there is no child `ghost`");
}

#[arbour::test]
async fn calls_are_answered_while_a_child_crashes_in_a_loop() {
    let journal = Journal::new();
    let endless = RestartLimit::new(u32::MAX, ms(1)).unwrap();
    let crashing = failing("crash", &journal).backoff(Backoff::none());
    let app = supervisor().limit(endless).child(crashing);
    let (time, outcome) = run(app, async |handle| {
        for _ in 0..20 {
            handle.start_child(service("b", &journal)).await.unwrap();
            handle.stop_child("b").await.unwrap();
            handle.delete_child("b").await.unwrap();
        }
        handle.stop_child("crash").await.unwrap();
        assert!(handle.snapshot().await.restarts > 20);
        journal.time()
    })
    .await;
    outcome.unwrap();
    assert_eq!(time, 0);
}

#[arbour::test]
async fn a_started_child_is_ready_when_the_call_returns() {
    let journal = Journal::new();
    let (state, outcome) = run(supervisor(), async |handle| {
        let slow = ChildSpec::new("slow", |cx| async move {
            sleep(ms(40)).await;
            cx.ready();
            stopping().await;
            Ok::<(), Failure>(())
        });
        handle.start_child(slow.reports_ready()).await.unwrap();
        assert_eq!(journal.time(), 40);
        handle.snapshot().await.children[0].state
    })
    .await;
    outcome.unwrap();
    assert!(matches!(state, SlotState::Running { .. }), "{state:?}");
}

#[arbour::test]
async fn a_child_added_last_is_stopped_first() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor().child(service("a", &journal)), async |handle| {
        handle.start_child(service("b", &journal)).await.unwrap();
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["+a", "+b", "-b", "-a"]);
}

#[arbour::test]
async fn a_start_by_call_that_fails_says_why_and_frees_the_name() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor(), async |handle| {
        let child = ChildSpec::new("a", |_| async { Err::<(), _>(Failure::message("no such file")) });
        let refused = handle.start_child(child.reports_ready()).await.unwrap_err();
        let text = "child `a` did not start: it failed before it was ready; its last failure: no such file";
        assert_eq!(refused.to_string(), text);
        assert!(refused.spec.is_none());
        handle.start_child(service("a", &journal)).await.unwrap();
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn a_start_by_call_that_takes_too_long_is_answered_when_its_clean_up_is_done() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor(), async |handle| {
        let slow = deaf("slow", &journal, ms(30)).reports_ready().start_timeout(ms(200));
        let refused = handle.start_child(slow).await.unwrap_err();
        assert_eq!(refused.to_string(), "child `slow` did not start: it was not ready within 200ms");
        assert_eq!(journal.time(), 230);
        assert!(handle.snapshot().await.children.is_empty());
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn a_restart_by_call_that_fails_leaves_the_child_down() {
    let child = ChildSpec::new("a", |cx| async move {
        if cx.incarnation() == 2 {
            return Err(Failure::message("second thoughts"));
        }
        cx.ready();
        stopping().await;
        Ok(())
    });
    let ((), outcome) = run(supervisor().child(child.reports_ready()), async |handle| {
        settle().await;
        handle.stop_child("a").await.unwrap();
        let refused = handle.restart_child("a").await.unwrap_err();
        assert!(matches!(refused.reason, CallError::StartFailed { .. }));
        assert_eq!(refused.failure.unwrap().to_string(), "second thoughts");
        assert_eq!(handle.snapshot().await.children[0].state, SlotState::Down);
        handle.restart_child("a").await.unwrap();
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn a_start_by_call_that_another_call_stops_says_so() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor(), async |handle| {
        let starter = handle.clone();
        let slow = deaf("slow", &journal, ms(30)).reports_ready();
        let start = tokio::spawn(async move { starter.start_child(slow).await });
        settle().await;
        handle.stop_child("slow").await.unwrap();
        let refused = start.await.unwrap().unwrap_err();
        assert_eq!(refused.reason, CallError::StoppedMeanwhile { id: "slow".into() });
        assert_eq!(journal.times_of("-slow"), [31]);
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn calls_made_during_the_first_start_are_carried_out_after_it_in_their_order() {
    let journal = Journal::new();
    let slow = ChildSpec::new("slow", |cx| async move {
        sleep(ms(100)).await;
        cx.ready();
        stopping().await;
        Ok::<(), Failure>(())
    });
    let ((), outcome) = run(supervisor().child(slow.reports_ready()), async |handle| {
        settle().await;
        handle.start_child(service("b", &journal)).await.unwrap();
        assert_eq!(journal.timed(), ["+b@100"]);
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn calls_that_wait_for_a_first_start_that_fails_are_refused() {
    let journal = Journal::new();
    let slow = ChildSpec::new("slow", |_| async {
        sleep(ms(100)).await;
        Err::<(), _>(Failure::message("no"))
    });
    let (refused, outcome) = run(supervisor().child(slow.reports_ready()), async |handle| {
        settle().await;
        handle.start_child(service("b", &journal)).await.unwrap_err()
    })
    .await;
    outcome.unwrap_err();
    assert_eq!(refused.reason, CallError::ShuttingDown { id: "b".into() });
    assert_eq!(refused.spec.unwrap().id(), "b");
}

#[arbour::test]
async fn a_deleted_name_is_free_for_another_child() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor().child(service("a", &journal)), async |handle| {
        settle().await;
        let refused = handle.start_child(service("a", &journal)).await.unwrap_err();
        handle.stop_child("a").await.unwrap();
        handle.delete_child("a").await.unwrap();
        assert!(handle.snapshot().await.children.is_empty());
        handle.start_child(refused.spec.unwrap().start_timeout(ms(50))).await.unwrap();
        assert_eq!(handle.snapshot().await.children[0].incarnation, 1);
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["+a", "-a", "+a", "-a"]);
}

#[arbour::test]
async fn a_specification_that_makes_no_sense_is_handed_back() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor(), async |handle| {
        let refused = handle.start_child(service("a", &journal).start_timeout(ms(0))).await.unwrap_err();
        assert!(matches!(refused.reason, CallError::Refused(_)), "{refused:?}");
        let corrected = refused.spec.unwrap().start_timeout(ms(10));
        handle.start_child(corrected).await.unwrap();
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn calls_to_a_supervisor_that_is_ending_are_refused_at_once_with_the_specification() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).child(deaf("slow", &journal, ms(5_000)));
    let (time, outcome) = run(app, async |handle| {
        settle().await;
        handle.request_stop();
        settle().await;
        let refused = handle.start_child(service("b", &journal)).await.unwrap_err();
        assert_eq!(refused.spec.unwrap().id(), "b");
        let gone = || Err(CallError::ShuttingDown { id: "a".into() });
        assert_eq!(handle.stop_child("a").await, gone());
        assert_eq!(restarted(&handle, "a").await, gone());
        assert_eq!(handle.delete_child("a").await, gone());
        journal.time()
    })
    .await;
    outcome.unwrap();
    assert_eq!(time, 2);
}

#[arbour::test]
async fn calls_to_a_supervisor_that_has_ended_are_refused_with_the_specification() {
    let journal = Journal::new();
    let (handle, outcome) = run(supervisor(), async |handle| handle).await;
    outcome.unwrap();
    let refused = handle.start_child(service("b", &journal)).await.unwrap_err();
    assert_eq!(refused.to_string(), "the supervisor of child `b` is shutting down or has ended");
    assert_eq!(refused.spec.unwrap().id(), "b");
    assert_eq!(handle.stop_child("b").await, Err(CallError::ShuttingDown { id: "b".into() }));
    handle.request_stop();
}

#[arbour::test]
async fn a_specification_that_crosses_the_end_of_the_supervisor_is_handed_back() {
    let journal = Journal::new();
    let (refused, outcome) = run(supervisor(), async |handle| {
        settle().await;
        handle.request_stop();
        // It is in the supervisor's inbox, behind the request, when the supervisor ends.
        handle.start_child(service("b", &journal)).await.unwrap_err()
    })
    .await;
    outcome.unwrap();
    assert_eq!(refused.reason, CallError::ShuttingDown { id: "b".into() });
    assert_eq!(refused.spec.unwrap().id(), "b");
}

#[arbour::test]
async fn a_specification_given_to_a_supervisor_that_is_dropped_is_handed_back() {
    let journal = Journal::new();
    let supervisor = supervisor().build().unwrap();
    let handle = supervisor.handle();
    let start = tokio::spawn({
        let child = service("b", &journal);
        async move { handle.start_child(child).await }
    });
    settle().await;
    drop(supervisor);
    let refused = start.await.unwrap().unwrap_err();
    assert_eq!(refused.reason, CallError::ShuttingDown { id: "b".into() });
    assert_eq!(refused.spec.unwrap().id(), "b");
}

#[arbour::test]
async fn a_child_may_ask_its_own_supervisor_to_stop() {
    let journal = Journal::new();
    let app = supervisor().build().unwrap();
    let handle = app.handle();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        let (handle, _last) = (handle.clone(), OnDrop(notes.clone(), "a called"));
        async move {
            handle.request_stop();
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let own = app.handle();
    arbour::task_group(async |group| {
        let running = group.spawn(app.run());
        own.start_child(child).await.unwrap();
        running.await.unwrap();
    })
    .await
    .unwrap();
    assert_eq!(journal.timed(), ["a called@0"]);
}

#[arbour::test]
async fn a_child_may_add_and_remove_its_siblings() {
    let journal = Journal::new();
    let notes = journal.clone();
    let ((), outcome) = run(supervisor(), async |handle| {
        let own = handle.clone();
        let parent = ChildSpec::new("parent", move |_| {
            let (own, notes) = (own.clone(), notes.clone());
            async move {
                own.start_child(service("kin", &notes))
                    .await
                    .map_err(|refused| Failure::message(refused.to_string()))?;
                own.stop_child("kin").await?;
                own.delete_child("kin").await?;
                Ok::<(), Failure>(())
            }
        });
        handle.start_child(parent.restart(Restart::Temporary)).await.unwrap();
        settle().await;
        assert!(handle.snapshot().await.children.is_empty());
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["+kin", "-kin"]);
}

#[arbour::test]
async fn every_caller_that_stops_the_same_child_is_answered() {
    let journal = Journal::new();
    let ((), outcome) = run(supervisor().child(deaf("a", &journal, ms(30))), async |handle| {
        settle().await;
        let stops: Vec<_> = (0..5)
            .map(|_| {
                let handle = handle.clone();
                tokio::spawn(async move { handle.stop_child("a").await })
            })
            .collect();
        for stop in stops {
            assert_eq!(stop.await.unwrap(), Ok(()));
        }
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["+a", "xa", "-a"]);
}

#[arbour::test]
async fn giving_up_answers_a_call_that_still_waits() {
    let journal = Journal::new();
    let none = RestartLimit::new(0, ms(1)).unwrap();
    let bad = ChildSpec::new("bad", |_| async {
        sleep(ms(100)).await;
        Err::<(), _>(Failure::message("bad"))
    });
    let supervisor = supervisor().limit(none).child(bad).build().unwrap();
    let handle = supervisor.handle();
    let slow = deaf("slow", &journal, ms(0)).reports_ready();
    let start = tokio::spawn(async move { handle.start_child(slow).await });
    supervisor.run().await.unwrap_err();
    assert_eq!(start.await.unwrap().unwrap_err().reason, CallError::ShuttingDown { id: "slow".into() });
    assert_eq!(journal.timed(), ["+slow@0", "xslow@100", "-slow@100"]);
}

#[arbour::test]
async fn a_supervisor_that_never_ran_refuses_with_the_specification_once_it_is_dropped() {
    let journal = Journal::new();
    let supervisor = supervisor().build().unwrap();
    let handle = supervisor.handle();
    drop(supervisor);
    let refused = handle.start_child(service("b", &journal)).await.unwrap_err();
    assert_eq!(refused.spec.unwrap().id(), "b");
}
