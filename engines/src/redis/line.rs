//! The connection of a store: made when it is needed, made anew when it is lost, and never in haste.

use super::failure::Failure;
use super::keys::FREED;
use super::waiting::Waiting;
use arbour_supervisor::backoff::Backoff;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync;
use tokio::time::{Instant, sleep_until, timeout_at};

/// The times of a connection, all of which follow from the time to live of its leases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Within this a request is answered or has failed, with the time that a connection takes.
    pub(super) answer: Duration,
    /// Within this a connection is made or has failed.
    connect: Duration,
    /// A connection that has not answered for so long is given up by who asks next. It is shorter than the sixth of
    /// the time to live within which [`Leases`](crate::Leases) waits for an answer, so that its second request goes
    /// through another connection.
    silence: Duration,
    /// From the beginning of one attempt to that of the next, at least; as much by chance comes on top, and more
    /// after each failure.
    apart: Duration,
}

impl Times {
    pub(super) fn of(ttl: Duration) -> Self {
        let apart = (ttl / 60).max(Duration::from_millis(1));
        Self { answer: ttl / 3, connect: ttl / 6, silence: ttl / 8, apart }
    }

    /// From the beginning of one attempt to that of the next, after so many failures in a row.
    fn until_next(&self, failures: u32) -> Duration {
        let backoff = Backoff::new(self.apart, self.connect.max(self.apart)).unwrap_or_default();
        self.apart + backoff.delay(failures, RandomState::new().hash_one(()))
    }
}

/// Makes the connection of a store.
pub(super) struct Connector {
    client: Client,
    times: Times,
    waiting: Arc<Waiting>,
    /// Held while a connection is made: all who need it wait for one.
    state: sync::Mutex<State>,
    last_failure: Mutex<Option<RedisError>>,
}

#[derive(Default)]
struct State {
    line: Option<Line>,
    /// Attempts since the last connection that answered.
    failures: u32,
    /// When the next attempt may begin.
    next: Option<Instant>,
}

/// A connection on which releases are heard as well. Clones are the same one.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) connection: MultiplexedConnection,
    health: Arc<Health>,
}

struct Health {
    is_broken: AtomicBool,
    has_answered: AtomicBool,
    waiting: Arc<Waiting>,
}

impl Health {
    /// The next who asks makes a new one.
    fn spoil(&self) {
        self.is_broken.store(true, Ordering::Release);
        self.waiting.tell_all();
    }

    fn hear(&self, said: PushInfo) -> Result<(), ()> {
        if said.kind == PushKind::Disconnection {
            self.spoil();
        } else {
            self.waiting.hear(said);
        }
        Ok(())
    }
}

impl Connector {
    pub(super) fn new(client: Client, times: Times, waiting: Arc<Waiting>) -> Self {
        let (state, last_failure) = (sync::Mutex::default(), Mutex::default());
        Self { client, times, waiting, state, last_failure }
    }

    /// The connection, which is there or made before this instant.
    pub(super) async fn line(&self, by: Instant) -> Result<Line, Failure> {
        match timeout_at(by, self.connected()).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(Failure::NoConnection(Some(error))),
            Err(_) => Err(Failure::NoConnection(self.last_failure().clone())),
        }
    }

    async fn connected(&self) -> Result<Line, RedisError> {
        let mut state = self.state.lock().await;
        match state.line.take() {
            Some(line) if !line.health.is_broken.load(Ordering::Acquire) => {
                return Ok(state.line.insert(line).clone());
            }
            Some(lost) if lost.health.has_answered.load(Ordering::Relaxed) => state.failures = 0,
            _ => {}
        }
        if let Some(next) = state.next {
            sleep_until(next).await;
        }
        // Noted before the attempt, so that who gives it up is no faster than who sees it fail.
        state.next = Some(Instant::now() + self.times.until_next(state.failures));
        state.failures = state.failures.saturating_add(1);
        // Boxed, so that every request is not as large as a connection being made.
        let connected = Box::pin(self.connect()).await;
        *self.last_failure() = connected.as_ref().err().cloned();
        Ok(state.line.insert(connected?).clone())
    }

    async fn connect(&self) -> Result<Line, RedisError> {
        let waiting = Arc::clone(&self.waiting);
        let health = Arc::new(Health { is_broken: false.into(), has_answered: false.into(), waiting });
        let hears = Arc::clone(&health);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.times.connect))
            // Without this, what takes longer than half a second fails; requests have times of their own here.
            .set_response_timeout(None)
            .set_push_sender(move |said| hears.hear(said));
        let connecting = async {
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            connection.subscribe(FREED).await?;
            Ok(connection)
        };
        match tokio::time::timeout(self.times.connect, connecting).await {
            Ok(connected) => connected.map(|connection| Line { connection, health }),
            Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        }
    }

    fn last_failure(&self) -> std::sync::MutexGuard<'_, Option<RedisError>> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request on its way. Given up after a long silence, it gives up the connection.
pub(super) struct Asking<'a> {
    line: &'a Line,
    begun: Instant,
    silence: Duration,
}

impl<'a> Asking<'a> {
    pub(super) fn begin(line: &'a Line, times: &Times) -> Self {
        Self { line, begun: Instant::now(), silence: times.silence }
    }

    pub(super) fn answered<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
        self.silence = Duration::MAX;
        match &answer {
            Err(failure) if failure.spoils_the_connection() => self.line.health.spoil(),
            _ => self.line.health.has_answered.store(true, Ordering::Relaxed),
        }
        answer
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.begun.elapsed() >= self.silence {
            self.line.health.spoil();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_keep_their_distance_and_come_often_enough_for_a_lease_to_live() {
        for ttl in [Duration::from_millis(30), Duration::from_secs(15), Duration::from_secs(600)] {
            let times = Times::of(ttl);
            for failures in 0..100 {
                let until_next = times.until_next(failures);
                assert!(times.apart <= until_next && until_next <= ttl / 5, "{until_next:?} of {ttl:?}");
            }
        }
    }
}
