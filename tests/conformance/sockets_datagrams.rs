//! Unix datagram sockets, connected to one peer and not.

use crate::descriptors::{Folder, OpenSocket, poll_in_own_turn};
use crate::support::soon;
use arbour::stream::{ObjectReceive, ObjectSend};
use arbour::testing::wait_all_tasks_blocked;
use arbour::transports::attributes::{AddressFamily, Family, LocalUnixAddress, RemoteUnixAddress};
use arbour::transports::unix::{ConnectedUnixDatagram, DatagramError, UnixAddress, UnixBind, UnixDatagram};
use arbour::transports::{AttributeError, AttributesExt};
use arbour::{CancelScope, checkpoint};
use futures::StreamExt;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram as Foreign;
use std::sync::Arc;

fn pair(folder: &Folder) -> (UnixDatagram, UnixDatagram) {
    let bind = |name| UnixDatagram::bind(folder.path(name)).unwrap();
    (bind("one"), bind("other"))
}

mod anyio_sockets {
    use super::*;

    #[arbour::test]
    async fn unixdatagramsocket_extra_attributes() {
        let folder = Folder::new();
        let (one, _) = pair(&folder);
        assert_eq!(one.require::<LocalUnixAddress>().unwrap().as_path(), Some(&*folder.path("one")));
        assert_eq!(one.attribute::<Family>(), Some(AddressFamily::Unix));
        assert!(matches!(one.require::<RemoteUnixAddress>(), Err(AttributeError::Missing { .. })));
        assert!(UnixDatagram::unbound().unwrap().local_address().is_unnamed());
    }

    #[arbour::test]
    async fn unixdatagramsocket_send_receive() {
        let folder = Folder::new();
        let (mut one, mut other) = pair(&folder);
        one.send_to(b"packet", other.local_address()).await.unwrap();
        let (packet, from) = soon(other.receive()).await.unwrap();
        assert_eq!((&*packet, &from), (&b"packet"[..], one.local_address()));
        other.send((packet, from)).await.unwrap();
        assert_eq!(soon(one.recv()).await.unwrap().unwrap().0, "packet");
        UnixDatagram::unbound().unwrap().send_to(b"of nobody", one.local_address()).await.unwrap();
        let (packet, from) = soon(one.receive()).await.unwrap();
        assert_eq!((&*packet, from.is_unnamed()), (&b"of nobody"[..], true));
    }

    #[arbour::test]
    async fn unixdatagramsocket_iterate() {
        let folder = Folder::new();
        let (one, mut other) = pair(&folder);
        for packet in ["first", "", "last"] {
            one.send_to(packet.as_bytes(), other.local_address()).await.unwrap();
        }
        for packet in ["first", "", "last"] {
            let (received, from) = soon(other.next()).await.unwrap().unwrap();
            assert_eq!((&*received, &from), (packet.as_bytes(), one.local_address()));
        }
        other.close();
        assert!(soon(other.next()).await.is_none());
    }

    #[arbour::test]
    async fn unixdatagramsocket_concurrent_receive() {
        let folder = Folder::new();
        let (one, other) = pair(&folder);
        let other = Arc::new(other);
        let first = Arc::clone(&other);
        let receiving = tokio::spawn(async move { first.receive().await.unwrap().0 });
        wait_all_tasks_blocked().await;
        let Err(DatagramError::Busy(busy)) = other.receive().await else { panic!("two receive at a time") };
        assert_eq!(busy.action, "receiving from this Unix datagram socket");
        one.send_to(b"for the first", other.local_address()).await.unwrap();
        assert_eq!(soon(receiving).await.unwrap(), "for the first");
    }

    #[arbour::test]
    async fn unixdatagramsocket_close_during_receive() {
        let folder = Folder::new();
        let socket = Arc::new(pair(&folder).0);
        let (blocked, open) = (Arc::clone(&socket), OpenSocket::of(&socket));
        let receiving = tokio::spawn(async move { blocked.receive().await.map(drop) });
        wait_all_tasks_blocked().await;
        socket.close();
        assert!(!open.is_open() && !folder.path("one").exists());
        assert!(matches!(soon(receiving).await.unwrap(), Err(DatagramError::Closed)));
    }

    #[arbour::test]
    async fn unixdatagramsocket_aclose_in_cancelled_scope_raises_cancelled_exc() {
        let folder = Folder::new();
        let (socket, _other) = pair(&folder);
        let open = OpenSocket::of(&socket);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let ended = scope.run(async {
            handle.cancel("enough");
            socket.close();
            assert!(!open.is_open() && !folder.path("one").exists());
            checkpoint().await;
            unreachable!("the scope is cancelled");
        });
        assert!(ended.await.is_err());
    }

    #[arbour::test]
    async fn unixdatagramsocket_send_after_close() {
        let folder = Folder::new();
        let (mut socket, other) = pair(&folder);
        socket.close();
        let refused = socket.send_to(b"x", other.local_address()).await;
        assert!(matches!(refused, Err(DatagramError::Closed)));
        let refused = socket.send((b"mine"[..].into(), other.local_address().clone())).await.unwrap_err();
        assert_eq!(refused.item.0, "mine", "it is given back");
    }

    #[arbour::test]
    async fn unixdatagramsocket_from_socket() {
        let folder = Folder::new();
        let foreign = Foreign::bind(folder.path("foreign")).unwrap();
        let socket = UnixDatagram::from_descriptor(foreign).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.send_to(b"taken over", socket.local_address()).await.unwrap();
        assert_eq!(soon(socket.receive()).await.unwrap().0, "taken over");
        drop(socket);
        assert!(folder.path("foreign").exists(), "its file is not ours");
    }

