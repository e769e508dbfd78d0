//! A copy that is slow to be flushed.

use super::*;
use crate::{ByteReceiveExt, ByteSendExt, byte_pipe, one_way_pipe};
use arbour::testing::block_on;
use tokio::io::BufWriter;

#[test]
fn a_flush_that_was_pending_is_finished_before_the_end_is_told() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let (copy, mut record) = one_way_pipe(3);
        let mut server = Tee::new(server, BufWriter::new(copy));
        client.send(b"hello").await.unwrap();
        drop(client);
        let receive = async {
            while server.receive(64).await.unwrap().is_some() {}
            drop(server);
        };
        let read = async {
            let mut copied = Vec::new();
            while let Some(bytes) = record.receive(64).await.unwrap() {
                copied.extend_from_slice(&bytes);
            }
            copied
        };
        let ((), copied) = futures::future::join(receive, read).await;
        assert_eq!(copied, b"hello");
    });
}

#[test]
fn taken_apart_it_gives_back_what_is_not_copied_yet() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let (copy, mut record) = one_way_pipe(3);
        let mut server = Tee::new(server, copy);
        client.send(b"hello").await.unwrap();
        assert_eq!(server.receive(64).await.unwrap().unwrap(), "hello");
        assert!(server.copy().is_some());
        let (_server, copy, rest) = server.into_parts();
        assert!(copy.is_some());
        assert_eq!((record.receive(64).await.unwrap().unwrap(), rest), ("hel".into(), "lo".into()));
    });
}
