//! Scopes with child tasks: what a task group is made of. The crate above spawns.

use super::frame::{Ended, Frame, Observe, Plan};
use super::handle::ScopeHandle;
use super::node::Node;
use super::tree;
use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

pin_project! {
    /// A scope whose end is told in full, with an observer that hears of it first.
    #[must_use = "futures do nothing unless polled"]
    pub struct Host<F: Future, O: Observe<F::Output>> {
        #[pin]
        frame: Frame<F, O>,
    }
}

impl<F: Future, O: Observe<F::Output>> Host<F, O> {
    /// A scope around the body that `make` returns, together with its observer; it is given the
    /// scope's handle.
    pub fn new(make: impl FnOnce(ScopeHandle) -> (F, O)) -> Self {
        let node = tree::lock().fresh(Plan::Scope.link(), false);
        let (body, observer) = make(ScopeHandle { node: node.clone() });
        Self { frame: Frame::with_node(body, node, Plan::Scope, observer) }
    }
}

impl<F: Future, O: Observe<F::Output>> Future for Host<F, O> {
    type Output = Ended<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().frame.poll_end(cx)
    }
}

impl<F: Future, O: Observe<F::Output>> fmt::Debug for Host<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

pin_project! {
    /// A child task: a future to be spawned, whose node is in the tree already.
    ///
    /// However it ends, dropped unpolled included, its parent's count is exact.
    #[must_use = "a child that is not spawned is dropped"]
    pub struct Child<F: Future, O: Observe<F::Output>> {
        #[pin]
        frame: Frame<F, O>,
    }
}

impl<F: Future, O: Observe<F::Output>> Future for Child<F, O> {
    type Output = Ended<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().frame.poll_end(cx)
    }
}

impl<F: Future, O: Observe<F::Output>> fmt::Debug for Child<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").finish_non_exhaustive()
    }
}

/// A place among the children of a scope, made before there is a future for it.
#[derive(Debug)]
pub struct Seat {
    /// `None` once a child took it.
    node: Option<Node>,
}

impl Seat {
    /// A handle to this child alone.
    ///
    /// # Panics
    ///
    /// Never: the seat has its node until a child takes it.
    #[must_use]
    pub fn handle(&self) -> ScopeHandle {
        let node = self.node.clone();
        ScopeHandle { node: node.expect("a seat has its node until a child takes it") }
    }

    /// Gives the seat to a child. The observer hears how the body ended before the parent does.
    pub fn child<F: Future, O: Observe<F::Output>>(mut self, body: F, observer: O) -> Child<F, O> {
        let frame = match self.node.take() {
            Some(node) => Frame::with_node(body, node, Plan::Task, observer),
            None => Frame::new(body, Plan::Task, observer),
        };
        Child { frame }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            tree::change(|tree, effects| tree.end_node(node, effects));
        }
    }
}

/// A place kept in a scope for a child that is still starting elsewhere: the scope stays open.
#[derive(Debug)]
pub struct Reservation {
    /// `None` once used.
    node: Option<Node>,
}

impl Reservation {
    /// Moves a running child here, in one step: it is cancelled with this scope from now on.
    ///
    /// A child that has ended meanwhile is left alone.
    pub fn take(mut self, child: &ScopeHandle) {
        let Some(node) = self.node.take() else { return };
        tree::change(|tree, effects| tree.move_task(&child.node, &node, effects));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            tree::change(|tree, effects| tree.release_task(node.index, effects));
        }
    }
}

impl ScopeHandle {
    /// A seat for a child task, unless the scope takes none any more: it has not begun, its first
    /// finalizer has, or it has ended.
    ///
    /// Those who look at the tree are told that it was spawned at the place of this call.
    #[must_use]
    #[track_caller]
    pub fn seat(&self) -> Option<Seat> {
        self.seat_at(Location::caller())
    }

    /// Like [`seat`](Self::seat), for a child that was spawned at `place`.
    #[must_use]
    pub fn seat_at(&self, place: &'static Location<'static>) -> Option<Seat> {
        let node = tree::lock().attach_task(&self.node, place)?;
        Some(Seat { node: Some(node) })
    }

    /// Keeps a place for a child that starts elsewhere, unless the scope takes none any more.
    #[must_use]
    pub fn reserve(&self) -> Option<Reservation> {
        let open = tree::lock().reserve_task(&self.node);
        open.then(|| Reservation { node: Some(self.node.clone()) })
    }

    /// Whether the scope takes children.
    #[must_use]
    pub fn is_open(&self) -> bool {
        tree::lock().takes_tasks(self.node.index)
    }

    /// The number of child tasks that have not ended.
    #[must_use]
    pub fn child_count(&self) -> usize {
        tree::lock().task_count(&self.node)
    }
}
