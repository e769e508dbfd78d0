//! Time limits on a byte stream: for what a peer sends, for what it takes, and for doing nothing.

mod pace;
#[cfg(test)]
mod tests;

use crate::{Attributes, Demand, StreamError};
use pace::{Pace, Verdict};
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A byte stream that does not wait for ever for its peer.
///
/// A limit counts from when somebody begins to wait in a receive or a send; time in which nobody waits for the
/// peer is not the peer's. None is set unless told. A wait that is dropped and begun again is one wait. A peer
/// that exceeds a limit is an error, [`StreamError::TooSlow`], and the stream can be used again: whether it is
/// given up is for the caller to say. The limits may be changed at any time. It must be used inside a tokio
/// runtime with its timer.
///
/// # Examples
///
/// ```
/// use arbour::transports::{ByteReceiveExt, StreamError, Timeouts, byte_pipe};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let (_client, server) = byte_pipe(1024);
/// let mut server = Timeouts::new(server).receive_within(Duration::from_secs(10));
/// let refused = server.receive(1024).await.unwrap_err();
/// assert_eq!(refused.to_string(), "the peer sent nothing for 10s");
///
/// server.set_receive_within(Some(Duration::from_secs(300)));
/// let refused = server.receive(1024).await.unwrap_err();
/// assert_eq!(refused.to_string(), "the peer sent nothing for 300s");
/// # });
/// ```
pub struct Timeouts<S> {
    stream: S,
    receiving: Wait,
    sending: Wait,
    limits: Limits,
    /// When bytes last went in either direction.
    moved: Option<Instant>,
}

/// How long which wait may take.
#[derive(Debug, Clone, Copy, Default)]
struct Limits {
    receive: Option<Duration>,
    send: Option<Duration>,
    idle: Option<Duration>,
}

/// What a peer was too slow at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TooSlow {
    /// It sent nothing for so long.
    #[error("the peer sent nothing for {0:?}")]
    Receive(Duration),
    /// It took nothing for so long.
    #[error("the peer took nothing for {0:?}")]
    Send(Duration),
    /// Nothing went in either direction for so long.
    #[error("nothing was sent or received for {0:?}")]
    Idle(Duration),
    /// It sent less than this in such a time.
    #[error("the peer sent {received} bytes in {within:?}, and at least {least} are wanted")]
    Rate {
        /// How much it sent.
        received: u64,
        /// How much is wanted.
        least: u64,
        /// In which time.
        within: Duration,
    },
}

impl<S> Timeouts<S> {
    /// No limits yet.
    pub fn new(stream: S) -> Self {
        let (receiving, sending) = (Wait::default(), Wait::default());
        Self { stream, receiving, sending, limits: Limits::default(), moved: None }
    }

    /// A receive may wait so long for its first byte.
    #[must_use]
    pub fn receive_within(mut self, limit: Duration) -> Self {
        self.limits.receive = Some(limit);
        self
    }

    /// A send may wait so long until the peer has taken some more.
    #[must_use]
    pub fn send_within(mut self, limit: Duration) -> Self {
        self.limits.send = Some(limit);
        self
    }

    /// Whoever waits may wait so long while nothing goes in either direction.
    #[must_use]
    pub fn idle_within(mut self, limit: Duration) -> Self {
        self.limits.idle = Some(limit);
        self
    }

    /// While it is waited for, the peer has to send at least so many bytes in each such time: a byte now and
    /// then is not enough.
    #[must_use]
    pub fn at_least(mut self, bytes: u64, within: Duration) -> Self {
        self.receiving.pace = Some(Pace::new(bytes, within));
        self
    }

    /// Changes how long a receive may wait for its first byte, or that it may wait for ever.
    pub fn set_receive_within(&mut self, limit: Option<Duration>) {
        self.limits.receive = limit;
    }

    /// Changes how long a send may wait until the peer has taken some more, or that it may wait for ever.
    pub fn set_send_within(&mut self, limit: Option<Duration>) {
        self.limits.send = limit;
    }

    /// Changes how long whoever waits may wait while nothing goes in either direction, or that it may wait for
    /// ever.
    pub fn set_idle_within(&mut self, limit: Option<Duration>) {
        self.limits.idle = limit;
    }

    /// Changes how much the peer has to send in which time of waiting, or that it need not; it counts from the
    /// next wait.
    pub fn set_at_least(&mut self, rate: Option<(u64, Duration)>) {
        self.receiving.pace = rate.map(|(bytes, within)| Pace::new(bytes, within));
    }

