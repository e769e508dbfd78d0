//! What it shows, beside what a scope shows that is made at once.

use super::{Journal, begin, current, inside, turn};
use crate::scope::{
    CancelScope, Cancelled, cancelled, catch_cancel, clean_up, defer, join_all, lazily, shield,
};
use crate::tests::Task;
use core::future::{pending, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

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
