//! What is done to both halves, or to one of them, and not only to the stream.

use super::*;
use crate::attributes::RemoteAddress;
use crate::{AttributesExt, ByteReceiveExt, Foreign, one_way_pipe};
use arbour::stream::memory_stream;
use arbour::testing::block_on;
use futures::{FutureExt, SinkExt};
use tokio::io::{AsyncWriteExt, BufWriter};

#[test]
fn bytes_that_are_sent_and_flushed_have_left() {
    block_on(async {
        let (tx, mut sent) = one_way_pipe(64);
        let (_peer, rx) = one_way_pipe(64);
        let mut both = Stapled::new(BufWriter::new(tx), rx);
        both.write_all(b"hello").await.unwrap();
        both.flush().await.unwrap();
        let received = sent.receive(64).now_or_never().expect("nothing is held back");
        assert_eq!(received.unwrap().unwrap(), "hello");
    });
}

#[test]
fn objects_that_are_fed_leave_when_they_are_flushed_or_the_sink_is_closed() {
    block_on(async {
        let (tx, sent) = memory_stream(8);
        let (_peer, rx) = memory_stream::<()>(8);
        let mut both = StapledObjects::new(tx.buffer(8), rx);
        both.feed("one").await.unwrap();
        assert!(sent.recv().now_or_never().is_none(), "it is not flushed");
        SinkExt::flush(&mut both).await.unwrap();
        assert_eq!(sent.recv().now_or_never(), Some(Ok("one")));
        both.feed("two").await.unwrap();
        SinkExt::close(&mut both).await.unwrap();
        assert_eq!(sent.recv().now_or_never(), Some(Ok("two")));
        assert!(matches!(sent.recv().now_or_never(), Some(Err(_))), "the sending half is gone");
        assert!(both.recv().now_or_never().is_none(), "the receiving half is not");
        let refused = both.feed("three").await;
        assert!(matches!(refused, Err(StapledError::Ended { item: "three" })), "{refused:?}");
    });
}

#[test]
fn closed_it_has_let_go_of_both_halves() {
    block_on(async {
        let (tx, sent) = memory_stream::<()>(8);
        let (peer, rx) = memory_stream::<()>(8);
        let mut both = StapledObjects::new(tx, rx);
        both.close();
        assert!(matches!(sent.recv().now_or_never(), Some(Err(_))), "nobody sends any more");
        assert!(peer.send(()).await.is_err(), "nobody receives any more");
        assert!(matches!(ObjectSend::send(&mut both, ()).await, Err(StapledError::Ended { item: () })));
        assert!(matches!(both.recv().await, Err(StapledReceiveError::Closed)));
    });
}

#[test]
fn where_both_halves_have_an_attribute_that_of_the_receiving_one_counts() {
    let half = |address: &str| Foreign::new(()).with::<RemoteAddress>(address.parse().unwrap());
    let (send, receive) = (half("192.0.2.1:80"), half("192.0.2.2:80"));
    let objects = StapledObjects::new(&send, &receive);
    assert_eq!(objects.attribute::<RemoteAddress>(), Some("192.0.2.2:80".parse().unwrap()));
    let bytes = Stapled::new(&send, &receive);
    assert_eq!(bytes.attribute::<RemoteAddress>(), Some("192.0.2.2:80".parse().unwrap()));
}
