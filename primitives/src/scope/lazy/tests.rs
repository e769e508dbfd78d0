//! What a lazily made scope shows, beside a scope that is made at once, and when it is made.

use crate::scope::{
    CancelScope, Cancelled, Gate, Origin, ScopeHandle, Sight, cancelled, catch_cancel, clean_up, defer,
    join_all, lazily, shield, stopping,
};
use crate::tests::{Task, now};
use core::future::{pending, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

/// What happened, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Makes a note after one turn.
    async fn note_later(self, what: &'static str) {
        turn().await;
        self.note(what);
    }

    /// Makes notes of what its drop cleans up and defers.
    fn guard(&self) -> Guard {
        Guard(self.clone())
    }
}

struct Guard(Journal);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.note("dropped");
        clean_up(self.0.clone().note_later("cleaned up"));
        defer(self.0.clone().note_later("deferred in a drop"));
    }
}

async fn turn() {
    let mut turned = false;
    poll_fn(|cx| {
        if core::mem::replace(&mut turned, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls once; the future has to wait.
async fn begin<F: Future>(future: &mut Pin<Box<F>>) {
    let waits = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending()));
    assert!(waits.await, "it has to wait");
}

fn current() -> ScopeHandle {
    ScopeHandle::current().expect("a scope is current")
}

/// Polls `body` inside a scope; returns the task and that scope's handle.
fn inside<'a, F: Future + 'a>(body: F) -> (Task<'a, Result<F::Output, Cancelled>>, ScopeHandle) {
    let scope = CancelScope::new();
    let handle = scope.handle();
    (Task::new(scope.run(body)), handle)
}

/// Polls until it has ended.
#[track_caller]
fn to_its_end<R>(task: &mut Task<'_, R>) {
    assert!((0..100).any(|_| task.poll().is_ready()), "it does not end");
}

fn nodes_inside(handle: &ScopeHandle) -> usize {
    handle.survey().len()
}

type Body = Pin<Box<dyn Future<Output = &'static str>>>;
type Make = fn(Journal) -> Body;

macro_rules! body {
    (|$journal:ident| $body:expr) => {{
        let make: Make = |$journal| Box::pin(async move { $body });
        (stringify!($body), make)
    }};
}

/// What a body may do, with or without a scope of its own.
fn bodies() -> Vec<(&'static str, Make)> {
    vec![
        body!(|journal| {
            journal.note("body");
            "ready"
        }),
        body!(|journal| {
            turn().await;
            journal.note("body");
            "after a turn"
        }),
        body!(|journal| {
            defer(journal.clone().note_later("first"));
            defer(journal.clone().note_later("second"));
            clean_up(journal.clone().note_later("beside"));
            journal.note("body");
            "deferred"
        }),
        body!(|journal| {
            turn().await;
            let _guard = journal.guard();
            "guarded"
        }),
        body!(|journal| {
            let _guard = journal.guard();
            pending::<()>().await;
            "never"
        }),
        body!(|journal| {
            turn().await;
            defer(journal.note_later("deferred"));
            pending::<()>().await;
            "never"
        }),
        body!(|journal| {
            defer(journal.note_later("deferred"));
            current().cancel("itself");
            pending::<()>().await;
            "never"
        }),
        body!(|journal| {
            current().cancel("itself");
            defer(journal.note_later("deferred"));
            "though cancelled"
        }),
        body!(|journal| {
            let half = CancelScope::new().run(async {
                let _guard = journal.guard();
                pending::<()>().await;
            });
            let mut half = Box::pin(half);
            begin(&mut half).await;
            drop(half);
            journal.note("body");
            "left something"
        }),
        body!(|journal| {
            shield(journal.clone().note_later("shielded")).await;
            journal.note("behind the shield");
            turn().await;
            "shielded"
        }),
        body!(|journal| {
            let caught = catch_cancel(pending::<()>()).await;
            journal.note(format!("{caught:?}"));
            "caught"
        }),
        body!(|journal| {
            let (inner, outer) = (journal.clone(), journal.clone());
            let both = [true, false].map(|asks| {
                let (inner, outer) = (inner.clone(), outer.clone());
                async move {
                    if asks {
                        defer(inner.note_later("in a branch"));
                    }
                    turn().await;
                    outer.note("branch");
                }
            });
            join_all(both).await;
            "joined"
        }),
        body!(|journal| {
            let asked = cancelled();
            journal.note("waits");
            asked.await;
            journal.note("heard");
            "heard of it"
        }),
        body!(|journal| {
            let _guard = journal.guard();
            panic!("a test's panic")
        }),
        body!(|journal| {
            defer(journal.note_later("deferred"));
            turn().await;
            panic!("a later panic")
        }),
    ]
}

/// Polls as long as something happens, and writes down what comes of it.
fn settle<R>(task: &mut Task<'_, R>, journal: &Journal, show: impl Fn(R) -> String) -> bool {
    loop {
        let wakes = task.wakes();
        match catch_unwind(AssertUnwindSafe(|| task.poll())) {
            Ok(Poll::Ready(result)) => journal.note(show(result)),
            Ok(Poll::Pending) if task.wakes() > wakes => continue,
            Ok(Poll::Pending) => return false,
            Err(_) => journal.note("panicked"),
        }
        return true;
    }
}

/// What happens outside while the body runs.
#[derive(Debug, Clone, Copy)]
enum Outside {
    Nothing,
    CancelledFirst,
    CancelledWhileItWaits,
    AbortedWhileItWaits,
    DroppedWhileItWaits,
}

/// Runs a body in a scope that `run` puts around it, inside another scope, and tells what was seen.
fn seen<F>(make: Make, outside: Outside, run: fn(Body) -> F) -> Vec<String>
where
    F: Future<Output = Result<&'static str, Cancelled>> + 'static,
{
    let journal = Journal::default();
    let body = make(journal.clone());
    let told = journal.clone();
    let leave = Arc::new(Mutex::new(false));
    let leaves = Arc::clone(&leave);
    let (mut task, handle) = inside(async move {
        let mut inner = Some(Box::pin(run(body)));
        let outcome = poll_fn(|cx| {
            if *leaves.lock().unwrap() {
                inner = None;
                return Poll::Ready(None);
            }
            inner.as_mut().map_or(Poll::Ready(None), |inner| inner.as_mut().poll(cx).map(Some))
        })
        .await;
        told.note(format!("came to {outcome:?}"));
        turn().await;
        told.note("behind it");
    });
    if let Outside::CancelledFirst = outside {
        handle.cancel("outside");
    }
    let show = |result| format!("around: {result:?}");
    if settle(&mut task, &journal, show) {
        return journal.entries();
    }
    journal.note("waits");
    match outside {
        Outside::Nothing | Outside::CancelledFirst => {}
        Outside::CancelledWhileItWaits => handle.cancel("outside"),
        Outside::AbortedWhileItWaits => handle.abort("outside"),
        Outside::DroppedWhileItWaits => *leave.lock().unwrap() = true,
    }
    if !settle(&mut task, &journal, show) {
        journal.note("waits for ever");
    }
    assert!(journal.entries().len() > 1);
    journal.entries()
}

#[test]
fn it_shows_what_a_scope_shows() {
    use Outside::*;
    for (name, make) in bodies() {
        for outside in
            [Nothing, CancelledFirst, CancelledWhileItWaits, AbortedWhileItWaits, DroppedWhileItWaits]
        {
            let expected = seen(make, outside, |body| CancelScope::new().run(body));
            assert_eq!(seen(make, outside, lazily), expected, "{outside:?}: {name}");
            let nested = |body| async { lazily(lazily(body)).await? };
            let twice = |body| async { CancelScope::new().run(CancelScope::new().run(body)).await? };
            assert_eq!(
                seen(make, outside, nested),
                seen(make, outside, twice),
                "nested, {outside:?}: {name}"
            );
        }
    }
}

#[test]
fn a_body_that_asks_for_nothing_has_no_node() {
    let (mut task, around) = inside(lazily(async {
        poll_fn(|cx| Gate::new().poll_enter(cx)).await;
        turn().await;
        turn().await;
        7
    }));
    assert!(task.poll().is_pending());
    assert_eq!(nodes_inside(&around), 0);
    assert!(task.poll().is_pending());
    assert_eq!(nodes_inside(&around), 0);
    assert!(matches!(task.finish(), Ok(Ok(7))));
}

#[test]
fn an_await_in_a_cancelled_scope_makes_no_node() {
    let (mut task, around) = inside(shield_all(async {
        current().cancel("a test");
        let (inner, own) = (pending::<()>(), current());
        let mut waits = Box::pin(lazily(async {
            poll_fn(|cx| Gate::new().poll_enter(cx)).await;
            inner.await;
        }));
        begin(&mut waits).await;
        assert_eq!(nodes_inside(&own), 0);
        drop(waits);
        assert_eq!(nodes_inside(&own), 0);
    }));
    assert!(task.poll().is_ready());
    assert_eq!(nodes_inside(&around), 0);
}

/// A scope that ends with its body in the same poll: what is asserted inside has been reached.
async fn shield_all(body: impl Future<Output = ()>) {
    CancelScope::new().run(body).await.expect("its body has given its value");
}

#[test]
fn what_asks_for_the_scope_makes_it() {
    type Ask = fn() -> Pin<Box<dyn Future<Output = ()>>>;
    let asks: [(&str, Ask); 10] = [
        ("a handle", || Box::pin(async { drop(current()) })),
        ("defer", || Box::pin(async { defer(async {}) })),
        ("clean_up", || Box::pin(async { clean_up(turn()) })),
        ("an origin", || Box::pin(async { drop(Origin::here()) })),
        ("a scope", || Box::pin(async { CancelScope::new().run(async {}).await.unwrap() })),
        ("a shield", || Box::pin(shield(async {}))),
        ("a catch", || Box::pin(async { catch_cancel(async {}).await.unwrap() })),
        ("branches", || Box::pin(async { drop(join_all([async {}]).await) })),
        ("a wait for a cancellation", || Box::pin(async { begin(&mut Box::pin(cancelled())).await })),
        ("a wait for a drain", || Box::pin(async { begin(&mut Box::pin(stopping())).await })),
    ];
    for (what, ask) in asks {
        let (mut task, around) = inside(lazily(async move {
            ask().await;
            pending::<()>().await;
        }));
        assert!(task.poll().is_pending());
        let own = |sight: &Sight| sight.parent == Some(around.id()) && sight.depth == 0;
        assert_eq!(around.survey().iter().filter(|sight| own(sight)).count(), 1, "{what}");
        around.cancel("the end of the test");
        to_its_end(&mut task);
    }
}

#[test]
fn it_is_one_scope_however_often_it_is_asked_for() {
    let (task, _around) = inside(async {
        let around = current();
        let first = lazily(async {
            let own = current();
            turn().await;
            assert_eq!(current().id(), own.id());
            assert!(own.is_inside(&around) && own.id() != around.id());
            own.id()
        });
        let first = first.await.unwrap();
        assert_eq!(current().id(), around.id(), "behind it the scope around is current");
        let second = lazily(async { current().id() }).await.unwrap();
        assert_ne!(first, second);
    });
    let mut task = task;
    assert!(task.poll().is_pending());
    task.finish().unwrap();
}

#[test]
fn a_child_ends_before_it_does() {
    let child = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&child);
    let (mut task, _around) = inside(lazily(async move {
        let seat = current().seat().expect("it takes children");
        *slot.lock().unwrap() = Some(seat.child(async {}, ()));
    }));
    assert!(task.poll().is_pending(), "its child has not ended");
    assert!(task.poll().is_pending(), "its child has not ended");
    drop(now(child.lock().unwrap().take().expect("it was spawned")));
    assert!(task.wakes() > 0, "the end of the last child wakes it");
    assert!(matches!(task.finish(), Ok(Ok(()))));
}

#[test]
fn a_cancellation_of_its_own_ends_it_alone() {
    let (task, around) = inside(async {
        let outcome = lazily(async {
            current().cancel("enough");
            pending::<()>().await;
        });
        outcome.await.unwrap_err().to_string()
    });
    let mut task = task;
    while task.wakes() == 0 {
        assert!(task.poll().is_pending(), "another poll comes before the drop");
    }
    assert_eq!(task.finish().unwrap(), "cancelled: enough");
    assert!(!around.is_cancelled());
}

#[test]
fn dropped_before_it_was_asked_for_it_leaves_what_its_drop_asks_for() {
    let journal = Journal::default();
    let (guard, told) = (journal.guard(), journal.clone());
    let (mut task, around) = inside(async move {
        let mut half = Box::pin(lazily(async move {
            let _guard = guard;
            pending::<()>().await;
        }));
        begin(&mut half).await;
        assert_eq!(nodes_inside(&current()), 0);
        drop(half);
        for _ in 0..8 {
            turn().await;
        }
        told.note("the scope around goes on");
    });
    to_its_end(&mut task);
    let expected = ["dropped", "cleaned up", "deferred in a drop", "the scope around goes on"];
    assert_eq!(journal.entries(), expected, "it was adopted, not left to the end of the scope around");
    assert_eq!(nodes_inside(&around), 0);
}

#[test]
fn dropped_unpolled_it_was_never_there() {
    let journal = Journal::default();
    let guard = journal.guard();
    let told = journal.clone();
    let (mut task, _around) = inside(async move {
        drop(lazily(async move { drop(guard) }));
        turn().await;
        turn().await;
        told.note("the end of the body");
    });
    to_its_end(&mut task);
    assert_eq!(journal.entries(), ["dropped", "cleaned up", "the end of the body", "deferred in a drop"]);
}

#[test]
fn dropped_outside_of_every_scope_its_body_is_dropped() {
    let dropped = Arc::new(());
    let held = Arc::clone(&dropped);
    let mut half = Box::pin(lazily(async move {
        pending::<()>().await;
        drop(held);
    }));
    polled_elsewhere(&mut half);
    drop(half);
    assert_eq!(Arc::strong_count(&dropped), 1);
}

/// Polls `future` once in a scope of its own, which ends.
fn polled_elsewhere<F: Future>(future: &mut Pin<Box<F>>) {
    let (task, _around) = inside(begin(future));
    task.finish().unwrap();
}

#[test]
fn it_is_made_where_it_is_polled_when_asked_for() {
    let mut moves = Box::pin(lazily(async {
        turn().await;
        current().id()
    }));
    polled_elsewhere(&mut moves);
    let (task, _around) = inside(async {
        let around = current();
        let made = poll_fn(|cx| {
            let polled = moves.as_mut().poll(cx);
            assert!(polled.is_ready());
            polled
        });
        assert_ne!(made.await.unwrap(), around.id());
    });
    task.finish().unwrap();
}

/// Whoever said where it would be polled may be wrong, and may be right.
#[test]
fn it_is_made_where_it_is_polled_whatever_was_expected() {
    let (mut task, _around) = inside(async {
        let here = current();
        for expected in [here.id(), 0, u64::MAX - 1] {
            let made = lazily(async { current() }).within(expected);
            let made = made.await.unwrap();
            assert_ne!(made.id(), here.id());
            assert!(!made.is_cancelled());
        }
        let inner = CancelScope::new().run(async {
            let own = current();
            let made = lazily(async {
                turn().await;
                (current().is_inside(&own), current().id())
            });
            (made.within(here.id()).await.unwrap(), own.id())
        });
        let ((is_inside, made), around) = inner.await.unwrap();
        assert!(is_inside && made != around);
    });
    assert!(task.poll().is_pending());
    task.finish().unwrap();
}

#[test]
fn it_moves_with_its_future() {
    for asks_first in [false, true] {
        let mut moves = Box::pin(lazily(async move {
            if asks_first {
                drop(current());
            }
            turn().await;
            let own = current();
            turn().await;
            assert_eq!(own.id(), current().id());
            own
        }));
        polled_elsewhere(&mut moves);
        let (mut task, around) = inside(async { moves.await.unwrap() });
        assert!(task.poll().is_pending());
        assert_eq!(nodes_inside(&around), 1, "it is inside of the scope in which it is polled");
        assert_eq!(around.survey()[0].parent, Some(around.id()));
        task.finish().unwrap();
    }
}

#[test]
fn moved_out_of_every_scope_it_is_made() {
    let mut moves = Box::pin(lazily(async {
        turn().await;
        assert!(ScopeHandle::current().is_some());
    }));
    polled_elsewhere(&mut moves);
    now(moves).unwrap();
}

#[test]
fn without_a_scope_around_it_is_a_scope() {
    let journal = Journal::default();
    let (told, deferred) = (journal.clone(), journal.clone());
    let body = async move {
        defer(async move { deferred.note("deferred") });
        told.note("body");
    };
    now(lazily(body)).unwrap();
    assert_eq!(journal.entries(), ["body", "deferred"]);
}

#[test]
fn a_scope_that_is_polled_inside_moves_in() {
    let (mut task, around) = inside(async {
        let mut moves = Box::pin(CancelScope::new().run(async {
            turn().await;
            turn().await;
            turn().await;
        }));
        begin(&mut moves).await;
        lazily(moves).await.unwrap().unwrap();
    });
    assert!(task.poll().is_pending());
    let depths: Vec<usize> = around.survey().iter().map(|sight| sight.depth).collect();
    assert_eq!(depths, [0, 1], "it was asked for by the scope that moved");
    to_its_end(&mut task);
}

#[test]
fn inside_another_the_outer_one_is_made_when_it_opens() {
    let (mut task, around) = inside(lazily(lazily(turn())));
    assert!(task.poll().is_pending());
    assert_eq!(nodes_inside(&around), 1);
    assert!(task.poll().is_ready());
    let (mut task, around) = inside(lazily(lazily(async {
        drop(current());
        turn().await;
    })));
    assert!(task.poll().is_pending());
    let depths: Vec<usize> = around.survey().iter().map(|sight| sight.depth).collect();
    assert_eq!(depths, [0, 1]);
    assert!(task.poll().is_ready());
}

#[test]
fn a_panic_goes_on_when_it_has_ended() {
    let journal = Journal::default();
    let deferred = journal.clone();
    let (mut task, _around) = inside(lazily(async move {
        defer(deferred.note_later("deferred"));
        panic!("a test's panic")
    }));
    let polls = (0..100).map(|_| catch_unwind(AssertUnwindSafe(|| task.poll().is_pending())));
    let payload = polls.filter_map(Result::err).next().expect("the panic comes out");
    assert_eq!(payload.downcast_ref(), Some(&"a test's panic"));
    assert_eq!(journal.entries(), ["deferred"]);
}

/// A task that has used up its units opens nothing.
#[test]
fn a_loop_of_bodies_that_ask_yields() {
    let (mut task, _around) = inside(async {
        for _ in 0..1000 {
            lazily(async { drop(current()) }).await.unwrap();
        }
    });
    let mut polls = 1;
    while task.poll().is_pending() {
        polls += 1;
    }
    assert!(polls > 4, "{polls} polls");
}