    /// The stream.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream, for its own calls. What goes through it directly is not limited.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream, without limits.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

/// One direction's waiting.
#[derive(Default)]
struct Wait {
    /// Since when somebody waits for the peer.
    since: Option<Instant>,
    pace: Option<Pace>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Wait {
    /// Whether the peer is too slow, and if not, when to look again.
    fn judge(
        &mut self,
        limits: [Option<(Instant, TooSlow)>; 2],
        now: Instant,
    ) -> Result<Option<Instant>, TooSlow> {
        let mut next = None;
        for (due, too_slow) in limits.into_iter().flatten() {
            if due <= now {
                return Err(too_slow);
            }
            next = earlier(next, due);
        }
        if let Some(pace) = &mut self.pace {
            match pace.waiting(now.into_std()) {
                Verdict::LookAgain(at) => next = earlier(next, at.into()),
                Verdict::TooSlow(received) => return Err(pace.too_slow(received)),
            }
        }
        Ok(next)
    }

    /// Pending until then; a timer that is set for that time already is only looked at.
    fn poll_timer(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(cx)
    }
}

fn earlier(one: Option<Instant>, other: Instant) -> Option<Instant> {
    Some(one.map_or(other, |one| one.min(other)))
}

/// When a limit is over that counts from then. One beyond the clock never is.
fn due(
    since: Instant,
    limit: Option<Duration>,
    too_slow: fn(Duration) -> TooSlow,
) -> Option<(Instant, TooSlow)> {
    let limit = limit?;
    Some((since.checked_add(limit)?, too_slow(limit)))
}

/// Which way bytes go.
#[derive(Clone, Copy)]
enum Way {
    Receive,
    Send,
}

impl<S> Timeouts<S> {
    /// Passes on what a poll gave; where it is pending, for as long as the limits allow.
    fn limited<T>(
        &mut self,
        way: Way,
        polled: Poll<io::Result<T>>,
        moved: impl FnOnce(&T) -> usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match polled {
            Poll::Ready(Ok(given)) => {
                let count = moved(&given);
                self.moved(way, count);
                Poll::Ready(Ok(given))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.poll_limits(way, cx).map(|too_slow| Err(StreamError::from(too_slow).into()))
            }
        }
    }

    fn moved(&mut self, way: Way, count: usize) {
        let wait = self.wait(way);
        wait.since = None;
        if let Some(pace) = &mut wait.pace {
            pace.moved(count as u64, Instant::now().into_std());
        }
        if self.limits.idle.is_some() && count > 0 {
            self.moved = Some(Instant::now());
        }
    }

    fn wait(&mut self, way: Way) -> &mut Wait {
        match way {
            Way::Receive => &mut self.receiving,
            Way::Send => &mut self.sending,
        }
    }

    fn poll_limits(&mut self, way: Way, cx: &mut Context<'_>) -> Poll<TooSlow> {
        loop {
            let now = Instant::now();
            let limits = self.limits;
            let moved = self.moved;
            let wait = self.wait(way);
            let since = *wait.since.get_or_insert(now);
            let own = match way {
                Way::Receive => due(since, limits.receive, TooSlow::Receive),
                Way::Send => due(since, limits.send, TooSlow::Send),
            };
            let idle = due(moved.map_or(since, |moved| moved.max(since)), limits.idle, TooSlow::Idle);
            let next = match wait.judge([own, idle], now) {
                Ok(Some(next)) => next,
                Ok(None) => return Poll::Pending,
                Err(too_slow) => {
                    wait.since = None;
                    // Who waits the other way is not told the same.
                    self.moved = Some(now);
                    return Poll::Ready(too_slow);
                }
            };
            if wait.poll_timer(next, cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timeouts<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, to);
        let received = to.filled().len() - before;
        self.limited(Way::Receive, polled, |()| received, cx)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timeouts<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, from);
        self.limited(Way::Send, polled, |sent| *sent, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, from);
        self.limited(Way::Send, polled, |sent| *sent, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.limited(Way::Send, polled, |()| 0, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.limited(Way::Send, polled, |()| 0, cx)
    }
}

impl<S: Attributes> Attributes for Timeouts<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.stream.provide(demand);
    }
}

impl<S> fmt::Debug for Timeouts<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeouts")
            .field("limits", &self.limits)
            .field("rate", &self.receiving.pace)
            .finish_non_exhaustive()
    }
}
