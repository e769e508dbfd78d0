//! Which waker is woken.

use super::{poll_once, race};
use crate::loom::{Bounds, block_on, thread};
use crate::scope::CancelScope;
use core::future::pending;
use core::pin::pin;

#[test]
fn a_waker_replaced_races_cancel() {
    race(Bounds::EXHAUSTIVE, || {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut scope = pin!(scope.run(pending::<()>()));
        assert!(poll_once(scope.as_mut()).is_pending());
        let canceller = thread::spawn(move || handle.cancel("stop"));
        assert!(block_on(scope).is_err(), "the last waker is woken");
        canceller.join().unwrap();
    });
}

#[test]
fn a_waker_replaced_races_the_delivery_to_an_outer_scope() {
    race(Bounds::preemptions(3), || {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let mut scope = pin!(scope.run(async {
            let _ = CancelScope::new().run(pending::<()>()).await;
        }));
        assert!(poll_once(scope.as_mut()).is_pending());
        let canceller = thread::spawn(move || handle.cancel("stop"));
        assert!(block_on(scope).is_err(), "the last waker is woken");
        canceller.join().unwrap();
    });
}
