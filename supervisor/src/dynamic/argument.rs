//! What the children of a dynamic supervisor are made by, and the argument of one of them.
//!
//! The argument lies in a cell that the child's slot and the call that brings it share: the call takes it back when no
//! slot was made, and a temporary child takes it along.

use crate::child::{ChildContext, ChildSpec};
use crate::failure::Failure;
use arbour_primitives::scope::BoxFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Make<A> = dyn Fn(ChildContext, A) -> BoxFuture<Result<(), Failure>> + Send + Sync;

/// The function that makes children, replaced as a whole.
pub(super) struct Template<A> {
    make: Mutex<Arc<Make<A>>>,
}

impl<A> Template<A> {
    pub(super) fn new<F, Fut, E>(start: F) -> Self
    where
        F: Fn(ChildContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure>,
    {
        let make = move |cx: ChildContext, argument: A| -> BoxFuture<Result<(), Failure>> {
            let child = start(cx, argument);
            Box::pin(async move { child.await.map_err(Into::into) })
        };
        Self { make: Mutex::new(Arc::new(make)) }
    }

    fn current(&self) -> Arc<Make<A>> {
        Arc::clone(&lock(&self.make))
    }

    /// Children that are there keep the function that made them.
    pub(super) fn replace(&self, other: &Self) {
        let make = other.current();
        // Dropped after the lock: what the old function owns is the user's.
        let _old = std::mem::replace(&mut *lock(&self.make), make);
    }

    /// One child with this argument.
    pub(super) fn child(&self, argument: &Argument<A>) -> ChildSpec
    where
        A: Clone + Send + 'static,
    {
        let (make, argument) = (self.current(), argument.clone());
        ChildSpec::new("", move |cx: ChildContext| {
            let given = if cx.is_last { argument.take() } else { argument.copy() };
            let child = given.map(|argument| make(cx, argument));
            async move {
                match child {
                    Some(child) => child.await,
                    None => Err(Failure::message("the only argument of a temporary child was used before")),
                }
            }
        })
    }
}

/// The argument of one child, until it is taken.
pub(super) struct Argument<A> {
    cell: Arc<Mutex<Option<A>>>,
}

impl<A> Argument<A> {
    pub(super) fn new(argument: A) -> Self {
        Self { cell: Arc::new(Mutex::new(Some(argument))) }
    }

    pub(super) fn take(&self) -> Option<A> {
        lock(&self.cell).take()
    }

    fn copy(&self) -> Option<A>
    where
        A: Clone,
    {
        lock(&self.cell).clone()
    }
}

impl<A> Clone for Argument<A> {
    fn clone(&self) -> Self {
        Self { cell: Arc::clone(&self.cell) }
    }
}

/// A clone of the user's that panics leaves the argument as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
