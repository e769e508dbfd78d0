//! What was received and not asked for, and how much memory is kept with it.

use super::*;
use crate::{ByteReceiveExt, ByteSendExt, byte_pipe};
use arbour::CancelScope;
use arbour::testing::block_on;
use futures::FutureExt;
use std::collections::BTreeSet;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufWriter};

#[test]
fn small_pieces_that_are_kept_share_their_blocks() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let mut server = Buffered::new(server);
        let mut kept = Vec::new();
        for _ in 0..1000 {
            client.send(b"12345").await.unwrap();
            kept.push(server.receive_exactly(5).await.unwrap());
        }
        // Pieces of one block stand one behind the other.
        let begins: BTreeSet<usize> = kept.iter().map(|piece| piece.as_ptr().addr()).collect();
        let blocks = begins.iter().filter(|begin| !begins.contains(&(**begin - 5))).count();
        assert!(blocks <= 2, "5,000 bytes are kept in {blocks} blocks");
    });
}

#[test]
fn in_a_cancelled_scope_nothing_is_taken_off_the_buffer() {
    block_on(async {
        let mut server = Buffered::new(byte_pipe(64).1);
        server.feed(b"12;");
        cancelled(async || drop(server.receive_exactly(2).await)).await;
        cancelled(async || drop(server.receive_until(b";", 10).await)).await;
        assert_eq!(server.buffer(), b"12;");
    });
}

/// Does this in a scope that is cancelled, which it must not outlive.
pub(crate) async fn cancelled(act: impl AsyncFnOnce()) {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let ran = scope.run(async {
        handle.cancel("enough");
        act().await;
    });
    assert!(ran.await.is_err());
}

#[test]
fn what_is_in_the_buffer_is_given_without_waiting_for_more() {
    block_on(async {
        let (_client, server) = byte_pipe(64);
        let mut server = Buffered::new(server);
        server.feed(b"12");
        let given = AsyncBufReadExt::fill_buf(&mut server).now_or_never();
        assert_eq!(given.expect("nothing has to be waited for").unwrap(), b"12");
    });
}

#[test]
fn what_is_sent_and_flushed_has_left() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let mut server = Buffered::new(BufWriter::new(server));
        server.write_all(b"hello").await.unwrap();
        server.flush().await.unwrap();
        let received = client.receive(64).now_or_never().expect("nothing is held back");
        assert_eq!(received.unwrap().unwrap(), "hello");
    });
}

#[test]
fn a_delimiter_is_found_in_whatever_was_put_before_what_was_searched_or_moved_to_its_place() {
    block_on(async {
        let (_client, server) = byte_pipe(64);
        let mut server = Buffered::new(server);
        server.feed(b"abcdef");
        assert!(server.receive_until(b";", 10).now_or_never().is_none());
        assert_eq!(server.receive_exactly(4).await.unwrap(), "abcd");
        server.feed(b";gh");
        let found = server.receive_until(b";", 10).now_or_never();
        assert_eq!(found.expect("what was taken moves the rest").unwrap(), "ef");

        assert!(server.receive_until(b";", 10).now_or_never().is_none());
        server.push_back(b"x;");
        let found = server.receive_until(b";", 10).now_or_never();
        assert_eq!(found.expect("it was put back").unwrap(), "x");

        assert!(server.receive_until(b";", 10).now_or_never().is_none());
        AsyncBufReadExt::consume(&mut server, 2);
        server.feed(b";");
        let found = server.receive_until(b";", 10).now_or_never();
        assert_eq!(found.expect("what was consumed moves the rest").unwrap(), "");
    });
}
