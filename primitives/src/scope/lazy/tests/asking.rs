//! What asks for the scope and so makes it, and what does not.

use super::{begin, current, inside, nodes_inside, to_its_end, turn};
use crate::scope::{
    CancelScope, Gate, Origin, Sight, cancelled, catch_cancel, clean_up, defer, join_all, lazily, shield,
    stopping,
};
use core::future::{pending, poll_fn};
use core::pin::Pin;

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