    #[arbour::test]
    async fn unixdatagramsocket_from_socket_wrong_socket_type() {
        let (stream, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let refused = UnixDatagram::from_descriptor(stream).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a Unix datagram socket that is not connected is needed, and this is a stream socket of the Unix \
             family"
        );
    }

    #[arbour::test]
    async fn connectedunixdatagramsocket_extra_attributes() {
        let folder = Folder::new();
        let (_one, other) = pair(&folder);
        let bind = UnixBind::at(folder.path("client")).unwrap();
        let client = bind.connect_datagrams(other.local_address()).unwrap();
        assert_eq!(client.require::<LocalUnixAddress>().unwrap().as_path(), Some(&*folder.path("client")));
        assert_eq!(client.require::<RemoteUnixAddress>().unwrap(), *other.local_address());
        client.send(b"question").await.unwrap();
        let (_question, from) = soon(other.receive()).await.unwrap();
        other.send_to(b"answer", &from).await.unwrap();
        assert_eq!(soon(client.receive()).await.unwrap(), "answer");
        drop(client);
        assert!(!folder.path("client").exists());
    }

    #[arbour::test]
    async fn connectedunixdatagramsocket_close_during_receive() {
        let (one, _other) = ConnectedUnixDatagram::pair().unwrap();
        let one = Arc::new(one);
        let (blocked, open) = (Arc::clone(&one), OpenSocket::of(&one));
        let receiving = tokio::spawn(async move { blocked.receive().await });
        wait_all_tasks_blocked().await;
        one.close();
        assert!(!open.is_open());
        assert!(matches!(soon(receiving).await.unwrap(), Err(DatagramError::Closed)));
    }

    #[arbour::test]
    async fn connectedunixdatagramsocket_send_after_close() {
        let (one, _other) = ConnectedUnixDatagram::pair().unwrap();
        one.close();
        assert!(matches!(one.send(b"x").await, Err(DatagramError::Closed)));
    }

    #[arbour::test]
    async fn connectedunixdatagramsocket_from_socket() {
        let (one, other) = Foreign::pair().unwrap();
        let mut one = ConnectedUnixDatagram::from_descriptor(one).unwrap();
        let mut other = ConnectedUnixDatagram::from_descriptor(other).unwrap();
        ObjectSend::send(&mut one, b"taken over"[..].into()).await.unwrap();
        assert_eq!(soon(other.next()).await.unwrap().unwrap(), "taken over");
    }

    #[arbour::test]
    async fn connectedunixdatagramsocket_from_socket_not_connected() {
        let refused = ConnectedUnixDatagram::from_descriptor(Foreign::unbound().unwrap()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a connected Unix datagram socket is needed, and this one is not connected"
        );
    }
}

/// What the lists do not ask for.
mod further {
    use super::*;

    /// Linux does not tell a socket that the queue of somebody to whom it is not connected has room again.
    #[arbour::test]
    async fn who_sends_to_a_full_queue_waits_for_its_room_and_for_no_other() {
        let folder = Folder::new();
        let (one, full) = pair(&folder);
        let third = UnixDatagram::bind(folder.path("third")).unwrap();
        let one = Arc::new(one);
        let mut taken = 0;
        while poll_in_own_turn(one.send_to(b"x", full.local_address())).await.is_ready() {
            taken += 1;
        }
        let (sender, to) = (Arc::clone(&one), full.local_address().clone());
        let sending = tokio::spawn(async move { sender.send_to(b"the last", &to).await });
        wait_all_tasks_blocked().await;
        assert!(!sending.is_finished());
        sending.abort();
        assert!(sending.await.unwrap_err().is_cancelled());
        one.send_to(b"y", third.local_address()).await.unwrap();
        assert_eq!(soon(third.receive()).await.unwrap().0, "y", "whoever is not full is sent to");

        let (sender, to) = (Arc::clone(&one), full.local_address().clone());
        let sending = tokio::spawn(async move { sender.send_to(b"the last", &to).await });
        wait_all_tasks_blocked().await;
        for _ in 0..taken {
            assert_eq!(soon(full.receive()).await.unwrap().0, "x");
        }
        soon(sending).await.unwrap().unwrap();
        assert_eq!(
            soon(full.receive()).await.unwrap().0,
            "the last",
            "the one that was stopped left nothing"
        );
    }

    #[arbour::test]
    async fn a_receiver_that_goes_ends_the_wait_for_it() {
        let folder = Folder::new();
        let (one, full) = pair(&folder);
        let to = full.local_address().clone();
        while poll_in_own_turn(one.send_to(b"x", &to)).await.is_ready() {}
        let sending = tokio::spawn(async move { one.send_to(b"the last", &to).await });
        wait_all_tasks_blocked().await;
        full.close();
        match soon(sending).await.unwrap() {
            Err(DatagramError::System(error)) => assert_eq!(error.kind(), ErrorKind::NotFound),
            other => panic!("{other:?}"),
        }
    }

    #[arbour::test]
    async fn nobody_at_the_path_is_told_as_it_is() {
        let folder = Folder::new();
        let one = UnixDatagram::unbound().unwrap();
        drop(Foreign::bind(folder.path("stale")).unwrap());
        let stale = UnixAddress::try_from(folder.path("stale")).unwrap();
        assert!(matches!(one.send_to(b"x", &stale).await, Err(DatagramError::Refused(_))));
        UnixDatagram::bind(folder.path("stale")).unwrap();
        assert!(!folder.path("stale").exists());
    }
}
