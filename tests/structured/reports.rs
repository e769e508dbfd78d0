//! What is reported: the level, the text and the fields of each report, by the situation that brings it about.
//!
//! A place in this file is shown as the line of source that stands there.

use crate::recorder::{Heard, Recorder};
use crate::support::{OnDrop, SECOND, never, one_thread, poll_once, turns};
use arbour::{CancelScope, ScopeHandle, clean_up, defer, shield, task_group};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tracing::Level;

/// What Arbour reports while `scenario` runs.
fn heard<T>(level: Level, scenario: impl FnOnce() -> T) -> (Vec<String>, T) {
    let recorder = Recorder::new(level);
    let events = recorder.events();
    let output = tracing::subscriber::with_default(recorder, scenario);
    let events = events.lock().unwrap();
    let ours = events.iter().filter(|event| event.target.starts_with("arbour"));
    (ours.map(shown).collect(), output)
}

fn shown(event: &Heard) -> String {
    format!("{} {} | {}", event.level, event.text, with_lines_of_source(&event.fields))
}

/// Puts the line of source for each `file:line` or `file:line:column` of this file.
fn with_lines_of_source(text: &str) -> String {
    let mut pieces = text.split(concat!(file!(), ":"));
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
        let line: usize = piece.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let source = include_str!("reports.rs").lines().nth(line - 1).unwrap().trim();
        shown.extend(["`", source, "`", rest]);
    }
    shown
}

/// What is reported while `body` runs in the child `fetch` of a group in the child `jobs` of another one.
fn heard_in_fetch<T: Send + 'static>(body: impl Future<Output = T> + Send + 'static) -> (Vec<String>, T) {
    heard(Level::WARN, || in_fetch(body))
}

fn in_fetch<T: Send + 'static>(body: impl Future<Output = T> + Send + 'static) -> T {
    let jobs = async {
        task_group(async |inner| inner.task().name("fetch").spawn_value(body).await.unwrap()).await.unwrap()
    };
    let outer = task_group(async |outer| outer.task().name("jobs").spawn_value(jobs).await.unwrap());
    one_thread().block_on(outer).unwrap()
}

/// How the child `fetch` is called.
const FETCH: &str = "jobs/fetch at `task_group(async |inner| inner.task().name(\"fetch\").spawn_value(body).await.unwrap()).await.unwrap()`";

fn own_id() -> u64 {
    ScopeHandle::current().unwrap().id()
}

/// The number of a scope in which `body` ran, which is given its handle.
async fn in_scope<F: Future<Output = ()>>(body: impl FnOnce(ScopeHandle) -> F) -> u64 {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let _ = scope.run(body(handle.clone())).await;
    handle.id()
}

fn losses(scope: u64, path: &str) -> String {
    format!(
        "ERROR a scope has ended without all of its clean-up: each that was lost is reported with its place, \
         and nobody runs it any more | scope={scope} path={path} count=1"
    )
}

fn aborted(scope: u64, place: &str) -> String {
    format!(
        "ERROR a clean-up was dropped before it had ended: its scope was aborted; the scope ends without it and \
         counts it as lost | scope={scope} path=jobs/fetch/scope place=`{place}`"
    )
}

#[test]
fn a_clean_up_takes_five_seconds_beside_its_body() {
    let (reports, task) = heard_in_fetch(async {
        clean_up(sleep(7 * SECOND));
        sleep(9 * SECOND).await;
        own_id()
    });
    let expected = format!(
        "WARN a clean-up has taken 5 s and goes on; its scope cannot end before it | \
         scope={task} path={FETCH} place=`clean_up(sleep(7 * SECOND));`"
    );
    assert_eq!(reports, [expected]);
}

#[test]
fn the_budget_ends_before_a_clean_up_has() {
    let (reports, scope) = heard_in_fetch(in_scope(async |scope| {
        clean_up(never());
        scope.cancel_within("stop", SECOND);
        never().await
    }));
    let over = format!(
        "ERROR a clean-up was dropped before it had ended: the clean-up budget is over; its scope ends without it and \
         counts it as lost | scope={scope} path=jobs/fetch/scope place=`clean_up(never());`"
    );
    assert_eq!(reports, [over, losses(scope, "jobs/fetch/scope")]);
}

#[test]
fn a_scope_is_aborted_while_a_clean_up_runs() {
    let (reports, scope) = heard_in_fetch(in_scope(async |scope| {
        clean_up(never());
        turns(1).await;
        scope.abort("now");
        never().await
    }));
    assert_eq!(reports, [aborted(scope, "clean_up(never());"), losses(scope, "jobs/fetch/scope")]);
}

#[test]
fn a_scope_with_a_finalizer_is_aborted() {
    let (reports, scope) = heard_in_fetch(in_scope(async |scope| {
        defer(never());
        scope.abort("now");
        never().await
    }));
    let unrun = format!(
        "ERROR a finalizer was dropped unrun: its scope was aborted; the scope ends without it and counts it as lost | \
         scope={scope} path=jobs/fetch/scope place=`defer(never());`"
    );
    assert_eq!(reports, [unrun, losses(scope, "jobs/fetch/scope")]);
}

