//! Who may be in a handshake: so many at a time, and one that has had its fair time gives way to who waits.
//!
//! Without giving way, as many silent peers as there may be handshakes would keep everybody else out until
//! their time is up. A server that is asked to stop waits for none beyond its fair time, and for none that has not
//! had its turn: nothing has been asked of it there.
//!
//! **Invariants**, under the lock:
//!
//! 1. In `old` are handshakes that have had their fair time and have not been told to give way.
//! 2. At most as many are told to give way, and have not done so, as there are who wait.

use crate::Failure;
use crate::stopping;
use crate::sync::{CapacityLimiter, Token};
use arbour_transports::{Accepted, HandshakeError};
use futures::future::{Either, select};
use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Notify;

/// So long a handshake is left alone, whoever waits: peers that mean it need far less, round the world.
const FAIR: Duration = Duration::from_secs(2);

pub(super) struct Handshakes {
    turns: CapacityLimiter,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    old: VecDeque<Arc<Notify>>,
    giving_way: usize,
}

/// It was unfinished after its fair time, and others waited.
#[derive(Debug, Error)]
#[error("it was unfinished after {FAIR:?} and gave way to others, because as many as may be were unfinished")]
struct GaveWay;

/// It was unfinished when the server was asked to stop.
#[derive(Debug, Error)]
#[error("its handshake was unfinished when the server was asked to stop")]
pub(super) struct Unfinished;

/// Why a handshake is not waited for any longer.
enum Over {
    GaveWay,
    Unfinished,
}

impl Handshakes {
    pub(super) fn new(limit: usize) -> Self {
        Self { turns: CapacityLimiter::new(limit), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a stream of what was accepted, in its turn.
    pub(super) async fn establish<S: Send + 'static>(&self, accepted: Accepted<S>) -> Result<S, Failure> {
        if !accepted.needs_handshake() {
            return Ok(accepted.establish().await?);
        }
        // Before the turn, so that it is dropped after: who gave way counts until there is a turn for who waits.
        let mut patience = Patience { handshakes: self, told: Arc::default(), is_old: false };
        let Either::Left((_turn, _)) = select(pin!(self.turn()), pin!(stopping())).await else {
            return Err(Unfinished.into());
        };
        match select(pin!(accepted.establish()), pin!(patience.ends())).await {
            Either::Left((established, _)) => Ok(established?),
            Either::Right((Over::GaveWay, _)) => Err(HandshakeError::Failed(GaveWay.into()).into()),
            Either::Right((Over::Unfinished, _)) => Err(Unfinished.into()),
        }
    }

    async fn turn(&self) -> Token {
        let mut turn = pin!(self.turns.acquire());
        let at_once = std::future::poll_fn(|cx| Poll::Ready(turn.as_mut().poll(cx)));
        match at_once.await {
            Poll::Ready(token) => token,
            Poll::Pending => {
                self.relieve();
                turn.await
            }
        }
    }

    /// Tells the oldest to give way, one for each who waits.
    fn relieve(&self) {
        let waiting = self.turns.statistics().waiting;
        let mut state = self.state();
        while state.giving_way < waiting
            && let Some(oldest) = state.old.pop_front()
        {
            state.giving_way += 1;
            oldest.notify_one();
        }
    }
}

/// How long one handshake is waited for.
struct Patience<'a> {
    handshakes: &'a Handshakes,
    told: Arc<Notify>,
    /// It has had its fair time.
    is_old: bool,
}

impl Patience<'_> {
    /// Ready when the fair time is over and somebody waits, or the server is to stop.
    async fn ends(&mut self) -> Over {
        tokio::time::sleep(FAIR).await;
        self.is_old = true;
        self.handshakes.state().old.push_back(Arc::clone(&self.told));
        self.handshakes.relieve();
        match select(pin!(self.told.notified()), pin!(stopping())).await {
            Either::Left(_) => Over::GaveWay,
            Either::Right(_) => Over::Unfinished,
        }
    }
}

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        if !self.is_old {
            return;
        }
        let mut state = self.handshakes.state();
        match state.old.iter().position(|told| Arc::ptr_eq(told, &self.told)) {
            Some(at) => drop(state.old.remove(at)),
            None => state.giving_way -= 1,
        }
    }
}

impl fmt::Debug for Handshakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshakes").field("turns", &self.turns).finish_non_exhaustive()
    }
}
