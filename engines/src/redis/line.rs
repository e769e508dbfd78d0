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
    /// A connection that has not answered for so long, to one who asks or to several in turn, is given up. It is
    /// shorter than the sixth of the time to live within which [`Leases`](crate::Leases) waits for an answer, so that its
    /// second request goes through another connection.
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

    /// Up to the distance of two attempts: so far apart ask those who wait for the same time.
    pub(super) fn apart_by_chance(&self) -> Duration {
        self.apart.mul_f64(f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX))
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
    silence: Mutex<Silence>,
    waiting: Arc<Waiting>,
}

/// For how long nothing has come back, counted while somebody waits for it.
#[derive(Default)]
struct Silence {
    lasted: Duration,
    /// Until when it was counted.
    until: Option<Instant>,
}

impl Health {
    fn new(waiting: Arc<Waiting>) -> Self {
        let (is_broken, has_answered) = (false.into(), false.into());
        Self { is_broken, has_answered, silence: Mutex::default(), waiting }
    }

    /// The next who asks makes a new one.
    fn spoil(&self) {
        // Who waits by the second time does so on another connection.
        if !self.is_broken.swap(true, Ordering::AcqRel) {
            self.waiting.tell_all();
        }
    }

    /// Something has come back.
    fn has_spoken(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
        *self.silence() = Silence { lasted: Duration::ZERO, until: Some(Instant::now()) };
    }

    /// Somebody has asked then, and goes without an answer. How long it has been silent with that.
    fn was_silent_since(&self, begun: Instant) -> Duration {
        let (mut silence, now) = (self.silence(), Instant::now());
        let from = silence.until.map_or(begun, |until| until.max(begun));
        silence.lasted += now.saturating_duration_since(from);
        silence.until = Some(now);
        silence.lasted
    }

    fn silence(&self) -> std::sync::MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
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
        let health = Arc::new(Health::new(waiting));
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

/// A request on its way. Given up at the end of a long silence, it gives up the connection.
pub(super) struct Asking<'a> {
    line: &'a Line,
    begun: Instant,
    silence: Duration,
    is_answered: bool,
}

impl<'a> Asking<'a> {
    pub(super) fn begin(line: &'a Line, times: &Times) -> Self {
        Self { line, begun: Instant::now(), silence: times.silence, is_answered: false }
    }

    pub(super) fn answered<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
        self.is_answered = true;
        match &answer {
            Err(failure) if failure.spoils_the_connection() => self.line.health.spoil(),
            _ => self.line.health.has_spoken(),
        }
        answer
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if !self.is_answered && self.line.health.was_silent_since(self.begun) >= self.silence {
            self.line.health.spoil();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[arbour::test]
    async fn who_waits_is_told_once_of_a_line_that_many_requests_find_broken() {
        let (waiting, name) = (Arc::<Waiting>::default(), crate::LeaseName::new("oak").unwrap());
        let health = Health::new(Arc::clone(&waiting));
        let mut first = waiting.join(&name);
        health.spoil();
        first.told().await;
        let mut next = waiting.join(&name);
        (0..50).for_each(|_| health.spoil());
        let told = tokio::time::timeout(Duration::from_secs(1), next.told()).await;
        assert!(told.is_err(), "the next waits on another line");
    }

    #[arbour::test]
    async fn silence_is_counted_over_all_who_ask_in_turn_and_ends_with_an_answer() {
        let (health, second) = (Health::new(<_>::default()), Duration::from_secs(1));
        for asked in 1..=3 {
            let begun = Instant::now();
            tokio::time::sleep(second).await;
            assert_eq!(health.was_silent_since(begun), second * asked);
            assert_eq!(health.was_silent_since(begun), second * asked, "of two at once it counts once");
            tokio::time::sleep(second * 60).await;
        }
        health.has_spoken();
        let begun = Instant::now();
        tokio::time::sleep(second).await;
        assert_eq!(health.was_silent_since(begun), second);
    }

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
