//! The store of several machines: a Redis that all of them reach.

mod failure;
mod keys;
mod line;
mod reply;
mod waiting;

use crate::begin::begin;
use crate::clock::Clock;
use crate::store::{
    Acquired, Extended, Fence, Fenced, Holding, LeaseName, LeaseStore, Operation, Released, StoreError,
    Token, Written,
};
use failure::Failure;
use keys::{FREED, LEASE, LEASES, Scripts};
use line::{Asking, Connector, Times};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{Client, IntoConnectionInfo, ProtocolVersion, RedisResult, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use waiting::Waiting;

/// The [`LeaseStore`] of several machines: Redis 7, one primary. Clones are the same store, with the same connection.
///
/// The book has a chapter on running it: persistence, eviction, clocks, what to alert on, and the keys and scripts
/// with which a shell script takes part.
///
/// # Time
///
/// Leases count by the clock of the server. A clock that is stepped forward ends leases early, and the holders do not
/// know: it is the fences that keep their work right then. A fence is at least the microseconds since 1970 on that
/// clock, so fences rise also after the server has lost its data.
///
/// # Connection
///
/// There is one, made when it is first needed and anew when it is lost. Between the beginnings of two attempts lies
/// at least a sixtieth of the time to live, and up to a fifth after failures, by chance: all who ask meanwhile wait
/// for the same attempt. A connection that has not answered for an eighth of the time to live, counted over all who
/// asked meanwhile, is given up, also when they have gone by then.
///
/// # Requests
///
/// Each is one atomic step of the server, and takes a third of the time to live at most, with a connection that has
/// to be made first. What is known of one that fails is its kind:
///
/// - [`NotSent`](crate::StoreErrorKind::NotSent): there was no connection, or the server is not ready (it loads its
///   data, a script of others is running, it is a replica, as behind an old address in a fail-over).
/// - [`Refused`](crate::StoreErrorKind::Refused): somebody must change something, such as a password, a permission, or a
///   limit of memory.
/// - [`Unknown`](crate::StoreErrorKind::Unknown): it was sent, and the connection was lost or silent before a reply.
///
/// # Waiting
///
/// Costs one look, and no request after it: releases are heard on the same connection. A lease that ends with its
/// time is not announced by Redis; who waits looks again at that time, up to a sixtieth of the time to live later by
/// chance, so that not all do at once, and whenever the connection was lost.
///
/// # Examples
///
/// ```no_run
/// use arbour::leases::{LeaseTimes, Leases, RedisStore};
/// use std::time::Duration;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let ttl = Duration::from_secs(15);
/// let leases = Leases::new(RedisStore::new("redis://127.0.0.1/", ttl)?, LeaseTimes::new(ttl))?;
/// leases.hold("orders/3", async |lease| println!("fence {}", lease.fence())).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

/// The shortest time to live that [`LeaseTimes`](crate::LeaseTimes) takes, too.
const SHORTEST: Duration = Duration::from_millis(30);

struct Shared {
    server: String,
    least_ttl: Duration,
    clock: Clock,
    times: Times,
    scripts: Scripts,
    waiting: Arc<Waiting>,
    connector: Connector,
}

/// What cannot be a store in Redis. The address is not shown, which may have a password in it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadRedis {
    /// It leads to no Redis, or needs what is not compiled in, as `rediss://` does.
    #[error(
        "the address leads to no Redis: {reason}; `redis://host:port/database` or `redis+unix:///path` would"
    )]
    #[non_exhaustive]
    Address {
        /// What is wrong with it.
        reason: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// No request could be answered in the part of it that requests have.
    #[error("leases of {ttl:?} are too short for a store in Redis: at least 30ms would do")]
    #[non_exhaustive]
    TtlTooShort {
        /// The time to live.
        ttl: Duration,
    },
}

impl RedisStore {
    /// The store behind this address: `redis://user:password@host:port/database`, or `redis+unix:///path`.
    ///
    /// `ttl` is the time to live of its leases, the shortest if there are several: all times of the connection follow
    /// from it, and [`Leases::new`](crate::Leases::new) refuses a shorter one. Nothing is connected yet, and a server that is not there is waited for like a lease.
    ///
    /// # Errors
    ///
    /// [`BadRedis`], with what is wrong.
    pub fn new(url: &str, ttl: Duration) -> Result<Self, BadRedis> {
        if ttl < SHORTEST {
            return Err(BadRedis::TtlTooShort { ttl });
        }
        let client = client(url, ttl).map_err(|reason| BadRedis::Address { reason: Arc::new(reason) })?;
        let (times, waiting) = (Times::of(ttl), Arc::<Waiting>::default());
        let shared = Shared {
            server: client.get_connection_info().addr().to_string(),
            least_ttl: ttl,
            clock: Clock::boot_time(),
            times,
            scripts: Scripts::new(),
            waiting: Arc::clone(&waiting),
            connector: Connector::new(client, times, waiting),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Sends a request and reads its reply.
    async fn ask<T, R>(
        &self,
        operation: Operation,
        name: &str,
        request: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<R>,
        read: impl FnOnce(R) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        begin().await;
        let answer = self.shared.ask(request).await;
        let answer = answer.and_then(|reply| Ok(read(reply)?));
        answer.map_err(|failure| failure.of(operation, name, &self.shared.server))
    }
}

/// Of the third version of the protocol, in which a connection hears messages and is asked as well.
fn client(url: &str, ttl: Duration) -> RedisResult<Client> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp(ttl)))
}

