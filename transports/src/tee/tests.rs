//! A copy that is slow to be flushed.

use super::*;
use crate::{ByteReceiveExt, ByteSendExt, byte_pipe, one_way_pipe};
use arbour::testing::block_on;
use futures::FutureExt;
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

#[test]
fn what_a_reader_had_before_is_not_copied() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let (copy, mut record) = one_way_pipe(64);
        let mut server = Tee::new(server, copy);
        client.send(b"world").await.unwrap();
        let mut room = [0; 64];
        let mut to = ReadBuf::new(&mut room);
        to.put_slice(b"hello ");
        std::future::poll_fn(|cx| Pin::new(&mut server).poll_read(cx, &mut to)).await.unwrap();
        assert_eq!(to.filled(), b"hello world");
        assert_eq!(record.receive(64).await.unwrap().unwrap(), "world");
    });
}

#[test]
fn a_copy_that_nobody_takes_any_more_is_let_go_and_the_stream_goes_on() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let (copy, record) = one_way_pipe(64);
        let mut server = Tee::new(server, copy);
        drop(record);
        for said in ["hello", "world"] {
            client.send(said.as_bytes()).await.unwrap();
            assert_eq!(server.receive(64).await.unwrap().unwrap(), said);
        }
        let (_server, copy, rest) = server.into_parts();
        assert!(copy.is_none() && rest.is_empty(), "{rest:?} is kept for nobody");
    });
}

#[test]
fn what_is_sent_and_flushed_has_left() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let mut server = Tee::new(BufWriter::new(server), one_way_pipe(64).0);
        tokio::io::AsyncWriteExt::write_all(&mut server, b"hello").await.unwrap();
        tokio::io::AsyncWriteExt::flush(&mut server).await.unwrap();
        let received = client.receive(64).now_or_never().expect("nothing is held back");
        assert_eq!(received.unwrap().unwrap(), "hello");
    });
}
