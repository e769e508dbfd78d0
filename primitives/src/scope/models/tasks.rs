//! Child tasks: made, begun, ended and moved, against the cancellation and the end of their scope.

use super::{begin, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::task::Host;
use crate::scope::{CancelScope, Ended, ScopeHandle};
use core::future::pending;

/// A scope with children whose body is `body`, given its handle.
fn host<F: Future>(body: impl FnOnce(ScopeHandle) -> F) -> Host<F, ()>
where
    (): crate::scope::Observe<F::Output>,
{
    Host::new(|handle| (body(handle), ()))
}

#[test]
fn cancel_races_child_creation() {
    race(Bounds::preemptions(3), || {
        let (mut canceller, mut spawner) = (None, None);
        let outcome = block_on(host(|handle| {
            let (canceller, spawner) = (&mut canceller, &mut spawner);
            async move {
                let stop = handle.clone();
                *canceller = Some(thread::spawn(move || stop.cancel("stop")));
                // Were the child not cancelled, it would never end.
                *spawner = Some(thread::spawn(move || {
                    handle.seat().map(|seat| block_on(seat.child(pending::<()>(), ())))
                }));
                pending::<()>().await;
            }
        }));
        canceller.expect("the body ran").join().unwrap();
        let child = spawner.expect("the body ran").join().unwrap();
        assert!(matches!(outcome, Ended::Cancelled(_)));
        assert!(matches!(child, None | Some(Ended::Cancelled(_))));
    });
}

#[test]
fn cancel_races_the_first_poll_of_a_child() {
    race(Bounds::EXHAUSTIVE, || {
        let mut canceller = None;
        block_on(CancelScope::new().run(async {
            let handle = ScopeHandle::current().expect("a body has a current scope");
            let seat = handle.seat().expect("a scope that runs takes children");
            let stop = seat.handle();
            canceller = Some(thread::spawn(move || stop.cancel("stop")));
            assert!(matches!(seat.child(pending::<()>(), ()).await, Ended::Cancelled(_)));
        }))
        .unwrap();
        canceller.expect("the body ran").join().unwrap();
    });
}

#[test]
fn child_end_races_the_end_of_the_body() {
    race(Bounds::EXHAUSTIVE, || {
        let mut child = None;
        let outcome = block_on(CancelScope::new().run(async {
            let handle = ScopeHandle::current().expect("a body has a current scope");
            let seat = handle.seat().expect("a scope that runs takes children");
            child = Some(thread::spawn(move || block_on(seat.child(async { 7 }, ()))));
        }));
        assert!(outcome.is_ok());
        assert!(matches!(child.expect("the body ran").join().unwrap(), Ended::Value(7)));
    });
}

#[test]
fn child_end_races_cancel() {
    race(Bounds::EXHAUSTIVE, || {
        let mut child = None;
        let scope = CancelScope::new();
        let handle = scope.handle();
        let outcome = block_on(scope.run(async {
            let seat = handle.seat().expect("a scope that runs takes children");
            child = Some(thread::spawn(move || block_on(seat.child(async { 7 }, ()))));
            handle.cancel("stop");
            pending::<()>().await;
        }));
        assert_eq!(outcome.unwrap_err().cause, "stop".into());
        assert!(matches!(child.expect("the body ran").join().unwrap(), Ended::Value(7)));
        assert_eq!(handle.child_count(), 0);
    });
}

#[test]
fn a_seat_given_up_races_the_end_of_the_body() {
    race(Bounds::EXHAUSTIVE, || {
        let mut dropper = None;
        let outcome = block_on(CancelScope::new().run(async {
            let handle = ScopeHandle::current().expect("a body has a current scope");
            let seat = handle.seat().expect("a scope that runs takes children");
            let child = seat.child(pending::<()>(), ());
            dropper = Some(thread::spawn(move || drop(child)));
        }));
        dropper.expect("the body ran").join().unwrap();
        assert!(outcome.is_ok(), "a child that is dropped unpolled is counted off");
    });
}

#[test]
fn a_reservation_taken_races_cancel_of_its_scope() {
    race(Bounds::preemptions(3), || start(|to, _| to));
}

#[test]
fn a_reservation_taken_races_cancel_of_the_starting_scope() {
    race(Bounds::preemptions(3), || start(|_, from| from));
}

/// Starts a child in one scope and takes it over into another, while this thread cancels the one
/// that `choose` names. Both are cancelled in the end, so that everything ends; were the child in
/// neither, or counted twice, something would not.
fn start(choose: fn(ScopeHandle, ScopeHandle) -> ScopeHandle) {
    let (to, from) = (CancelScope::new(), CancelScope::new());
    let (scope, starting) = (to.handle(), from.handle());
    let mut taker = None;
    let (_, _, child) = block_on(async {
        let to = begin(to.run(pending::<()>())).await;
        let from = begin(from.run(pending::<()>())).await;
        let reservation = scope.reserve().expect("a scope that runs takes children");
        let seat = starting.seat().expect("a scope that runs takes children");
        let started = seat.handle();
        let chosen = choose(scope.clone(), starting.clone());
        taker = Some(thread::spawn(move || {
            reservation.take(&started);
            scope.cancel("over");
            starting.cancel("over");
        }));
        chosen.cancel("chosen");
        futures::future::join3(to, from, seat.child(pending::<()>(), ())).await
    });
    taker.expect("the body ran").join().unwrap();
    assert!(matches!(child, Ended::Cancelled(_)));
}
