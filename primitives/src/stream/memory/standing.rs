//! The wait of a receiving end that is polled as a stream.
//!
//! It outlives the `next` that began it, and nobody hears of the drop of that one. Whoever receives through
//! a reference to the end while it stands there is the only one who still can: polling the end as a stream
//! takes a `&mut`. So its place in line goes to them, with the item that it may have been called for.

use super::receiving::poll_recv;
use super::state::End;
use super::turn::Turn;
use super::{RecvError, Shared};
use crate::loom::Mutex;
use crate::loom::atomic::{AtomicBool, Ordering};
use crate::waiting::Key;
use core::task::{Context, Poll};

/// What the stream waits for.
#[derive(Debug, Default)]
pub(super) struct Standing {
    turn: Mutex<Turn>,
    /// Whether `turn` may have a place. ORDERING: written through `&mut`, or by those who read it as true
    /// and then lock; a stale `true` finds no place.
    waits: AtomicBool,
}

impl Standing {
    #[inline]
    pub(super) fn poll<T>(
        &mut self,
        shared: &Shared<T>,
        end: &End,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, RecvError>> {
        // A waker of somebody else's that panics in this poll leaves it so.
        self.waits.store(true, Ordering::Relaxed);
        let received = poll_recv(shared, end, self.turn.value_mut(), cx);
        self.waits.store(received.is_pending(), Ordering::Relaxed);
        received
    }

    /// Lets a new await go on in the place of this wait, if it has one.
    pub(super) fn hand_over<T>(&self, shared: &Shared<T>, to: &mut Turn, begun: bool) {
        if to.is_new()
            && !crate::loom::fault("stream_stands_in_its_own_way")
            && let Some(key) = self.take(shared)
        {
            to.take_over(key, begun);
        }
    }

    /// What was refused is not handed on: the stream may have been reopened since.
    fn take<T>(&self, shared: &Shared<T>) -> Option<Key> {
        if !self.waits.load(Ordering::Relaxed) {
            return None;
        }
        self.waits.store(false, Ordering::Relaxed);
        let key = self.turn.lock().stop()?;
        if shared.lock().stands(key) {
            return Some(key);
        }
        shared.forsake_receiver(key);
        None
    }

    /// Gives up the place, if it has one.
    pub(super) fn forsake<T>(&self, shared: &Shared<T>) {
        if let Some(key) = self.take(shared) {
            shared.forsake_receiver(key);
        }
    }
}