#[test]
fn clean_up_is_asked_for_in_an_aborted_scope() {
    let (reports, scope) = heard_in_fetch(in_scope(async |scope| {
        scope.abort("now");
        clean_up(never());
        never().await
    }));
    let refused = format!(
        "ERROR a clean-up was refused and dropped unrun: its scope was aborted, or its clean-up budget is over; \
         the scope ends without it and counts it as lost | \
         scope={scope} path=jobs/fetch/scope place=`clean_up(never());`"
    );
    assert_eq!(reports, [refused, losses(scope, "jobs/fetch/scope")]);
}

#[test]
fn a_scope_that_is_aborted_lies_deeper_than_a_report_looks() {
    fn nested(depth: usize) -> Pin<Box<dyn Future<Output = u64> + Send>> {
        Box::pin(async move {
            if depth > 0 {
                return CancelScope::new().run(nested(depth - 1)).await.unwrap();
            }
            in_scope(async |scope| {
                scope.abort("now");
                defer(never());
                never().await
            })
            .await
        })
    }
    let (nearer, _) = heard_in_fetch(nested(60));
    let (deeper, scope) = heard_in_fetch(nested(65));
    assert!(nearer[1].contains("path=jobs/fetch/scope count=1"), "{nearer:?}");
    assert_eq!(deeper[1], losses(scope, "…/scope"));
}

#[test]
fn a_clean_up_panics() {
    let (reports, task) = heard_in_fetch(async {
        clean_up(async { panic!("out of ink") });
        turns(1).await;
        own_id()
    });
    let expected = format!(
        "ERROR a clean-up or finalizer panicked and has ended with that; the others go on | scope={task} path={FETCH} \
         place=`clean_up(async {{ panic!(\"out of ink\") }});` panic=\"out of ink\""
    );
    assert_eq!(reports, [expected]);
}

#[test]
fn the_drop_of_an_aborted_clean_up_panics() {
    let (reports, scope) = heard_in_fetch(in_scope(async |scope| {
        let held = OnDrop::new(|| panic!("the lid is stuck"));
        clean_up(async move { drop((never::<()>().await, held)) });
        turns(1).await;
        scope.abort("now");
        never().await
    }));
    let place = "clean_up(async move { drop((never::<()>().await, held)) });";
    let panicked = format!(
        "ERROR the drop of an unfinished clean-up panicked; the others go on | \
         scope={scope} path=jobs/fetch/scope place=`{place}` panic=\"the lid is stuck\""
    );
    assert_eq!(reports, [aborted(scope, place), panicked, losses(scope, "jobs/fetch/scope")]);
}

#[test]
fn a_shield_holds_a_cancelled_scope_for_five_seconds() {
    let (reports, (scope, shielded)) = heard_in_fetch(async {
        let (tell, told) = oneshot::channel();
        let scope = in_scope(async |scope| {
            scope.cancel("stop");
            shield(async {
                tell.send(own_id()).unwrap();
                sleep(7 * SECOND).await;
            })
            .await;
        });
        (scope.await, told.await.unwrap())
    });
    let expected = format!(
        "WARN a cancelled scope has been held for 5 s by a shield; it ends when the shield does, or by an abort | \
         scope={scope} path=jobs/fetch/scope shield={shielded} place=\"`shield(async {{`\""
    );
    assert_eq!(reports, [expected]);
}

#[test]
fn a_task_does_not_yield_for_five_seconds_after_an_abort() {
    // Tasks of a runtime that nobody drives never come to a poll, like tasks that do not yield.
    let undriven = Builder::new_current_thread().build().unwrap();
    let mut numbers = (0, 0);
    let (reports, ()) = heard(Level::WARN, || {
        let mut group = Box::pin(task_group(async |group| {
            let stuck = group.task().name("fetch").spawn_value(never::<()>());
            numbers = (group.scope().id(), stuck.id().unwrap());
            group.scope().abort("now");
            never::<()>().await;
        }));
        one_thread().block_on(async {
            let first = poll_fn(|cx| {
                let _entered = undriven.enter();
                Poll::Ready(group.as_mut().poll(cx))
            });
            assert!(first.await.is_pending());
            assert!(group.await.is_err());
        });
    });
    let (scope, task) = numbers;
    let expected = format!(
        "ERROR a task is stuck: it was aborted 5 s ago and has not yielded since; nobody waits for it any more, \
         and it is dropped when it yields | scope={scope} task={task} \
         path=fetch at `let stuck = group.task().name(\"fetch\").spawn_value(never::<()>());`"
    );
    assert_eq!(reports, [expected]);
    drop(undriven);
}

