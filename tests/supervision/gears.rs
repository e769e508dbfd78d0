//! The last gear of stopping, and shutdowns that must be over in time.

use crate::support::{Journal, deaf, ms, run, service, supervisor};
use arbour::{
    CallError, ChildSpec, Failure, Shutdown, SlotState, Supervisor, SupervisorError, SupervisorOutcome,
};
use std::future::{Future, pending, poll_fn};
use std::task::Poll;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep};

/// Ends for no request and no cancellation, and cleans up for ever.
fn stubborn(name: &'static str) -> ChildSpec {
    ChildSpec::new(name, |_| async {
        arbour::defer(pending());
        pending::<Result<(), Failure>>().await
    })
}

#[arbour::test]
async fn a_child_whose_rule_is_to_be_aborted_has_no_time_at_all() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("a", &journal, ms(30)).shutdown(Shutdown::Abort));
    run(app, async |_| sleep(ms(100)).await).await.1.unwrap();
    assert_eq!((journal.lines(), journal.time()), (vec!["+a".to_owned()], 100), "its finalizer is dropped");
}

#[arbour::test]
async fn others_are_served_while_a_child_uses_up_its_gears() {
    let journal = Journal::new();
    let app = supervisor()
        .child(service("a", &journal))
        .child(stubborn("s").shutdown(Shutdown::After(ms(100))).clean_up(ms(200)));
    let (times, end) = run(app, async |handle| {
        let stop = handle.stop_child("s");
        let other = async {
            sleep(ms(250)).await;
            let state = handle.snapshot().await.children[1].state;
            assert!(matches!(state, SlotState::Stopping { .. }), "{state:?}");
            journal.time()
        };
        let (stopped, asked) = tokio::join!(stop, other);
        stopped.unwrap();
        [asked, journal.time()]
    })
    .await;
    end.unwrap();
    assert_eq!(times, [250, 300]);
}

#[arbour::test]
async fn a_shutdown_with_a_deadline_is_over_by_then_whatever_children_do() {
    let journal = Journal::new();
    let slow = |name| stubborn(name).shutdown(Shutdown::Wait).clean_up(ms(60_000));
    let app = supervisor().child(service("a", &journal)).child(slow("s")).child(slow("t"));
    let app = app.build().unwrap();
    let handle = app.handle();
    let end = tokio::join!(app.run(), async {
        sleep(ms(100)).await;
        handle.request_stop_within(ms(1_000));
    });
    end.0.unwrap();
    assert_eq!(journal.time(), 1_100);
    assert_eq!(journal.times_of("-a"), [] as [u64; 0], "its turn came too late: it was aborted");
}

#[arbour::test]
async fn a_deadline_is_pushed_down_to_the_supervisors_among_the_children() {
    let journal = Journal::new();
    let inner = {
        let journal = journal.clone();
        move || {
            let child = deaf("x", &journal, ms(30)).shutdown(Shutdown::Wait).clean_up(ms(200));
            Supervisor::builder("inner").child(service("y", &journal)).child(child).build()
        }
    };
    let app = supervisor().child(ChildSpec::supervisor("inner", inner)).build().unwrap();
    let handle = app.handle();
    let end = tokio::join!(app.run(), async {
        sleep(ms(100)).await;
        handle.request_stop_within(ms(1_000));
    });
    end.0.unwrap();
    assert_eq!(
        journal.timed(),
        ["+y@0", "+x@0", "xx@900", "-x@930", "-y@930"],
        "room for the clean-up is kept"
    );
}

#[arbour::test]
async fn a_supervisor_among_the_children_is_ready_when_its_own_are_and_begins_anew_when_it_fails() {
    let journal = Journal::new();
    let inner = {
        let journal = journal.clone();
        let mut built = 0;
        move || {
            built += 1;
            let (journal, fails) = (journal.clone(), built == 1);
            let child = ChildSpec::new("x", move |cx| {
                let journal = journal.clone();
                async move {
                    sleep(ms(50)).await;
                    journal.note("x is ready");
                    cx.ready();
                    sleep(ms(50)).await;
                    if fails {
                        return Err(Failure::message("out of order"));
                    }
                    arbour::stopping().await;
                    Ok(())
                }
            });
            let none = arbour::RestartLimit::new(0, ms(1_000)).unwrap();
            Supervisor::builder("inner").limit(none).child(child.reports_ready()).build()
        }
    };
    let app = supervisor().child(ChildSpec::supervisor("inner", inner)).child(service("z", &journal));
    run(app, async |_| sleep(ms(300)).await).await.1.unwrap();
    assert_eq!(journal.timed(), ["x is ready@50", "+z@50", "x is ready@150", "-z@300"]);
}

/// Runs it so that its children are tasks of a runtime that nobody drives: they never come to a poll, like tasks that
/// do not yield.
async fn with_stuck_children<F: Future>(undriven: &Runtime, supervisor: F) -> F::Output {
    let mut supervisor = Box::pin(supervisor);
    let first = poll_fn(|cx| {
        let _entered = undriven.enter();
        Poll::Ready(supervisor.as_mut().poll(cx))
    });
    match first.await {
        Poll::Ready(output) => output,
        Poll::Pending => supervisor.await,
    }
}

fn undriven() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn a_shutdown_leaves_a_child_behind_that_does_not_yield_and_says_so() {
    let undriven = undriven();
    arbour::testing::block_on(async {
        let app = supervisor().build().unwrap();
        let (handle, began) = (app.handle(), Instant::now());
        let running = with_stuck_children(&undriven, app.run());
        let start = handle.start_child(stubborn("x").reports_ready().shutdown(Shutdown::Abort));
        let stop = async {
            sleep(ms(100)).await;
            handle.request_stop();
        };
        let (end, refused, ()) = tokio::join!(running, start, stop);
        assert_eq!(refused.unwrap_err().reason, CallError::ShuttingDown { id: "x".into() });
        let error = end.unwrap_err();
        let SupervisorError::Failed { outcome: SupervisorOutcome::Stuck { id, .. }, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(&**id, "x");
        assert_eq!(began.elapsed(), ms(10_100), "5 s until it is stuck, and 5 s until it is let go");
        assert!(matches!(handle.snapshot().await.children[0].state, SlotState::Stuck { .. }));
    });
    drop(undriven);
}

#[test]
fn nothing_takes_the_place_of_a_child_that_does_not_yield() {
    let undriven = undriven();
    arbour::testing::block_on(async {
        let stuck = stubborn("x").reports_ready().shutdown(Shutdown::Abort).start_timeout(ms(100));
        let app = supervisor().build().unwrap();
        let handle = app.handle();
        let running = with_stuck_children(&undriven, app.run());
        let calls = async {
            let refused = handle.start_child(stuck).await.unwrap_err();
            assert_eq!(refused.reason, CallError::Stuck { id: "x".into() });
            let refused = handle.restart_child("x").await.unwrap_err();
            assert_eq!(refused.reason, CallError::Stuck { id: "x".into() });
            assert_eq!(handle.stop_child("x").await, Err(CallError::Stuck { id: "x".into() }));
            handle.request_stop();
        };
        assert!(tokio::join!(running, calls).0.is_err());
    });
    drop(undriven);
}
