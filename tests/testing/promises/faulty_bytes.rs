//! Byte streams with one fault each: every clause of their suite is broken by one of them.

use arbour::testing::check_byte_stream;
use arbour::transports::{Attribute, Attributes, BytePipe, Demand, byte_pipe};
use std::collections::BTreeSet;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    ChangesAByte,
    EndsWhereNothingIs,
    KeepsTheLastWrite,
    ForgetsWhoWaits,
    EndsAtAnEmptyWrite,
    WritesTheLastPartFirst,
    LosesAByteAfterWaiting,
    SwallowsWhatCannotBeSent,
    HasTwoAttributesOfOneName,
    EndsWithAnyOther,
    FailsAfterTheEnd,
    EndsBothDirections,
    RefusesTheSecondHalfClose,
    TakesWritesAfterTheEnd,
    TakesWhatHasNoRoom,
    WritesRubbishAfterWaiting,
    ReadsOnlyWhileNoWriteWaits,
}
use Fault::*;

/// One end of a pipe, with a fault.
struct Faulty {
    io: BytePipe,
    fault: Fault,
    read: usize,
    kept: Vec<u8>,
    read_waited: bool,
    write_waits: bool,
    at_end: bool,
    ended: bool,
    any_ended: Arc<AtomicBool>,
}

impl Faulty {
    fn poll_write_through(&mut self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let mut cx = self.context(cx);
        let written = Pin::new(&mut self.io).poll_write(&mut cx, from);
        self.write_waits = written.is_pending();
        written
    }

    fn context<'a>(&self, cx: &mut Context<'a>) -> Context<'a> {
        Context::from_waker(if self.fault == ForgetsWhoWaits { Waker::noop() } else { cx.waker() })
    }
}

impl AsyncRead for Faulty {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match this.fault {
            EndsWithAnyOther if this.any_ended.load(Ordering::Relaxed) => return Poll::Ready(Ok(())),
            FailsAfterTheEnd if this.at_end => return Poll::Ready(Err(io::Error::other("over"))),
            EndsBothDirections if this.ended => return Poll::Ready(Ok(())),
            ReadsOnlyWhileNoWriteWaits if this.write_waits => return Poll::Pending,
            LosesAByteAfterWaiting if this.read_waited => {
                let mut lost = [0];
                ready!(Pin::new(&mut this.io).poll_read(cx, &mut ReadBuf::new(&mut lost)))?;
                this.read_waited = false;
            }
            _ => {}
        }
        let before = to.filled().len();
        let mut cx = this.context(cx);
        let polled = Pin::new(&mut this.io).poll_read(&mut cx, to);
        if polled.is_pending() {
            this.read_waited = true;
            return if this.fault == EndsWhereNothingIs { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        let read = to.filled().len() - before;
        this.at_end = read == 0;
        if this.fault == ChangesAByte && (this.read..this.read + read).contains(&5000) {
            to.filled_mut()[before + 5000 - this.read] ^= 1;
        }
        this.read += read;
        polled
    }
}

impl AsyncWrite for Faulty {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match this.fault {
            EndsAtAnEmptyWrite if from.is_empty() => {
                return Pin::new(&mut this.io).poll_shutdown(cx).map_ok(|()| 0);
            }
            TakesWritesAfterTheEnd if this.ended => return Poll::Ready(Ok(from.len())),
            WritesRubbishAfterWaiting if this.write_waits => {
                ready!(this.poll_write_through(cx, &[0]))?;
            }
            KeepsTheLastWrite => {
                if !this.kept.is_empty() {
                    let kept = this.kept.clone();
                    let written = ready!(this.poll_write_through(cx, &kept))?;
                    this.kept.drain(..written);
                }
                this.kept.extend_from_slice(from);
                return Poll::Ready(Ok(from.len()));
            }
            _ => {}
        }
        match this.poll_write_through(cx, from) {
            Poll::Ready(Err(_)) if this.fault == SwallowsWhatCannotBeSent => Poll::Ready(Ok(from.len())),
            Poll::Pending if this.fault == TakesWhatHasNoRoom => Poll::Ready(Ok(from.len())),
            written => written,
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let last = from.last().map_or(&[][..], |last| &**last);
        self.poll_write(cx, last)
    }

