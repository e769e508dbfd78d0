//! Streams made of streams: wherever somebody is stopped, nothing is lost, doubled or torn.

use crate::support::{sweep, turns};
use arbour::stream::{
    BoxObjectReceive, BoxObjectSend, ObjectReceive, ObjectSend, ObjectStream, memory_stream,
};
use arbour::transports::{
    Buffered, BytePipeReceive, BytePipeSend, ByteReceiveExt, ByteSendExt, Connect, FrameError, Listener,
    SendFrameError, Stapled, StapledObjects, StreamError, Text, TextError, chunks, length_delimited, lines,
    memory_listener, one_way_pipe,
};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tokio::join;

/// A pipe so narrow that everything waits.
fn narrow() -> (BytePipeSend, BytePipeReceive) {
    one_way_pipe(3)
}

/// What was received, piece by piece, which must be the beginning of this, and all of it if nobody was stopped.
struct Received<T>(RefCell<Vec<T>>);

impl<T: PartialEq + std::fmt::Debug> Received<T> {
    fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    fn note(&self, item: T) {
        self.0.borrow_mut().push(item);
    }

    #[track_caller]
    fn check(&self, all: &[T], finished: bool) {
        let received = self.0.take();
        assert!(all.starts_with(&received), "{received:?}");
        assert!(!finished || received == all, "{received:?}");
    }
}

/// Each receive is dropped after one poll, and begun again.
async fn impatiently<T>(mut receive: impl AsyncFnMut() -> T) -> T {
    loop {
        let once = poll_fn(|_| Poll::Ready(()));
        tokio::select! {
            biased;
            received = receive() => return received,
            () = once => tokio::task::yield_now().await,
        }
    }
}

#[test]
fn buffered_bytes() {
    let received = Received::new();
    let scenario = || async {
        let (mut tx, rx) = narrow();
        let mut rx = Buffered::new(rx);
        let send = async {
            tx.send(b"12345abc\r\ndef\r\n").await.unwrap();
            drop(tx);
        };
        let receive = async {
            received.note(impatiently(async || rx.receive_exactly(5).await.unwrap()).await);
            received.note(rx.receive_until(b"\r\n", 9).await.unwrap());
            received.note(impatiently(async || rx.receive_until(b"\r\n", 9).await.unwrap()).await);
        };
        join!(send, receive)
    };
    let all = ["12345", "abc", "def"].map(Bytes::from);
    sweep(scenario, |run| received.check(&all, run.output.is_some()));
}

#[test]
fn frames() {
    let received = Received::new();
    let scenario = || async {
        let (tx, rx) = narrow();
        let (mut tx, mut rx) = (length_delimited(Stapled::new(tx, nothing())), length_delimited(rx));
        let send = async {
            for frame in ["one", "", "three"] {
                ObjectSend::send(&mut tx, Bytes::from(frame)).await?;
            }
            tx.send_eof().await
        };
        let receive = async {
            while let Some(frame) = impatiently(async || rx.recv().await).await? {
                received.note(frame);
            }
            Ok::<_, FrameError>(())
        };
        let (sent, ended): (Result<_, SendFrameError>, _) = join!(send, receive);
        (sent.unwrap(), ended.unwrap())
    };
    let all = ["one", "", "three"].map(Bytes::from);
    sweep(scenario, |run| received.check(&all, run.output.is_some()));
}

/// A receiving half that nobody sends into.
fn nothing() -> BytePipeReceive {
    one_way_pipe(1).1
}

/// A send that was begun and dropped is whole on the wire after the next.
#[test]
fn frames_whose_sends_are_dropped() {
    let received = Received::new();
    let scenario = || async {
        let (tx, rx) = narrow();
        let (mut tx, mut rx) = (length_delimited(tx), length_delimited(rx));
        let send = async {
            {
                let mut sending = pin!(ObjectSend::send(&mut tx, Bytes::from("begun")));
                let once = poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx).is_ready()));
                assert!(!once.await, "it waits for room, with a part of it out, and is dropped there");
            }
            ObjectSend::send(&mut tx, Bytes::from("next")).await.unwrap();
            drop(tx);
        };
        let receive = async {
            while let Some(frame) = rx.recv().await.unwrap() {
                received.note(frame);
            }
        };
        join!(send, receive)
    };
    let all = ["begun", "next"].map(Bytes::from);
    sweep(scenario, |run| received.check(&all, run.output.is_some()));
}

#[test]
fn frames_as_a_stream_and_a_sink() {
    let received = Received::new();
    let scenario = || async {
        let (tx, rx) = narrow();
        let (mut tx, mut rx) = (lines(tx), lines(rx));
        let send = async {
            for line in ["one", "", "three"] {
                tx.feed(Bytes::from(line)).await.unwrap();
            }
            SinkExt::<Bytes>::close(&mut tx).await.unwrap();
        };
        let receive = async {
            while let Some(line) = impatiently(async || rx.next().await).await {
                received.note(line.unwrap());
            }
        };
        join!(send, receive)
    };
    let all = ["one", "", "three"].map(Bytes::from);
    sweep(scenario, |run| received.check(&all, run.output.is_some()));
}

