//! Object streams with one fault each: every clause of their suite is broken by one of them.

use arbour::stream::{
    ObjectReceive, ObjectSend, ReceiveStream, RecvError, Reliable, SendError, SendStream, memory_stream,
};
use arbour::testing::check_object_stream;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    Doubles,
    EndsWhereNothingIs,
    ForgetsWhoWaits,
    EndsAfterTwo,
    FailsAfterTheEnd,
    SwallowsWhatCannotBeSent,
    LosesAnObjectAfterADrop,
    SendsWhenCalled,
    SendsAgainAfterADrop,
}
use Fault::*;

struct FaultySend {
    io: SendStream<u64>,
    fault: Fault,
    dropped: Option<u64>,
}

struct FaultyReceive {
    io: ReceiveStream<u64>,
    fault: Fault,
    received: usize,
    at_end: bool,
    dropped: bool,
}

impl Reliable for FaultySend {}
impl Reliable for FaultyReceive {}

impl ObjectSend<u64> for FaultySend {
    type Error = SendError<u64>;

    fn send(&mut self, item: u64) -> impl Future<Output = Result<(), SendError<u64>>> + Send {
        if self.fault == SendsWhenCalled {
            let _sent = self.io.try_send(item);
        }
        async move {
            if let Some(again) = self.dropped.replace(item).filter(|_| self.fault == SendsAgainAfterADrop) {
                self.io.send(item).await?;
                self.io.send(again).await?;
            }
            let sent = self.io.send(item).await;
            self.dropped = Option::None;
            match self.fault {
                SwallowsWhatCannotBeSent => Ok(()),
                Doubles => self.io.send(item).await,
                _ => sent,
            }
        }
    }
}

impl ObjectReceive<u64> for FaultyReceive {
    type Error = RecvError;

    async fn recv(&mut self) -> Result<Option<u64>, RecvError> {
        match self.fault {
            EndsWhereNothingIs => return Ok(self.io.try_recv().ok()),
            EndsAfterTwo if self.received == 2 => return Ok(Option::None),
            FailsAfterTheEnd if self.at_end => return Err(RecvError::Closed),
            LosesAnObjectAfterADrop if self.dropped => {
                let _lost = self.io.recv().await;
                self.dropped = false;
            }
            _ => {}
        }
        self.dropped = true;
        let received = if self.fault == ForgetsWhoWaits {
            let mut receiving = pin!(self.io.recv());
            let polled =
                poll_fn(|_| Poll::Ready(receiving.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
            match polled.await {
                Poll::Ready(received) => received,
                Poll::Pending => std::future::pending().await,
            }
        } else {
            self.io.recv().await
        };
        self.dropped = false;
        self.received += 1;
        self.at_end = received.is_err();
        match received {
            Err(RecvError::EndOfStream) => Ok(Option::None),
            received => received.map(Some),
        }
    }
}

async fn clauses_broken_by(fault: Fault) -> Result<Vec<&'static str>, Vec<&'static str>> {
    let pairs = async || {
        let (from, to) = memory_stream(if fault == SendsWhenCalled { 4 } else { 0 });
        let to = FaultyReceive { io: to, fault, received: 0, at_end: false, dropped: false };
        (FaultySend { io: from, fault, dropped: Option::None }, to)
    };
    let checked = check_object_stream(pairs, |number| number).run().await;
    checked.map_err(|broken| broken.clauses.into_iter().map(|broken| broken.clause).collect())
}

#[arbour::test]
async fn every_clause_about_object_streams_is_broken_by_a_fault() {
    let table: &[(Fault, &[&str])] = &[
        (Doubles, &["objects_arrive_in_order_each_once"]),
        (EndsWhereNothingIs, &["a_receive_waits_until_there_is_something"]),
        (
            ForgetsWhoWaits,
            &["a_waiting_receive_is_woken_by_an_object", "a_waiting_receive_hears_that_the_sender_goes"],
        ),
        (EndsAfterTwo, &["the_end_comes_after_all_objects"]),
        (FailsAfterTheEnd, &["the_end_stays_the_end"]),
        (SwallowsWhatCannotBeSent, &["sends_break_when_the_receiver_is_gone"]),
        (LosesAnObjectAfterADrop, &["a_dropped_receive_loses_nothing", "a_cancelled_receive_loses_nothing"]),
        (SendsWhenCalled, &["a_send_dropped_unpolled_sends_nothing"]),
        (SendsAgainAfterADrop, &["a_dropped_send_arrives_once_at_most"]),
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
