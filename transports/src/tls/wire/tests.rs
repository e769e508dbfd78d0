//! Writes that find no room, or nobody.

use super::*;
use crate::byte_pipe;
use arbour::testing::block_on;
use std::future::poll_fn;
use tokio::io::AsyncWriteExt;

#[test]
fn of_several_slices_what_has_gone_is_told_although_the_next_has_no_room() {
    block_on(async {
        let (stream, _peer) = byte_pipe(3);
        let mut wire = Wire::new(stream, &Bytes::new());
        let slices = [b"abc", b"def"].map(|slice| IoSlice::new(slice));
        let written = poll_fn(|cx| match Pin::new(&mut wire).poll_write_vectored(cx, &slices) {
            Poll::Ready(written) => Poll::Ready(written.ok()),
            Poll::Pending => Poll::Ready(None),
        });
        assert_eq!(written.await, Some(3), "who is told nothing sends the same bytes again");
    });
}

#[test]
fn a_peer_that_takes_nothing_is_waited_for_until_the_deadline() {
    block_on(async {
        let (stream, _peer) = byte_pipe(3);
        let mut wire = Wire::new(stream, &Bytes::new());
        wire.begin_deadline(Duration::from_secs(1));
        let written = tokio::time::timeout(Duration::from_secs(2), wire.write_all(b"hello")).await;
        assert_eq!(written.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    });
}

#[test]
fn what_is_written_to_a_peer_that_has_gone_is_taken_and_that_it_has_gone_is_known() {
    block_on(async {
        let (stream, peer) = byte_pipe(64);
        let mut wire = Wire::new(stream, &Bytes::new());
        drop(peer);
        for _ in 0..2 {
            wire.write_all(b"hello").await.unwrap();
            wire.flush().await.unwrap();
            assert_eq!(wire.gone().map(|gone| gone.kind), Some(io::ErrorKind::BrokenPipe));
        }
    });
}
