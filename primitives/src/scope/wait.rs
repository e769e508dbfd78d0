//! Waiting for the gears of stopping: drain and cancel.

use super::current;
use super::gate::{self, Watch};
use super::handle::ScopeHandle;
use super::node::{CANCELLED, DRAIN, NUDGED, Node};
use super::tree;
use crate::standstill;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// Resolves when the current scope is cancelled. Without a current scope it never does.
///
/// # Cancel safety
///
/// Safe: dropping it loses nothing. It begins also in a cancelled scope, and takes one of the task's
/// units each time, so that a loop round it still yields.
pub fn cancelled() -> UntilCancelled {
    UntilCancelled { wait: Wait::new(CANCELLED, None) }
}

/// Resolves when the current scope, or one around it with no shield between, was asked to drain, or
/// is cancelled.
///
/// A worker that takes work off a queue waits for this beside the queue, stops taking, and finishes
/// what it has. Without a current scope it never resolves.
///
/// # Cancel safety
///
/// Safe: dropping it loses nothing.
pub fn stopping() -> UntilStopping {
    UntilStopping { wait: Wait::new(CANCELLED | DRAIN, None) }
}

/// Whether there is anything that a loop in the current scope, whose own it is, should look at: it was asked to drain, is
/// cancelled, or was [nudged](ScopeHandle::nudge).
#[doc(hidden)]
#[must_use]
#[inline]
pub fn is_called() -> bool {
    current::is_called(CANCELLED | DRAIN | NUDGED)
}

/// Whether somebody [nudged](ScopeHandle::nudge) the current scope since this was asked last.
#[doc(hidden)]
#[must_use]
#[inline]
pub fn take_nudge() -> bool {
    let nudged = current::with(|current| current.map(|(tag, _)| tag).filter(|tag| tag.has(NUDGED)));
    nudged.inspect(|tag| tag.clear(NUDGED)).is_some()
}

impl ScopeHandle {
    /// Has the scope's body polled once more, and whoever polls it [told](take_nudge) so.
    #[doc(hidden)]
    pub fn nudge(&self) {
        tree::change(|tree, effects| tree.nudge(&self.node, effects));
    }

    /// Resolves when this scope is cancelled, wherever it is awaited; never once it has ended
    /// uncancelled.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it loses nothing.
    pub fn cancelled(&self) -> UntilCancelled {
        UntilCancelled { wait: Wait::new(CANCELLED, Some(self.node.clone())) }
    }

    /// Resolves when this scope was asked to drain, or is cancelled, wherever it is awaited.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it loses nothing.
    pub fn stopping(&self) -> UntilStopping {
        UntilStopping { wait: Wait::new(CANCELLED | DRAIN, Some(self.node.clone())) }
    }
}

/// The future of [`cancelled`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct UntilCancelled {
    wait: Wait,
}

/// The future of [`stopping`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct UntilStopping {
    wait: Wait,
}

impl Future for UntilCancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.wait.poll(cx)
    }
}

impl Future for UntilStopping {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.wait.poll(cx)
    }
}

/// Waits until any of these bits is set in a node: the one given, or the current one.
#[derive(Debug)]
struct Wait {
    bits: u32,
    of: Option<Node>,
    begun: bool,
    watch: Watch,
}

impl Wait {
    const fn new(bits: u32, of: Option<Node>) -> Self {
        Self { bits, of, begun: false, watch: Watch::new() }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.begun {
            ready!(gate::poll_unit(cx));
            self.begun = true;
        }
        let Some(node) = self.of.clone().or_else(current::node) else {
            return standstill::tell(Poll::Pending, || self.wanted("no scope"));
        };
        if self.watch.register(node, cx) & self.bits == 0 {
            return standstill::tell(Poll::Pending, || self.wanted("a scope"));
        }
        self.watch.withdraw();
        self.begun = false;
        Poll::Ready(())
    }

    fn wanted(&self, of: &str) -> String {
        let what = if self.bits & DRAIN == 0 { "the cancellation" } else { "the drain or cancellation" };
        format!("{what} of {of}")
    }
}
