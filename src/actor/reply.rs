//! The reply to an ask: sent once, or dropped with a reason.

use super::error::AskError;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

type Answer<R> = oneshot::Sender<Result<R, AskError>>;

/// The way back to an asker, part of the message. It may be kept and answered later, or elsewhere.
///
/// Clones are one reply: the first answer counts. They let a message with a reply be redelivered.
pub struct Reply<R> {
    cell: Arc<Cell<R>>,
}

/// Dropped with the last reply and the envelope, it tells the asker why there is none.
struct Cell<R> {
    answer: Mutex<Option<Answer<R>>>,
    reason: AtomicU8,
}

const STOPPED: u8 = 0;
const CRASHED: u8 = 1;
const HANDLED: u8 = 2;

impl<R> Reply<R> {
    pub(super) fn new(answer: Answer<R>) -> Self {
        let answer = Mutex::new(Some(answer));
        Self { cell: Arc::new(Cell { answer, reason: AtomicU8::new(STOPPED) }) }
    }

    /// Answers. After the first answer, and when the asker has gone, it changes nothing.
    pub fn send(&self, value: R) {
        if let Some(answer) = self.cell.answer().take() {
            let _ = answer.send(Ok(value));
        }
    }

    /// Whether nobody waits for the reply any more.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.cell.answer().as_ref().is_none_or(Answer::is_closed)
    }
}

impl<R: Send + 'static> Reply<R> {
    pub(super) fn asker(&self) -> Arc<dyn Asker> {
        Arc::clone(&self.cell) as Arc<dyn Asker>
    }
}

/// What the actor's loop needs of an asker, without the type of the reply.
pub(super) trait Asker: Send + Sync {
    /// What has become of the message: the reason, if no reply comes.
    fn became(&self, what: Fate);

    /// Whether nobody waits for the reply any more.
    fn has_gone(&self) -> bool;
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not handled, or its handler was cancelled.
    Stopped,
    /// Its handler failed or panicked.
    Crashed,
    Handled,
}

impl<R: Send> Asker for Cell<R> {
    fn became(&self, what: Fate) {
        let reason = match what {
            Fate::Stopped => STOPPED,
            Fate::Crashed => CRASHED,
            Fate::Handled => HANDLED,
        };
        // ORDERING: read when the last reference is dropped, which orders all that came before.
        self.reason.store(reason, Ordering::Relaxed);
    }

    fn has_gone(&self) -> bool {
        self.answer().as_ref().is_none_or(Answer::is_closed)
    }
}

impl<R> Cell<R> {
    fn answer(&self) -> MutexGuard<'_, Option<Answer<R>>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Drop for Cell<R> {
    fn drop(&mut self) {
        let reason = match *self.reason.get_mut() {
            CRASHED => AskError::Crashed,
            HANDLED => AskError::NoReply,
            _ => AskError::Stopped,
        };
        if let Some(answer) = self.answer().take() {
            let _ = answer.send(Err(reason));
        }
    }
}

impl<R> Clone for Reply<R> {
    fn clone(&self) -> Self {
        Self { cell: Arc::clone(&self.cell) }
    }
}

impl<R> fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("abandoned", &self.is_abandoned()).finish()
    }
}