/// No request waits for the acknowledgement of another, and a line that nobody uses is probed: who waits only listens.
fn tcp(ttl: Duration) -> TcpSettings {
    // The system counts in whole seconds, up to nine hours.
    let probe = (ttl / 3).clamp(Duration::from_secs(1), Duration::from_secs(3_600));
    let keepalive = TcpKeepalive::new().with_time(probe).with_interval(probe);
    TcpSettings::default().set_nodelay(true).set_keepalive(keepalive)
}

impl Shared {
    async fn ask<R>(
        &self,
        request: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<R>,
    ) -> Result<R, Failure> {
        let by = Instant::now() + self.times.answer;
        let line = self.connector.line(by).await?;
        let asking = Asking::begin(&line, &self.times);
        let answer = timeout_at(by, request(line.connection.clone())).await;
        asking.answered(match answer {
            Ok(answer) => answer.map_err(Failure::from),
            Err(_) => Err(Failure::Silence(self.times.answer)),
        })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("server", &self.shared.server).finish_non_exhaustive()
    }
}

impl LeaseStore for RedisStore {
    fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    fn least_ttl(&self) -> Duration {
        self.shared.least_ttl
    }

    async fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> Result<Acquired, StoreError> {
        let mut script = self.shared.scripts.acquire.key(keys::lease(name));
        script.key(keys::fence(name)).key(LEASES);
        script.arg(token.to_string()).arg(owner).arg(millis(ttl)).arg(name.as_str());
        let request = async |mut connection| script.invoke_async(&mut connection).await;
        self.ask(Operation::Acquire, name, request, |reply: Vec<Value>| reply::acquired(name, &reply)).await
    }

    async fn extend(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Extended, StoreError> {
        let mut script = self.shared.scripts.extend.key(keys::lease(name));
        script.key(LEASES).arg(token.to_string()).arg(millis(ttl)).arg(name.as_str());
        let request = async |mut connection| script.invoke_async(&mut connection).await;
        self.ask(Operation::Extend, name, request, |reply: Vec<Value>| reply::extended(name, &reply)).await
    }

    async fn release(&self, name: &LeaseName, token: Token) -> Result<Released, StoreError> {
        let mut script = self.shared.scripts.release.key(keys::lease(name));
        script.key(LEASES).arg(token.to_string()).arg(name.as_str()).arg(FREED);
        let request = async |mut connection| script.invoke_async(&mut connection).await;
        self.ask(Operation::Release, name, request, |reply: Vec<Value>| reply::released(&reply)).await
    }

    async fn until_free(&self, name: &LeaseName, at_most: Duration) -> Result<(), StoreError> {
        // Joined before the look, whose connection hears of releases already.
        let mut place = self.shared.waiting.join(name);
        let script = self.shared.scripts.look.key(keys::lease(name));
        let request = async |mut connection| script.invoke_async(&mut connection).await;
        let look =
            self.ask(Operation::UntilFree, name, request, |reply: Vec<Value>| reply::looked(name, &reply));
        if let Some(holding) = look.await? {
            // What is left is told in whole milliseconds, and the key is there until the last has passed.
            let remaining = holding.remaining.saturating_add(Duration::from_millis(2));
            // That the time is over is as good a reason to look again as a notice.
            let is_told = timeout(remaining.min(at_most), place.told()).await.is_ok();
            if !is_told && holding.remaining <= at_most {
                sleep(self.shared.times.apart_by_chance()).await;
            }
        }
        Ok(())
    }

    async fn look(&self, name: &LeaseName) -> Result<Option<Holding>, StoreError> {
        let script = self.shared.scripts.look.key(keys::lease(name));
        let request = async |mut connection| script.invoke_async(&mut connection).await;
        self.ask(Operation::Look, name, request, |reply: Vec<Value>| reply::looked(name, &reply)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Holding>, StoreError> {
        let mut script = self.shared.scripts.list.key(LEASES);
        // No text has the byte 0xff in it, so this lies behind every name with the prefix.
        script.arg(format!("[{prefix}")).arg([b"(", prefix.as_bytes(), b"\xff"].concat()).arg(LEASE);
        let request = async |mut connection| script.invoke_async(&mut connection).await;
        self.ask(Operation::List, prefix, request, |reply: Vec<Vec<Value>>| reply::listed(&reply)).await
    }

    async fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<Written, StoreError> {
        let mut script = self.shared.scripts.write.key(keys::fence(name));
        script.key(keys::entries(name)).arg(fence.number());
        for (key, value) in entries {
            script.arg(key).arg(value);
        }
        let request = async |mut connection| script.invoke_async(&mut connection).await;
        self.ask(Operation::Write, name, request, |reply: Vec<Value>| reply::written(&reply)).await
    }

    async fn read(&self, name: &LeaseName, key: &str) -> Result<Option<Fenced>, StoreError> {
        let mut read = redis::cmd("HGET");
        read.arg(keys::entries(name)).arg(key);
        let request = async |mut connection| read.query_async(&mut connection).await;
        self.ask(Operation::Read, name, request, reply::entry).await
    }
}

/// Whole milliseconds, rounded up: a lease may last longer than was asked for, and never shorter.
fn millis(ttl: Duration) -> u64 {
    let up = ttl.as_nanos().div_ceil(1_000_000);
    // The server adds it to the time since 1970 and refuses what then overflows.
    u64::try_from(up).unwrap_or(u64::MAX).min(1 << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_waits_for_the_acknowledgement_of_another_and_a_quiet_line_is_probed() {
        for ttl in [SHORTEST, Duration::from_secs(15), Duration::MAX] {
            let client = client("redis://localhost/", ttl).unwrap();
            let settings = client.get_connection_info().tcp_settings();
            assert!(settings.nodelay() && settings.keepalive().is_some(), "{settings:?}");
        }
    }
}
