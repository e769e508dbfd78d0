//! Datagrams, packets and descriptors that are watched: whoever is stopped at whichever poll, nothing that was
//! sent is lost or doubled, and what was not sent never is.

use crate::support::{sweep, turns};
use arbour::stream::ObjectReceive;
use arbour::transports::readiness::Readiness;
use arbour::transports::udp::{UdpBind, UdpSocket};
use arbour::transports::unix::{
    ConnectedUnixDatagram, ReceivedDescriptors, UnixDatagram, UnixPacketListener, UnixPackets,
};
use bytes::Bytes;
use futures::{SinkExt, StreamExt, future};
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// A path for the socket of one test.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("arbour-datagrams-{}-{name}", std::process::id()))
}

/// The numbers that came in are the first ones, and all of them if the scenario was not stopped.
fn check(received: &RefCell<Vec<u8>>, all: u8, finished: bool) {
    let received = received.take();
    assert!(received.iter().copied().eq(0..received.len() as u8), "{received:?}");
    assert!(!finished || received.len() == usize::from(all), "{received:?}");
}

#[test]
fn udp_datagrams() {
    let received = RefCell::new(Vec::new());
    let scenario = || async {
        let mut socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let client = UdpBind::new().connect(socket.local_address()).await.unwrap();
        client.send(&[0]).await.unwrap();
        let (bytes, from) = socket.receive().await.unwrap();
        received.borrow_mut().extend(bytes);
        socket.send_to(&[1], from).await.unwrap();
        let bytes = client.receive().await.unwrap();
        received.borrow_mut().extend(bytes);
        client.send(&[2]).await.unwrap();
        let bytes = socket.next().await.unwrap().unwrap().0;
        received.borrow_mut().extend(bytes);
    };
    sweep(scenario, |run| check(&received, 3, run.output.is_some()));
}

#[test]
fn unix_datagrams_to_whom_has_no_room() {
    let (received, at) = (RefCell::new(Vec::new()), path("full"));
    let scenario = || async {
        let (receiver, sender) = (UnixDatagram::bind(&at).unwrap(), UnixDatagram::unbound().unwrap());
        let sending = async {
            // More than a queue of Linux holds unless it is told otherwise.
            for n in 0..20 {
                sender.send_to(&[n], receiver.local_address()).await.unwrap();
            }
        };
        let receiving = async {
            turns(3).await;
            for _ in 0..20 {
                let bytes = receiver.receive().await.unwrap().0;
                received.borrow_mut().extend(bytes);
            }
        };
        future::join(sending, receiving).await;
    };
    sweep(scenario, |run| {
        check(&received, 20, run.output.is_some());
        assert!(!at.exists(), "the file of the socket stays");
    });
}

#[test]
fn connected_unix_datagrams() {
    let received = RefCell::new(Vec::new());
    let scenario = || async {
        let (one, mut other) = ConnectedUnixDatagram::pair().unwrap();
        one.send(&[0]).await.unwrap();
        let bytes = other.receive().await.unwrap();
        received.borrow_mut().extend(bytes);
        one.send(&[1]).await.unwrap();
        let bytes = other.next().await.unwrap().unwrap();
        received.borrow_mut().extend(bytes);
    };
    sweep(scenario, |run| check(&received, 2, run.output.is_some()));
}

#[test]
fn packets() {
    let (received, at) = (RefCell::new(Vec::new()), path("packets"));
    let scenario = || async {
        let listener = UnixPacketListener::bind(&at).unwrap();
        let client = UnixPackets::connect(&at).await.unwrap();
        let mut server = listener.accept().await.unwrap();
        for n in 0..3 {
            client.send(&[n]).await.unwrap();
        }
        client.send_eof().await.unwrap();
        let bytes = server.receive().await.unwrap().unwrap();
        received.borrow_mut().extend(bytes);
        let bytes = server.recv().await.unwrap().unwrap();
        received.borrow_mut().extend(bytes);
        while let Some(packet) = server.next().await {
            received.borrow_mut().extend(packet.unwrap());
        }
    };
    sweep(scenario, |run| check(&received, 3, run.output.is_some()));
}

#[test]
fn sinks_of_datagrams_and_packets() {
    let (received, at) = (RefCell::new(Vec::new()), path("sinks"));
    let item = |number| Bytes::copy_from_slice(&[number]);
    let scenario = || async {
        let mut reader = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let mut connected = UdpBind::new().connect(reader.local_address()).await.unwrap();
        SinkExt::send(&mut connected, item(0)).await.unwrap();
        let (bytes, from) = reader.receive().await.unwrap();
        received.borrow_mut().extend(bytes);
        SinkExt::send(&mut reader, (item(1), from)).await.unwrap();
        let bytes = connected.receive().await.unwrap();
        received.borrow_mut().extend(bytes);

        let (mut packets, peer) = UnixPackets::pair().unwrap();
        SinkExt::send(&mut packets, item(2)).await.unwrap();
        SinkExt::close(&mut packets).await.unwrap();
        while let Some(bytes) = peer.receive().await.unwrap() {
            received.borrow_mut().extend(bytes);
        }

        let (reader, mut sender) = (UnixDatagram::bind(&at).unwrap(), UnixDatagram::unbound().unwrap());
        let sending = async {
            for number in 3..23 {
                SinkExt::send(&mut sender, (item(number), reader.local_address().clone())).await.unwrap();
            }
        };
        let receiving = async {
            turns(3).await;
            for _ in 0..20 {
                let bytes = reader.receive().await.unwrap().0;
                received.borrow_mut().extend(bytes);
            }
        };
        future::join(sending, receiving).await;
    };
    sweep(scenario, |run| check(&received, 23, run.output.is_some()));
}

#[test]
fn descriptors_with_datagrams_and_packets() {
    let (received, at) = (RefCell::new(Vec::new()), path("carried"));
    let carried = |got: ReceivedDescriptors| {
        assert_eq!(got.descriptors.len(), 1);
        received.borrow_mut().extend(got.bytes);
    };
    let scenario = || async {
        let (reader, _writer) = std::io::pipe().unwrap();
        let (one, other) = ConnectedUnixDatagram::pair().unwrap();
        one.send_fds(&[0], &[&reader]).await.unwrap();
        carried(other.receive_fds(1).await.unwrap());

        let (one, other) = UnixPackets::pair().unwrap();
        one.send_fds(&[1], &[&reader]).await.unwrap();
        carried(other.receive_fds(1).await.unwrap().unwrap());

        let (receiver, sender) = (UnixDatagram::bind(&at).unwrap(), UnixDatagram::unbound().unwrap());
        let sending = async {
            for number in 2..22 {
                sender.send_fds_to(&[number], &[&reader], receiver.local_address()).await.unwrap();
            }
        };
        let receiving = async {
            turns(3).await;
            for _ in 0..20 {
                carried(receiver.receive_fds(1).await.unwrap().0);
            }
        };
        future::join(sending, receiving).await;
    };
    sweep(scenario, |run| check(&received, 22, run.output.is_some()));
}

#[test]
fn a_descriptor_that_is_watched() {
    let scenario = || async {
        let (reader, writer) = std::io::pipe().unwrap();
        let (reads, writes) = (Readiness::of(&reader).unwrap(), Readiness::of(&writer).unwrap());
        writes.writable().await.unwrap();
        drop((writer, writes));
        reads.readable().await.unwrap();
    };
    sweep(scenario, |_| ());
}
