//! Models of the scopes: each is one race, driven through the types that are shipped.
//!
//! In an ordinary build each runs once with real threads. Under loom every interleaving within the
//! bound is explored; a hang is a deadlock that loom reports, and after each execution nothing may be
//! left: no node, no record, no waker.

mod adoption;
mod budget;
mod cancelling;
mod clean_up;
mod combining;
mod holds;
mod lazy;
mod moving;
mod tasks;
mod waking;

use super::tree;
use crate::loom::{Arc, Bounds, Mutex, model};
use core::future::poll_fn;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::task::Wake;

/// Explores `body`, and asserts after each execution that nothing of it is left.
fn race(bounds: Bounds, body: fn()) {
    model(bounds, move || {
        body();
        nothing_is_left();
    });
}

/// Under loom the tree belongs to one execution; in an ordinary build other tests run beside.
fn nothing_is_left() {
    let tree = tree::lock();
    tree.audit();
    if cfg!(arbour_loom) {
        assert_eq!(tree.living(), 0, "a node was left");
        assert_eq!(tree.records_in_use(), 0, "a tombstone was left");
        assert_eq!(tree.registered_wakers(), 0, "a waker was left");
    }
}

/// Something that happens once, on another thread.
#[derive(Clone, Default)]
struct Signal(Arc<Mutex<(bool, Option<Waker>)>>);

impl Signal {
    fn fire(&self) {
        let waker = {
            let mut state = self.0.lock();
            state.0 = true;
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    async fn wait(self) {
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if state.0 {
                return Poll::Ready(());
            }
            let _old = state.1.replace(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A count that is no part of the race: loom does not branch on it.
#[derive(Clone, Default)]
struct Tally(std::sync::Arc<AtomicUsize>);

impl Tally {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Polls once, with a waker that wakes nobody.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls both until both are done.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    futures::future::join(a, b).await
}

/// Runs the futures as branches of one task, each polled only when it was itself woken.
///
/// This is what `FuturesUnordered` does; its own atomics order nothing in loom's eyes.
async fn branches<'a>(futures: impl IntoIterator<Item = Pin<Box<dyn Future<Output = ()> + Send + 'a>>>) {
    let mut left: Vec<_> = futures.into_iter().map(|future| (future, Bell::rung())).collect();
    poll_fn(|cx| {
        left.retain_mut(|(future, bell)| {
            !bell.answer(cx.waker())
                || future.as_mut().poll(&mut Context::from_waker(&bell.clone().into())).is_pending()
        });
        if left.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// The waker of one branch.
struct Bell(Mutex<(bool, Option<Waker>)>);

impl Bell {
    fn rung() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self(Mutex::new((true, None))))
    }

    /// Whether it rang since it was last asked; from now on it also wakes `task`.
    fn answer(&self, task: &Waker) -> bool {
        let mut state = self.0.lock();
        let _old = state.1.replace(task.clone());
        core::mem::take(&mut state.0)
    }
}

impl Wake for Bell {
    fn wake(self: std::sync::Arc<Self>) {
        let task = {
            let mut state = self.0.lock();
            state.0 = true;
            state.1.clone()
        };
        task.into_iter().for_each(Waker::wake);
    }
}

/// Polls `future` once inside the current scope and hands it on, to be polled or dropped elsewhere.
async fn begin<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending(), "what is handed on has only begun");
        Poll::Ready(())
    })
    .await;
    future
}