const SAID: [&str; 3] = ["a€", "", "😀z"];

/// Text is cut anywhere: its characters are what counts.
fn characters(received: &Received<char>, text: &str) {
    text.chars().for_each(|character| received.note(character));
}

#[test]
fn text() {
    let received = Received::new();
    let scenario = || async {
        let (tx, rx) = narrow();
        let (mut tx, mut rx) = (Text::new(Stapled::new(tx, nothing())), Text::new(rx));
        let send = async {
            for part in SAID {
                ObjectSend::send(&mut tx, part).await?;
            }
            ObjectStream::<&str, String>::send_eof(&mut tx).await
        };
        let receive = async {
            while let Some(part) = impatiently(async || rx.recv().await).await? {
                characters(&received, &part);
            }
            Ok::<_, TextError>(())
        };
        let (sent, ended): (Result<_, StreamError>, _) = join!(send, receive);
        (sent.unwrap(), ended.unwrap())
    };
    let all: Vec<char> = SAID.concat().chars().collect();
    sweep(scenario, |run| received.check(&all, run.output.is_some()));
}

#[test]
fn text_as_a_stream_and_a_sink() {
    let received = Received::new();
    let scenario = || async {
        let (tx, rx) = narrow();
        let (mut tx, mut rx) = (Text::new(tx), Text::new(rx));
        let send = async {
            for part in SAID {
                SinkExt::<&str>::feed(&mut tx, part).await.unwrap();
            }
            SinkExt::<&str>::close(&mut tx).await.unwrap();
        };
        let receive = async {
            while let Some(part) = rx.next().await {
                characters(&received, &part.unwrap());
            }
        };
        join!(send, receive)
    };
    let all: Vec<char> = SAID.concat().chars().collect();
    sweep(scenario, |run| received.check(&all, run.output.is_some()));
}

#[test]
fn stapled_objects_as_a_stream_and_a_sink() {
    let received = Received::new();
    let scenario = || async {
        let ((there, from_here), (back, from_there)) = (memory_stream(1), memory_stream(1));
        let mut here = StapledObjects::new(there, from_there);
        let mut there = StapledObjects::new(back, from_here);
        let ask = async {
            for number in 0..3 {
                SinkExt::send(&mut here, number).await.unwrap();
                received.note(here.next().await.unwrap());
            }
            SinkExt::<u8>::close(&mut here).await.unwrap();
        };
        let echo = async {
            while let Some(number) = there.next().await {
                SinkExt::send(&mut there, number).await.unwrap();
            }
        };
        join!(ask, echo)
    };
    sweep(scenario, |run| received.check(&[0, 1, 2], run.output.is_some()));
}

#[test]
fn stapled_and_boxed_objects() {
    let received = Received::new();
    let scenario = || async {
        let ((there, from_here), (back, from_there)) = (memory_stream(0), memory_stream(0));
        let mut here = StapledObjects::new(BoxObjectSend::new(there), BoxObjectReceive::new(from_there));
        let mut there = StapledObjects::new(BoxObjectSend::new(back), BoxObjectReceive::new(from_here));
        let ask = async {
            for number in 0..3 {
                here.send(number).await.unwrap();
                received.note(ObjectReceive::<u8>::recv(&mut here).await.unwrap().unwrap());
            }
            ObjectStream::<u8, u8>::send_eof(&mut here).await.unwrap();
        };
        let echo = async {
            while let Some(number) = ObjectReceive::<u8>::recv(&mut there).await.unwrap() {
                there.send(number).await.unwrap();
            }
        };
        join!(ask, echo)
    };
    sweep(scenario, |run| received.check(&[0, 1, 2], run.output.is_some()));
}

#[test]
fn connecting_in_memory() {
    let received = Received::new();
    let scenario = || async {
        let (listener, connect) = memory_listener("memory:sweep", 64);
        let (mut listener, connect) = (listener.map(chunks), connect.map(Buffered::new));
        let client = async {
            turns(2).await;
            let mut client = connect.connect().await.unwrap();
            client.send(b"hello").await.unwrap();
            client.send_eof().await.unwrap();
            assert_eq!(client.receive(1).await.unwrap(), None);
        };
        let server = async {
            let mut server = listener.accept().await.unwrap().establish().await.unwrap();
            while let Some(chunk) = server.recv().await.unwrap() {
                received.note(chunk);
            }
        };
        join!(client, server)
    };
    sweep(scenario, |run| received.check(&[Bytes::from("hello")], run.output.is_some()));
}
