//! Streams of others beside ours.

use super::*;
use crate::attributes::{Family, LocalUnixAddress, PeerCredentials, RemoteAddress};
use crate::tcp::{TcpListener, TcpStream};
use crate::unix::{UnixListener, UnixStream};
use crate::{ByteReceiveExt, ByteSendExt, ByteStream};
use arbour::testing::block_on;
use std::net::SocketAddr;

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 80))
}

#[test]
fn it_has_the_attributes_that_it_was_given_and_of_two_the_last() {
    let stream = Foreign::new(()).with::<RemoteAddress>(address(1)).with::<RemoteAddress>(address(2));
    assert_eq!(stream.attribute::<RemoteAddress>(), Some(address(2)));
    assert!(stream.attribute::<Family>().is_none());
    assert!(format!("{stream:?}").contains("192.0.2.2:80"), "{stream:?}");
}

#[test]
fn halves_and_boxes_of_others_are_byte_streams_too() {
    block_on(async {
        let (one, other) = tokio::io::duplex(64);
        let (read, write) = tokio::io::split(one);
        let (mut receive, mut send) = (Foreign::new(read), Foreign::new(write));
        let mut other: Box<dyn ByteStream> = Box::new(Foreign::new(Box::new(other)));
        send.send(b"question").await.unwrap();
        assert_eq!(other.receive(64).await.unwrap().unwrap(), "question");
        other.send(b"answer").await.unwrap();
        other.send_eof().await.unwrap();
        assert_eq!(receive.receive(64).await.unwrap().unwrap(), "answer");
        assert!(receive.receive(64).await.unwrap().is_none());
    });
}

#[test]
fn sockets_of_tokio_become_ours_with_their_attributes() {
    block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TcpListener::try_from(listener).unwrap();
        let theirs = tokio::net::TcpStream::connect(listener.local_address()).await.unwrap();
        let ours = TcpStream::from(theirs);
        let accepted = listener.accept().await.unwrap();
        assert_eq!(ours.attribute::<RemoteAddress>(), Some(listener.local_address()));
        assert!(ours.no_delay().unwrap());
        ours.send(b"hello").await.unwrap();
        assert_eq!(accepted.receive(64).await.unwrap().unwrap(), "hello");
    });
}

#[test]
fn unix_sockets_of_tokio_become_ours_and_the_file_stays() {
    block_on(async {
        let path = std::env::temp_dir().join(format!("arbour-of-tokio-{}", std::process::id()));
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let listener = UnixListener::try_from(listener).unwrap();
        let ours = UnixStream::from(tokio::net::UnixStream::connect(&path).await.unwrap());
        let accepted = listener.accept().await.unwrap();
        assert_eq!(accepted.attribute::<LocalUnixAddress>().unwrap().as_path(), Some(path.as_path()));
        let pid = accepted.attribute::<PeerCredentials>().unwrap().pid;
        assert_eq!(pid, Some(std::process::id().cast_signed()));
        ours.send(b"hello").await.unwrap();
        assert_eq!(accepted.receive(64).await.unwrap().unwrap(), "hello");
        drop(listener);
        std::fs::remove_file(&path).expect("it was not ours to remove");
    });
}
