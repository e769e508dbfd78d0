//! The stream of a supervisor's decisions.

use crate::support::{Journal, failing, ms, run, service, settle, supervisor};
use arbour::stream::{BroadcastReceiver, BroadcastRecvError};
use arbour::{
    Backoff, ChildEnded, ChildSpec, ExitKind, Failure, Happened, NextStep, RestartLimit, SupervisionEvent,
    Supervisor, stopping,
};
use tokio::time::{Instant, sleep};

/// All events up to the end, as `line@time`.
async fn lines(mut events: BroadcastReceiver<SupervisionEvent>, began: Instant) -> Vec<String> {
    let mut lines = Vec::new();
    while let Ok(event) = events.recv().await {
        lines.push(format!("{event}@{}", (Instant::from_std(event.at) - began).as_millis()));
    }
    lines
}

#[arbour::test]
async fn each_decision_is_an_event_with_who_what_when_and_what_next() {
    let began = Instant::now();
    let child = ChildSpec::new("job", |cx| async move {
        sleep(ms(10)).await;
        if cx.incarnation() < 3 {
            return Err(Failure::message("no route"));
        }
        stopping().await;
        Ok(())
    });
    let backoff = Backoff::new(ms(100), ms(100)).unwrap().jitter(false);
    let (events, outcome) = run(supervisor().child(child.backoff(backoff)), async |handle| {
        let events = handle.events();
        sleep(ms(200)).await;
        events
    })
    .await;
    outcome.unwrap();
    assert_eq!(
        lines(events, began).await,
        [
            "app: child `job` (incarnation 1) is started@0",
            "app: child `job` (incarnation 1) is ready@0",
            "app: every child is ready@0",
            "app: child `job` (incarnation 1) failed (no route): it is restarted at once, restart 1 in a row@10",
            "app: child `job` (incarnation 2) is started@10",
            "app: child `job` (incarnation 2) is ready@10",
            "app: child `job` (incarnation 2) failed (no route): it is restarted in 100ms, restart 2 in a row@20",
            "app: child `job` (incarnation 3) is started@120",
            "app: child `job` (incarnation 3) is ready@120",
            "app: child `job` (incarnation 3) is asked to finish@200",
            "app: child `job` (incarnation 3) was stopped and ended normally@200",
            "app: the supervisor was shut down@200",
        ]
    );
}

#[arbour::test]
async fn an_event_is_typed_and_brings_the_failure_along() {
    let journal = Journal::new();
    let none = RestartLimit::new(0, ms(1)).unwrap();
    let app = supervisor().limit(none).child(failing("bad", &journal)).build().unwrap();
    let mut events = app.handle().events();
    app.run().await.unwrap_err();
    let ended = loop {
        let event = events.recv().await.unwrap();
        if let Happened::Ended(_) = event.happened {
            break event;
        }
    };
    assert_eq!((ended.child.as_deref(), ended.incarnation.number()), (Some("bad"), 1));
    assert_eq!(ended.happened, Happened::Ended(ChildEnded::AfterReady(ExitKind::Failed)));
    assert!(matches!(ended.next, Some(NextStep::GivesUp(_))), "{:?}", ended.next);
    assert_eq!(ended.failure.unwrap().to_string(), "no route to host");
    let last = events.recv().await.unwrap();
    assert!(matches!(&last.happened, Happened::Finished(outcome) if !outcome.is_orderly()), "{last}");
    assert_eq!(last.child, None);
    assert_eq!(events.recv().await.unwrap_err(), BroadcastRecvError::EndOfStream);
}

