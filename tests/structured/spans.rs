//! Tracing spans: which one a child, a named child, and clean-up run in.

use crate::recorder::Recorder;
use crate::support::turns;
use arbour::testing::block_on;
use arbour::{CancelScope, Failure, clean_up, defer, task_group, thread};
use tracing::{Instrument, Level, info, info_span};

/// Runs a scenario with a subscriber that hears what is at least as grave as `level`; tells which spans each event
/// was in.
fn heard(level: Level, scenario: impl Future<Output = ()>) -> Vec<String> {
    let recorder = Recorder::new(level);
    let events = recorder.events();
    tracing::subscriber::with_default(recorder, || block_on(scenario));
    let events = events.lock().unwrap();
    events.iter().map(|event| event.text.clone()).collect()
}

#[test]
fn an_unnamed_child_runs_in_the_span_of_its_spawner() {
    let events = heard(Level::TRACE, async {
        let group = task_group(async |group| {
            let spawner = group.clone();
            async move {
                spawner.spawn_value(async {
                    info!("first poll");
                    turns(1).await;
                    info!("second poll");
                });
            }
            .instrument(info_span!("request"))
            .await;
            group.spawn_value(async { info!("outside") });
        });
        group.await.unwrap();
    });
    assert_eq!(events, ["request: first poll", "outside", "request: second poll"]);
}

#[test]
fn a_named_child_has_a_span_of_its_own_inside_of_its_spawners() {
    let events = heard(Level::DEBUG, async {
        let group = task_group(async |group| {
            let inner = group.clone();
            group.task().name("outer").spawn_value(async move {
                inner.task().name("inner").spawn_value(async { info!("inside") });
            });
        });
        group.instrument(info_span!("request")).await.unwrap();
    });
    assert_eq!(events, ["request > task{name=outer} > task{name=inner}: inside"]);
}

#[test]
fn a_subscriber_that_wants_no_debug_sees_the_span_of_the_spawner() {
    let events = heard(Level::INFO, async {
        let group = task_group(async |group| {
            group.task().name("quiet").spawn_value(async { info!("inside") });
        });
        group.instrument(info_span!("request")).await.unwrap();
    });
    assert_eq!(events, ["request: inside"]);
}

#[test]
fn a_started_child_runs_in_the_span_of_its_starter() {
    let events = heard(Level::DEBUG, async {
        let group = task_group(async |group| {
            let start = group.start(|ready| async move {
                info!("starting");
                ready.started(());
                turns(2).await;
                info!("running");
                Ok::<_, Failure>(())
            });
            start.instrument(info_span!("caller")).await.unwrap();
        });
        group.await.unwrap();
    });
    assert_eq!(events, ["caller: starting", "caller: running"]);
}

#[test]
fn clean_up_and_finalizers_run_in_the_span_in_which_they_were_asked_for() {
    let events = heard(Level::DEBUG, async {
        let scope = CancelScope::new().run(async {
            async {
                defer(async { info!("finalizer") });
                clean_up(async { info!("clean-up") });
            }
            .instrument(info_span!("request"))
            .await;
        });
        scope.await.unwrap();
    });
    assert_eq!(events, ["request: clean-up", "request: finalizer"]);
}

#[test]
fn a_function_in_a_thread_and_what_it_calls_back_run_in_the_span_of_the_caller() {
    let events = heard(Level::TRACE, async {
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        let call = thread::run_sync(move || {
            tracing::dispatcher::with_default(&subscriber, || {
                info!("in the thread");
                thread::block_on(async { info!("called back") }).unwrap();
            });
        });
        call.instrument(info_span!("request")).await.unwrap();
    });
    assert_eq!(events, ["request: in the thread", "request: called back"]);
}