    fn is_write_vectored(&self) -> bool {
        self.fault == WritesTheLastPartFirst
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended && self.fault == RefusesTheSecondHalfClose {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.ended = true;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.any_ended.store(true, Ordering::Relaxed);
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

impl Attributes for Faulty {
    fn provide(&self, demand: &mut Demand<'_>) {
        if self.fault == HasTwoAttributesOfOneName {
            demand.give::<First>(|| 1).give::<Second>(|| 2);
        }
    }
}

async fn clauses_broken_by(fault: Fault) -> Result<Vec<&'static str>, Vec<&'static str>> {
    let any_ended = Arc::new(AtomicBool::new(false));
    let pairs = async || {
        let end = |io| Faulty {
            io,
            fault,
            read: 0,
            kept: Vec::new(),
            read_waited: false,
            write_waits: false,
            at_end: false,
            ended: false,
            any_ended: Arc::clone(&any_ended),
        };
        any_ended.store(false, Ordering::Relaxed);
        let (first, second) = byte_pipe(64);
        (end(first), end(second))
    };
    let checked = check_byte_stream(pairs).clogged_by(1000).run().await;
    checked.map_err(|broken| broken.clauses.into_iter().map(|broken| broken.clause).collect())
}

#[arbour::test]
async fn every_clause_about_byte_streams_is_broken_by_a_fault() {
    let table: &[(Fault, &[&str])] = &[
        (
            ChangesAByte,
            &["bytes_arrive_in_order", "both_directions_carry_at_once", "the_end_comes_after_all_bytes"],
        ),
        (EndsWhereNothingIs, &["a_receive_waits_until_there_is_something"]),
        (
            KeepsTheLastWrite,
            &["a_send_needs_no_second_one", "what_was_sent_arrives_although_the_sender_goes"],
        ),
        (
            ForgetsWhoWaits,
            &[
                "a_waiting_receive_is_woken_by_bytes",
                "a_waiting_receive_hears_that_the_peer_goes",
                "a_waiting_receive_is_woken_by_the_end",
                "a_waiting_send_hears_that_the_peer_goes",
            ],
        ),
        (EndsAtAnEmptyWrite, &["an_empty_write_is_no_end"]),
        (WritesTheLastPartFirst, &["a_vectored_write_is_its_parts_in_order"]),
        (LosesAByteAfterWaiting, &["a_dropped_receive_loses_nothing", "a_cancelled_receive_loses_nothing"]),
        (SwallowsWhatCannotBeSent, &["sends_break_when_the_peer_is_gone"]),
        (HasTwoAttributesOfOneName, &["attributes_can_be_listed"]),
        (EndsWithAnyOther, &["an_end_of_one_pair_is_none_of_another"]),
        (FailsAfterTheEnd, &["the_end_stays_the_end"]),
        (EndsBothDirections, &["the_other_direction_goes_on"]),
        (RefusesTheSecondHalfClose, &["said_twice_is_said_once"]),
        (TakesWritesAfterTheEnd, &["a_send_after_it_is_refused"]),
        (TakesWhatHasNoRoom, &["a_send_waits_for_room_and_goes_on"]),
        (WritesRubbishAfterWaiting, &["a_dropped_send_has_sent_a_beginning"]),
        (ReadsOnlyWhileNoWriteWaits, &["receiving_goes_on_while_a_send_waits"]),
    ];
    let mut unbroken: BTreeSet<&str> = clauses_broken_by(None).await.unwrap().into_iter().collect();
    for (fault, expected) in table {
        let broken = clauses_broken_by(*fault).await.unwrap_err();
        for clause in *expected {
            assert!(broken.contains(clause), "{fault:?} breaks {broken:?}, and not {clause}");
            unbroken.remove(clause);
        }
    }
    assert!(unbroken.is_empty(), "no fault breaks {unbroken:?}");
}
