//! Listeners with one fault each: every clause of their suite is broken by one of them.

use arbour::testing::check_listener;
use arbour::transports::{
    AcceptError, Accepted, Attribute, Attributes, BytePipe, Connect, ConnectError, Demand, Listener,
    MemoryConnect, MemoryListener, byte_pipe, memory_listener,
};
use std::collections::BTreeSet;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    GivesAnotherStream,
    GivesAStreamOfNobody,
    ForgetsWhoWaits,
    LosesAConnectionAfterADrop,
    BreaksWhenSomebodyLeaves,
    EndsItsStreamsWithItself,
    AnswersWhenItIsGone,
    HasTwoAttributesOfOneName,
}
use Fault::*;

/// What both sides know.
#[derive(Debug, Default)]
struct Shared {
    listener_is_gone: AtomicBool,
    somebody_left: AtomicBool,
}

struct FaultyListener {
    inner: MemoryListener,
    fault: Fault,
    dropped: bool,
    shared: Arc<Shared>,
}

/// What is accepted: it may end with the listener.
struct FaultyStream {
    io: BytePipe,
    ends_with: Option<Arc<Shared>>,
}

struct FaultyConnect {
    inner: MemoryConnect,
    fault: Fault,
    shared: Arc<Shared>,
}

impl Listener for FaultyListener {
    type Stream = FaultyStream;

    async fn accept(&mut self) -> Result<Accepted<FaultyStream>, AcceptError> {
        if self.fault == BreaksWhenSomebodyLeaves && self.shared.somebody_left.load(Ordering::Relaxed) {
            return Err(AcceptError::Broken(io::ErrorKind::ConnectionAborted.into()));
        }
        if self.fault == GivesAStreamOfNobody {
            return Ok(self.stream(byte_pipe(8).0));
        }
        if self.dropped && self.fault == LosesAConnectionAfterADrop {
            let _lost = self.inner.accept().await?;
            self.dropped = false;
        }
        self.dropped = true;
        let forgets = self.fault == ForgetsWhoWaits;
        let stream = {
            let mut accepting = pin!(self.inner.accept());
            let accepted = poll_fn(|cx| {
                let mut noop = Context::from_waker(Waker::noop());
                accepting.as_mut().poll(if forgets { &mut noop } else { cx })
            });
            accepted.await?.establish().await
        };
        self.dropped = false;
        let stream = stream.unwrap_or_else(|_| unreachable!("pipes have no handshake"));
        let stream = if self.fault == GivesAnotherStream { byte_pipe(8).0 } else { stream };
        Ok(self.stream(stream))
    }
}

impl FaultyListener {
    fn stream(&self, io: BytePipe) -> Accepted<FaultyStream> {
        let ends_with = (self.fault == EndsItsStreamsWithItself).then(|| Arc::clone(&self.shared));
        Accepted::ready(FaultyStream { io, ends_with })
    }
}

impl Drop for FaultyListener {
    fn drop(&mut self) {
        self.shared.listener_is_gone.store(true, Ordering::Relaxed);
    }
}

struct First;
struct Second;

impl Attribute for First {
    type Value = u8;
    const NAME: &'static str = "number";
}

impl Attribute for Second {
    type Value = u8;
    const NAME: &'static str = "number";
}

impl Attributes for FaultyListener {
    fn provide(&self, demand: &mut Demand<'_>) {
        if self.fault == HasTwoAttributesOfOneName {
            demand.give::<First>(|| 1).give::<Second>(|| 2);
        }
    }
}

impl Attributes for FaultyStream {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl AsyncRead for FaultyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ends_with.as_ref().is_some_and(|shared| shared.listener_is_gone.load(Ordering::Relaxed)) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_read(cx, to)
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Tells that somebody left, unless it is disarmed.
struct Leaving<'a>(Option<&'a Shared>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if let Some(shared) = self.0 {
            shared.somebody_left.store(true, Ordering::Relaxed);
        }
    }
}

impl Connect for FaultyConnect {
    type Stream = BytePipe;

    async fn connect(&self) -> Result<BytePipe, ConnectError> {
        let mut leaving = Leaving(Some(&self.shared));
        let connected = self.inner.connect().await;
        leaving.0 = Option::None;
        if connected.is_err() && self.fault == AnswersWhenItIsGone {
            let (mut ghost, here) = byte_pipe(8);
            ghost.write_all(b"boo").await.unwrap();
            return Ok(here);
        }
        connected
    }
}

impl fmt::Display for FaultyConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

async fn clauses_broken_by(fault: Fault) -> Result<Vec<&'static str>, Vec<&'static str>> {
    let pairs = async || {
        let (listener, connect) = memory_listener("memory:faulty", 64);
        let shared = Arc::new(Shared::default());
        let connect = FaultyConnect { inner: connect, fault, shared: Arc::clone(&shared) };
        (FaultyListener { inner: listener, fault, dropped: false, shared }, connect)
    };
    let checked = check_listener(pairs).run().await;
    checked.map_err(|broken| broken.clauses.into_iter().map(|broken| broken.clause).collect())
}

#[arbour::test]
async fn every_clause_about_listeners_is_broken_by_a_fault() {
    let table: &[(Fault, &[&str])] = &[
        (GivesAnotherStream, &["a_connection_carries_bytes_both_ways", "connections_do_not_mix"]),
        (GivesAStreamOfNobody, &["an_accept_waits_until_somebody_connects"]),
        (ForgetsWhoWaits, &["a_waiting_accept_is_woken"]),
        (
            LosesAConnectionAfterADrop,
            &["a_dropped_accept_loses_no_connection", "a_cancelled_accept_loses_no_connection"],
        ),
        (BreaksWhenSomebodyLeaves, &["who_leaves_at_once_harms_nobody_else"]),
        (EndsItsStreamsWithItself, &["what_was_accepted_outlives_the_listener"]),
        (AnswersWhenItIsGone, &["nobody_connects_when_the_listener_is_gone"]),
        (HasTwoAttributesOfOneName, &["attributes_can_be_listed"]),
    ];
    let mut unbroken: BTreeSet<&str> = clauses_broken_by(None).await.unwrap().into_iter().collect();
    for (fault, expected) in table {
        let broken = clauses_broken_by(*fault).await;
        let broken = broken.expect_err(&format!("{fault:?} breaks nothing"));
        for clause in *expected {
            assert!(broken.contains(clause), "{fault:?} breaks {broken:?}, and not {clause}");
            unbroken.remove(clause);
        }
    }
    assert!(unbroken.is_empty(), "no fault breaks {unbroken:?}");
}