#[arbour::test]
async fn the_outermost_hears_of_all_and_each_inner_one_of_its_own() {
    let journal = Journal::new();
    let child = service("x", &journal);
    let mut child = Some(child);
    let (sender, mut handles) = tokio::sync::mpsc::unbounded_channel();
    let inner = ChildSpec::supervisor("slot", move || {
        let built = Supervisor::builder("inner").child(child.take().unwrap()).build()?;
        sender.send(built.handle().events()).unwrap();
        Ok(built)
    });
    let app = supervisor().child(inner).build().unwrap();
    let (outer, handle, began) = (app.handle().events(), app.handle(), Instant::now());
    tokio::join!(app.run(), async {
        settle().await;
        handle.request_stop();
    })
    .0
    .unwrap();
    let inner = lines(handles.try_recv().unwrap(), began).await;
    assert_eq!(inner.first().unwrap(), "app/inner: child `x` (incarnation 1) is started@0");
    assert_eq!(inner.last().unwrap(), "app/inner: the supervisor was shut down@1");
    let outer = lines(outer, began).await;
    let of_inner: Vec<&String> = outer.iter().filter(|line| line.starts_with("app/inner: ")).collect();
    assert_eq!(of_inner, inner.iter().collect::<Vec<_>>());
    assert_eq!(outer.last().unwrap(), "app: the supervisor was shut down@1");
}

#[arbour::test]
async fn a_child_that_is_added_and_deleted_is_told_of() {
    let journal = Journal::new();
    let began = Instant::now();
    let (events, outcome) = run(supervisor(), async |handle| {
        let events = handle.events();
        handle.start_child(service("late", &journal)).await.unwrap();
        handle.stop_child("late").await.unwrap();
        handle.delete_child("late").await.unwrap();
        events
    })
    .await;
    outcome.unwrap();
    assert_eq!(
        lines(events, began).await,
        [
            "app: every child is ready@0",
            "app: child `late` is added@0",
            "app: child `late` (incarnation 1) is started@0",
            "app: child `late` (incarnation 1) is ready@0",
            "app: child `late` (incarnation 1) is asked to finish@0",
            "app: child `late` (incarnation 1) was stopped and ended normally@0",
            "app: child `late` is removed@0",
            "app: the supervisor was shut down@0",
        ]
    );
}

#[arbour::test]
async fn who_is_slow_to_listen_is_told_how_much_was_missed_and_holds_nobody_up() {
    let crash = ChildSpec::new("crash", |_| async { Err::<(), _>(Failure::message("again")) });
    let limit = RestartLimit::new(1_000, ms(60_000)).unwrap();
    let app = supervisor().limit(limit).child(crash.backoff(Backoff::none())).build().unwrap();
    let mut events = app.handle().events();
    app.run().await.unwrap_err();
    // Of each run but the last: started, ready, ended; and once: all are ready, finished.
    let Err(BroadcastRecvError::Lagged { missed }) = events.recv().await else {
        panic!("nothing was missed")
    };
    assert_eq!(missed, 3 * 1_001 + 2 - 1_024);
    let mut left = 0;
    while events.recv().await.is_ok() {
        left += 1;
    }
    assert_eq!(left, 1_024);
}

#[arbour::test]
async fn after_the_end_and_of_a_supervisor_that_never_ran_the_stream_has_ended() {
    let (handle, outcome) = run(supervisor(), async |handle| handle).await;
    outcome.unwrap();
    assert_eq!(handle.events().recv().await.unwrap_err(), BroadcastRecvError::EndOfStream);

    let unused = supervisor().build().unwrap();
    let (handle, mut early) = (unused.handle(), unused.handle().events());
    drop(unused);
    assert_eq!(early.recv().await.unwrap_err(), BroadcastRecvError::EndOfStream);
    assert_eq!(handle.events().recv().await.unwrap_err(), BroadcastRecvError::EndOfStream);
}

#[arbour::test]
async fn a_supervisor_that_foreign_code_drops_ends_its_events() {
    let journal = Journal::new();
    let app = supervisor().child(service("a", &journal)).build().unwrap();
    let (mut events, handle) = (app.handle().events(), app.handle());
    assert!(tokio::time::timeout(ms(10), app.run()).await.is_err());
    while events.recv().await.is_ok() {}
    assert_eq!(events.recv().await.unwrap_err(), BroadcastRecvError::EndOfStream);
    drop(handle);
}
