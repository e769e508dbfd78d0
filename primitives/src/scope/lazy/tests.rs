//! What a lazily made scope shows, when and where it is made, and how it ends.

mod asking;
mod beside;
mod ending;
mod moving;

use crate::scope::{CancelScope, Cancelled, ScopeHandle, clean_up, defer};
use crate::tests::Task;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
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

/// Polls `future` once in a scope of its own, which ends.
fn polled_elsewhere<F: Future>(future: &mut Pin<Box<F>>) {
    let (task, _around) = inside(begin(future));
    task.finish().unwrap();
}
