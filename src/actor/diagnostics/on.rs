//! The one graph of the process, and the clocks of handlers.

use super::graph::Graph;
use crate::actor::error::Circle;
use crate::actor::own;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

static GRAPH: LazyLock<Mutex<Graph>> = LazyLock::new(Mutex::default);

/// In milliseconds.
static SLOW: AtomicU64 = AtomicU64::new(1_000);
static DEEP: AtomicUsize = AtomicUsize::new(1_000);

/// Has handlers reported that take longer than this, in the whole process. Default: a second.
///
/// Each is reported once, while it still runs, with the actor, the message and its number. It is heard by handlers that
/// begin from now on.
pub fn report_slow_handlers_after(time: Duration) {
    SLOW.store(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Has mailboxes reported in which so many messages are queued, in the whole process. Default: 1,000.
///
/// It is looked at whenever a message is taken; a mailbox is reported again only after it has held less than half.
pub fn report_deep_mailboxes_at(messages: usize) {
    DEEP.store(messages, Ordering::Relaxed);
}

fn graph() -> MutexGuard<'static, Graph> {
    GRAPH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the code of an actor runs here, whose waits are watched.
pub(in crate::actor) fn is_watched() -> bool {
    own::polled() != 0
}

pub(in crate::actor) fn know(slot: usize, name: &Arc<str>) {
    graph().know(slot, Arc::clone(name));
}

pub(in crate::actor) fn forget(slot: usize) {
    graph().forget(slot);
}

/// That an actor waits for another, as long as this lives.
pub(in crate::actor) struct Waiting {
    /// Nobody's wait is watched outside of actors.
    edge: Option<(usize, usize)>,
}

/// The actor whose code runs here, if any, is about to wait for this one. It may be over before it is told, which
/// `still` knows.
pub(in crate::actor) fn begin_to_wait(
    slot: usize,
    still: impl Fn() -> bool + Send + 'static,
) -> Result<Waiting, Circle> {
    let who = own::polled();
    if who == 0 {
        return Ok(Waiting::of_nobody());
    }
    graph().begin(who, slot, Box::new(still)).map_err(Circle::new)?;
    Ok(Waiting { edge: Some((who, slot)) })
}

impl Waiting {
    /// A wait that holds up no actor.
    pub(in crate::actor) fn of_nobody() -> Self {
        Self { edge: None }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((who, whom)) = self.edge {
            graph().end(who, whom);
        }
    }
}

/// Where a wait for a reply is kept until there is one, or the message was handled without: whoever keeps a reply may
/// give it from anywhere, and is not waited for by its actor's loop.
pub(in crate::actor) struct Held {
    waiting: Mutex<Option<Waiting>>,
}

impl Held {
    pub(in crate::actor) fn new(waiting: Waiting) -> Self {
        Self { waiting: Mutex::new(Some(waiting)) }
    }

    pub(in crate::actor) fn let_go(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(waiting);
    }
}

/// Reports a handler that takes its time, once.
pub(in crate::actor) struct Patience {
    actor: Arc<str>,
    kind: &'static str,
    sequence: u64,
    began: Instant,
    state: State,
}

enum State {
    New,
    Waiting(Pin<Box<Sleep>>),
    Over,
}

impl Patience {
    pub(in crate::actor) fn new(actor: &Arc<str>, kind: &'static str, sequence: u64) -> Self {
        Self { actor: Arc::clone(actor), kind, sequence, began: Instant::now(), state: State::New }
    }

    /// Called whenever the handler waits.
    pub(in crate::actor) fn poll(&mut self, cx: &mut Context<'_>) {
        if matches!(self.state, State::New) {
            let time = Duration::from_millis(SLOW.load(Ordering::Relaxed));
            self.state = State::Waiting(Box::pin(sleep(time)));
        }
        if let State::Waiting(sleep) = &mut self.state
            && sleep.as_mut().poll(cx).is_ready()
        {
            self.state = State::Over;
            tracing::warn!(
                actor = &*self.actor,
                message = self.kind,
                sequence = self.sequence,
                running = ?self.began.elapsed(),
                "the handler of a message takes long: the messages behind it wait"
            );
        }
    }
}

/// Reports a mailbox in which too much is queued, once per flood.
pub(in crate::actor) struct Depth {
    told: bool,
}

impl Depth {
    pub(in crate::actor) fn new() -> Self {
        Self { told: false }
    }

    pub(in crate::actor) fn look(&mut self, actor: &str, queued: impl FnOnce() -> usize) {
        let (deep, queued) = (DEEP.load(Ordering::Relaxed), queued());
        if queued >= deep && !self.told {
            self.told = true;
            tracing::warn!(actor, queued, "the mailbox of an actor is deep: it handles less than it is sent");
        } else if queued < deep / 2 {
            self.told = false;
        }
    }
}
