//! Sockets of messages as sinks of futures.

use crate::udp::{DatagramError, UdpBind, UdpSocket};
use crate::unix::{ConnectedUnixDatagram, UnixDatagram, UnixPackets};
use crate::{ByteReceiveExt, ByteSendExt, FromChunks};
use arbour::testing::block_on;
use bytes::Bytes;
use futures::future::join;
use futures::{SinkExt, StreamExt};
use std::net::Ipv4Addr;

#[test]
fn bytes_go_both_ways_over_packets_and_so_do_ends() {
    block_on(async {
        let (one, other) = UnixPackets::pair().unwrap();
        let (mut one, mut other) = (FromChunks::new(one), FromChunks::new(other));
        one.send(b"question").await.unwrap();
        one.send_eof().await.unwrap();
        assert_eq!(other.receive(64).await.unwrap().unwrap(), "question");
        assert!(other.receive(64).await.unwrap().is_none());
        other.send(b"answer").await.unwrap();
        assert_eq!(one.receive(64).await.unwrap().unwrap(), "answer");
    });
}

#[test]
fn what_cannot_be_sent_is_given_back_and_what_stands_behind_it_goes_on() {
    block_on(async {
        let reader = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let mut sink = UdpBind::new().connect(reader.local_address()).await.unwrap();
        let too_large = Bytes::from(vec![0; 65_508]);
        for item in [too_large.clone(), "behind it".into()] {
            sink.start_send_unpin(item).unwrap();
        }
        let refused = SinkExt::flush(&mut sink).await.unwrap_err();
        assert!(matches!(refused.error, DatagramError::TooLarge { .. }), "{refused}");
        assert_eq!(refused.item, too_large);
        SinkExt::close(&mut sink).await.unwrap();
        assert_eq!(reader.receive().await.unwrap().0, "behind it");

        let (mut packets, _peer) = UnixPackets::pair().unwrap();
        let refused = SinkExt::send(&mut packets, Bytes::new()).await.unwrap_err();
        assert!(matches!(refused.error, DatagramError::Empty), "{refused}");
    });
}

/// More than a queue of Linux holds unless it is told otherwise.
const MANY: u8 = 50;

fn numbers() -> impl Iterator<Item = Bytes> {
    (0..MANY).map(|number| Bytes::copy_from_slice(&[number]))
}

#[test]
fn a_sink_waits_while_the_receiver_is_full() {
    block_on(async {
        let path = std::env::temp_dir().join(format!("arbour-sink-{}", std::process::id()));
        let reader = UnixDatagram::bind(path).unwrap();
        let mut sink = UnixDatagram::unbound().unwrap();
        let to = reader.local_address().clone();
        let mut addressed = futures::stream::iter(numbers().map(|number| Ok((number, to.clone()))));
        let received = reader.take(MANY.into()).map(|received| received.unwrap().0).collect::<Vec<_>>();
        let (sent, received) = join(sink.send_all(&mut addressed), received).await;
        sent.unwrap();
        assert!(received.into_iter().eq(numbers()));

        let (mut sink, reader) = ConnectedUnixDatagram::pair().unwrap();
        let mut items = futures::stream::iter(numbers().map(Ok));
        let received = reader.take(MANY.into()).map(Result::unwrap).collect::<Vec<_>>();
        let (sent, received) = join(sink.send_all(&mut items), received).await;
        sent.unwrap();
        assert!(received.into_iter().eq(numbers()));
    });
}
