//! Descriptors that travel with datagrams and packets.

use super::*;
use crate::unix::{ConnectedUnixDatagram, UnixDatagram, UnixPackets};
use arbour::testing::block_on;
use std::io::{PipeReader, Read, Write, pipe};

/// That it is the other end of a pipe shows in what comes out there.
#[track_caller]
fn assert_carried(received: ReceivedDescriptors, bytes: &str, mut reader: PipeReader) {
    assert_eq!((&*received.bytes, received.closed, received.cut), (bytes.as_bytes(), 0, false));
    let [writer] = <[OwnedFd; 1]>::try_from(received.descriptors).unwrap();
    std::fs::File::from(writer).write_all(b"through").unwrap();
    let mut came = String::new();
    reader.read_to_string(&mut came).unwrap();
    assert_eq!(came, "through");
}

#[test]
fn they_go_with_a_datagram_to_anybody() {
    block_on(async {
        let at = |name| std::env::temp_dir().join(format!("arbour-carry-{}-{name}", std::process::id()));
        let (one, other) = (UnixDatagram::bind(at("one")).unwrap(), UnixDatagram::bind(at("other")).unwrap());
        let (reader, writer) = pipe().unwrap();
        one.send_fds_to(b"here", &[writer], other.local_address()).await.unwrap();
        let (received, from) = other.receive_fds(1).await.unwrap();
        assert_eq!(&from, one.local_address());
        assert_carried(received, "here", reader);
    });
}

#[test]
fn they_go_with_a_datagram_to_a_peer_and_one_without_is_received_all_the_same() {
    block_on(async {
        let (one, other) = ConnectedUnixDatagram::pair().unwrap();
        let (reader, writer) = pipe().unwrap();
        one.send_fds(b"", &[writer]).await.unwrap();
        assert_carried(other.receive_fds(1).await.unwrap(), "", reader);
        one.send(b"bare").await.unwrap();
        assert!(other.receive_fds(1).await.unwrap().descriptors.is_empty());
        let none: [OwnedFd; 0] = [];
        assert!(matches!(one.send_fds(b"?", &none).await, Err(DescriptorError::NoDescriptors)));
    });
}

#[test]
fn they_go_with_a_packet_and_end_with_the_stream() {
    block_on(async {
        let (one, other) = UnixPackets::pair().unwrap();
        let (reader, writer) = pipe().unwrap();
        one.send_fds(b"here", &[writer]).await.unwrap();
        assert_carried(other.receive_fds(1).await.unwrap().unwrap(), "here", reader);
        let (reader, writer) = pipe().unwrap();
        assert!(matches!(one.send_fds(b"", &[&writer]).await, Err(DescriptorError::NoBytes)));

        let other = other.receive_at_most(3);
        one.send_fds(b"long", &[writer]).await.unwrap();
        let cut = other.receive_fds(1).await.unwrap_err();
        assert!(
            matches!(cut, DescriptorError::Datagram(DatagramError::Truncated { length: 4, .. })),
            "{cut}"
        );
        assert_eq!((&reader).read(&mut [0]).unwrap(), 0, "what came with it is closed");
        one.close();
        assert!(other.receive_fds(1).await.unwrap().is_none());
    });
}
