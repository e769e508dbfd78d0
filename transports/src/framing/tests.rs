//! Frames and scopes that are cancelled, and how much waits for a peer that takes nothing.

use super::*;
use crate::buffered::tests::cancelled;
use crate::{BytePipe, ByteReceiveExt, byte_pipe};
use arbour::testing::block_on;
use futures::{FutureExt, SinkExt, StreamExt};

/// A stream that has received two frames of which nobody has asked for any, and its peer.
fn with_two_frames() -> (Framed<BytePipe, Lines>, BytePipe) {
    let (stream, peer) = byte_pipe(64);
    let mut stream = Buffered::new(stream);
    stream.feed(b"one\ntwo\n");
    (Framed::from_buffered(stream, Lines::default()), peer)
}

#[test]
fn in_a_cancelled_scope_no_frame_is_taken_although_it_is_there() {
    block_on(async {
        let (mut stream, _peer) = with_two_frames();
        cancelled(async || drop(stream.recv().await)).await;
        cancelled(async || drop(stream.next().await)).await;
        assert_eq!(stream.next().await.unwrap().unwrap(), "one");
        cancelled(async || drop(stream.next().await)).await;
        assert_eq!(stream.recv().await.unwrap().unwrap(), "two");
    });
}

#[test]
fn in_a_cancelled_scope_nothing_is_sent_and_nothing_ended() {
    block_on(async {
        let (mut stream, mut peer) = with_two_frames();
        cancelled(async || drop(ObjectSend::send(&mut stream, "lost".into()).await)).await;
        cancelled(async || drop(stream.feed("lost".into()).await)).await;
        cancelled(async || drop(stream.send_eof().await)).await;
        cancelled(async || drop(SinkExt::<Bytes>::close(&mut stream).await)).await;
        SinkExt::send(&mut stream, "said".into()).await.unwrap();
        cancelled(async || drop(stream.feed("lost".into()).await)).await;
        ObjectSend::send(&mut stream, "last".into()).await.unwrap();
        drop(stream);
        let mut received = Vec::new();
        while let Some(bytes) = peer.receive(64).await.unwrap() {
            received.extend_from_slice(&bytes);
        }
        assert_eq!(received, b"said\nlast\n");
    });
}

#[test]
fn sends_that_are_given_up_one_after_the_other_do_not_pile_up() {
    block_on(async {
        let (stream, _peer) = byte_pipe(3);
        let mut stream = lines(stream);
        for _ in 0..100 {
            assert!(ObjectSend::send(&mut stream, "hello".into()).now_or_never().is_none());
        }
        assert_eq!(stream.into_parts().1, "lo\n", "one was begun, the others were not");
    });
}

#[test]
fn a_sink_whose_peer_takes_nothing_takes_64_kib() {
    block_on(async {
        let (stream, _peer) = byte_pipe(3);
        let mut stream = length_delimited(stream);
        let frame = Bytes::from(vec![7; 16 * 1024]);
        let fed = (0..100).take_while(|_| stream.feed(frame.clone()).now_or_never().is_some()).count();
        assert_eq!(fed, 4);
    });
}
