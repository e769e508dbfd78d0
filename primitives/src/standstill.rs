//! What a pending await waits for, told to whoever asks.
//!
//! Nobody asks while a program runs: an await of ours that is pending reads one flag of its thread.
//! A simulation that has come to a standstill polls each task once more with [`inspect`] around it, and
//! each await of ours inside says in a few words what it waits for.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;

std::thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Hands `poll` on; one that is pending tells what it waits for, if somebody asks.
#[inline]
pub fn tell<T>(poll: Poll<T>, what: impl FnOnce() -> String) -> Poll<T> {
    if poll.is_pending() && is_asked() {
        note(what());
    }
    poll
}

/// Awaits `future`, a foreign one; while it is pending it tells what it waits for.
pub async fn telling<F: Future + Unpin>(mut future: F, what: impl Fn() -> String) -> F::Output {
    poll_fn(|cx| tell(Pin::new(&mut future).poll(cx), &what)).await
}

/// Whether somebody asks: then what was not woken is polled too, so that it can tell.
#[inline]
pub(crate) fn is_asked() -> bool {
    ASKED.try_with(Cell::get).unwrap_or(false)
}

#[cold]
fn note(what: String) {
    let _ = TOLD.try_with(|told| told.borrow_mut().push(what));
}

/// Runs `poll` and returns what the awaits inside told, in their order.
pub fn inspect<R>(poll: impl FnOnce() -> R) -> (R, Vec<String>) {
    let _asking = Asking::begin();
    let result = poll();
    (result, TOLD.take())
}

/// Asks until it is dropped, also by a panic.
struct Asking;

impl Asking {
    fn begin() -> Self {
        ASKED.set(true);
        Self
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ASKED.set(false);
    }
}

#[cfg(all(test, not(arbour_loom)))]
mod tests {
    use super::*;
    use crate::stream::memory_stream;
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Waker};

    #[test]
    fn a_pending_await_tells_only_whoever_asks() {
        let (_tx, rx) = memory_stream::<u8>(3);
        let mut receiving = pin!(rx.recv());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(receiving.as_mut().poll(&mut cx).is_pending());
        let (polled, told) = inspect(|| receiving.as_mut().poll(&mut cx));
        assert!(polled.is_pending());
        assert_eq!(told, ["an item of a memory stream of u8 (capacity 3, 0 queued, 1 sender, 1 receiver)"]);
        let (_, told) = inspect(|| ());
        assert!(told.is_empty(), "{told:?}");
    }

    #[test]
    fn what_is_ready_waits_for_nothing() {
        let (tx, rx) = memory_stream::<u8>(3);
        tx.try_send(1).unwrap();
        let mut receiving = pin!(rx.recv());
        let mut cx = Context::from_waker(Waker::noop());
        let (polled, told) = inspect(|| receiving.as_mut().poll(&mut cx));
        assert!(polled.is_ready());
        assert!(told.is_empty(), "{told:?}");
    }
}