#[test]
fn a_scope_is_polled_in_another_place() {
    let (reports, scope) = heard(Level::DEBUG, || {
        in_fetch(async {
            let scope = CancelScope::new();
            let id = scope.handle().id();
            let mut moving = Box::pin(scope.run(turns(1)));
            CancelScope::new()
                .run(async { assert!(poll_once(&mut moving).await.is_pending()) })
                .await
                .unwrap();
            moving.await.unwrap();
            id
        })
    });
    let expected = format!(
        "DEBUG a scope was polled in another place and moved there; it is cancelled with that place from now on | \
         scope={scope} path=jobs/fetch/scope"
    );
    let without_spans = reports.into_iter().map(|report| report.replace(IN_SPANS, ""));
    assert_eq!(without_spans.collect::<Vec<_>>(), [expected]);
}

/// The spans of named children, which there are at the level of `DEBUG`.
const IN_SPANS: &str = "task{name=jobs} > task{name=fetch}: ";

#[test]
fn a_scope_is_polled_inside_its_own_child() {
    type Parked = Pin<Box<dyn Future<Output = ()> + Send>>;
    let (reports, group) = heard(Level::WARN, || {
        one_thread().block_on(async {
            let (send, receive) = oneshot::channel::<Parked>();
            let (tell, told) = oneshot::channel();
            let mut group: Parked = Box::pin(async {
                let _ = task_group(async |group| {
                    tell.send(group.scope()).unwrap();
                    group.spawn_value(async { receive.await.unwrap().await });
                    never::<()>().await;
                })
                .await;
            });
            assert!(poll_once(&mut group).await.is_pending());
            let handle = told.await.unwrap();
            send.send(group).ok().unwrap();
            turns(3).await;
            handle.cancel("out of the circle");
            turns(3).await;
            handle.id()
        })
    });
    let circle = format!(
        "ERROR a scope was polled inside itself and stays where it was; do not send its future into its own child | \
         scope={group} path=group"
    );
    // It is polled twice there, when it arrives and when it is cancelled, and ends with its child.
    assert_eq!(reports, [circle.clone(), circle, format!("{DROPPED} | scope={group} path=group")]);
}

#[test]
fn clean_up_has_no_scope_left() {
    let (reports, ()) = heard(Level::WARN, || {
        one_thread().block_on(async {
            clean_up(async {});
            turns(1).await;
        });
    });
    let expected = "WARN a clean-up has no scope left; the runtime runs it, and nobody waits for it | \
                    place=`clean_up(async {});`";
    assert_eq!(reports, [expected]);
}

#[test]
fn clean_up_without_a_scope_panics() {
    let (reports, ()) = heard(Level::ERROR, || {
        one_thread().block_on(async {
            clean_up(async { panic!("out of paper") });
            turns(1).await;
        });
    });
    let expected = "ERROR a clean-up or finalizer panicked and has ended with that; the others go on | \
                    place=`clean_up(async { panic!(\"out of paper\") });` panic=\"out of paper\"";
    assert_eq!(reports, [expected]);
}

#[test]
fn clean_up_has_neither_scope_nor_runtime_left() {
    let (reports, ()) = heard(Level::ERROR, || clean_up(never()));
    let expected = "ERROR no runtime is left for a clean-up; it is dropped, and nobody runs it any more | \
                    place=`let (reports, ()) = heard(Level::ERROR, || clean_up(never()));`";
    assert_eq!(reports, [expected]);
}

#[test]
fn a_scope_outside_of_every_other_is_dropped() {
    let (reports, scope) = heard(Level::WARN, || {
        one_thread().block_on(async {
            let scope = drop_begun().await;
            turns(1).await;
            scope
        })
    });
    assert_eq!(reports, [format!("{DROPPED} | scope={scope} path=scope")]);
}

#[test]
fn a_scope_is_dropped_and_no_runtime_is_left() {
    let (reports, scope) = heard(Level::WARN, || {
        let dropped = std::pin::pin!(drop_begun());
        let Poll::Ready(scope) = dropped.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing is waited for")
        };
        scope
    });
    let left = format!(
        "ERROR no runtime is left to finish a dropped scope; its clean-up is dropped, and its children are cancelled | \
         scope={scope} path=scope"
    );
    let unrun = format!(
        "ERROR a finalizer was dropped unrun: no runtime is left to finish its scope, which ends without it and \
         counts it as lost | scope={scope} path=scope place=`defer(async {{}});`"
    );
    let dropped = format!("{DROPPED} | scope={scope} path=scope");
    assert_eq!(reports, [dropped, left, unrun, losses(scope, "scope")]);
}

const DROPPED: &str = "WARN a scope was dropped outside of every other; the runtime finishes it";

/// Drops a scope with a finalizer half-way; returns its number.
async fn drop_begun() -> u64 {
    let scope = CancelScope::new();
    let id = scope.handle().id();
    let mut begun = Box::pin(scope.run(async {
        defer(async {});
        never::<()>().await;
    }));
    assert!(poll_once(&mut begun).await.is_pending());
    id
}
