//! Where it is made, and where it goes when its future is polled elsewhere.

use super::{Journal, begin, current, inside, nodes_inside, polled_elsewhere, to_its_end, turn};
use crate::scope::{CancelScope, ScopeHandle, defer, lazily};
use crate::tests::now;
use core::future::poll_fn;

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
