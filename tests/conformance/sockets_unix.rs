//! Unix sockets: streams, listeners, descriptors sent along.

use crate::descriptors::{Folder, OpenSocket};
use crate::support::{soon, turns};
use arbour::testing::{check_byte_stream, check_listener, check_object_stream, wait_all_tasks_blocked};
use arbour::transports::attributes::{
    AddressFamily, Family, LocalAddress, LocalUnixAddress, PeerCredentials, RemoteUnixAddress,
};
use arbour::transports::unix::{
    DatagramError, DescriptorError, UnixAddress, UnixAddressError, UnixBind, UnixConnect, UnixListener,
    UnixPacketListener, UnixPackets, UnixStream,
};
use arbour::transports::{AcceptError, AttributesExt, Connect, NotConnected, StreamError, UnfitDescriptor};
use arbour::{CancelScope, checkpoint};
use bytes::Bytes;
use futures::StreamExt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Both ends of a connection through a listener at a path of this folder.
async fn connected(folder: &Folder) -> (Arc<UnixStream>, Arc<UnixStream>) {
    let listener = UnixListener::bind(folder.path("socket")).unwrap();
    let client = UnixStream::connect(folder.path("socket")).await.unwrap();
    let server = soon(listener.accept()).await.unwrap();
    (Arc::new(client), Arc::new(server))
}

fn pair() -> (Arc<UnixStream>, Arc<UnixStream>) {
    let (one, other) = UnixStream::pair().unwrap();
    (Arc::new(one), Arc::new(other))
}

/// More than a socket holds.
fn much() -> Vec<u8> {
    (0..1 << 20).map(|n: u32| n.to_le_bytes()[1]).collect()
}

/// Everything up to the end.
async fn everything(stream: &UnixStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(bytes) = stream.receive(1 << 16).await.unwrap() {
        all.extend_from_slice(&bytes);
    }
    all
}

/// A file with this content, to be read.
fn file(folder: &Folder, name: &str, content: &str) -> File {
    std::fs::write(folder.path(name), content).unwrap();
    File::open(folder.path(name)).unwrap()
}

fn content(descriptor: OwnedFd) -> String {
    let mut content = String::new();
    File::from(descriptor).read_to_string(&mut content).unwrap();
    content
}

/// Whether a program that is started would inherit it.
fn is_inherited(descriptor: &OwnedFd) -> bool {
    !rustix::io::fcntl_getfd(descriptor).unwrap().contains(rustix::io::FdFlags::CLOEXEC)
}

mod anyio_sockets {
    use super::*;

    #[arbour::test]
    async fn unixstream_extra_attributes() {
        let folder = Folder::new();
        let (client, server) = connected(&folder).await;
        let path = folder.path("socket");
        assert_eq!(client.attribute::<Family>(), Some(AddressFamily::Unix));
        assert_eq!(client.require::<RemoteUnixAddress>().unwrap().as_path(), Some(&*path));
        assert!(client.require::<LocalUnixAddress>().unwrap().is_unnamed());
        assert_eq!(server.require::<LocalUnixAddress>().unwrap().as_path(), Some(&*path));
        assert!(server.require::<RemoteUnixAddress>().unwrap().is_unnamed());
        assert_eq!(server.attribute::<LocalAddress>(), None, "there is no address of the Internet");
        let (peer, file) = (server.require::<PeerCredentials>().unwrap(), File::open(&path));
        assert!(file.is_err(), "a socket is not opened as a file");
        assert_eq!(peer.pid, Some(std::process::id().cast_signed()));
        let own = folder.path(".").metadata().unwrap();
        assert_eq!((peer.uid, peer.gid), (own.uid(), own.gid()));
    }

    #[arbour::test]
    async fn unixstream_send_receive() {
        let folder = Folder::new();
        let name = format!("\0arbour-{}-send-receive", std::process::id());
        for address in [folder.path("socket"), PathBuf::from(name)] {
            let listener = UnixListener::bind(&address).unwrap();
            let client = UnixStream::connect(&address).await.unwrap();
            let server = soon(listener.accept()).await.unwrap();
            client.send(b"question").await.unwrap();
            assert_eq!(soon(server.receive(100)).await.unwrap().unwrap(), "question");
            server.send(b"answer").await.unwrap();
            assert_eq!(soon(client.receive(100)).await.unwrap().unwrap(), "answer");
        }
    }

    #[arbour::test]
    async fn unixstream_send_receive_seqsocket() {
        let folder = Folder::new();
        let listener = UnixPacketListener::bind(folder.path("socket")).unwrap();
        let client = UnixPackets::connect(folder.path("socket")).await.unwrap();
        let mut server = soon(listener.accept()).await.unwrap();
        client.send(b"first").await.unwrap();
        client.send(b"second").await.unwrap();
        client.send_eof().await.unwrap();
        assert_eq!(soon(server.receive()).await.unwrap().unwrap(), "first");
        assert_eq!(soon(server.next()).await.unwrap().unwrap(), "second");
        assert!(soon(server.receive()).await.unwrap().is_none());
        assert!(soon(server.next()).await.is_none());
        server.send(b"answer").await.unwrap();
        assert_eq!(soon(client.receive()).await.unwrap().unwrap(), "answer");
        assert_eq!(client.require::<RemoteUnixAddress>().unwrap(), *listener.local_address());
    }

    #[arbour::test]
    async fn unixstream_send_large_buffer() {
        let (one, other) = pair();
        let (sent, all) = (much(), much());
        let sending = tokio::spawn(async move {
            one.send(&sent).await.unwrap();
            one.close();
        });
        assert_eq!(soon(everything(&other)).await, all);
        sending.await.unwrap();
    }

    #[arbour::test]
    async fn unixstream_receive_fds() {
        let folder = Folder::new();
        let (client, server) = connected(&folder).await;
        let files = [file(&folder, "one", "first"), file(&folder, "other", "second")];
        client.send_fds(b"x", &files).await.unwrap();
        let received = soon(server.receive_fds(10, 2)).await.unwrap().unwrap();
        assert_eq!((&*received.bytes, received.closed, received.cut), (&b"x"[..], 0, false));
        assert!(!received.descriptors.iter().any(is_inherited));
        let contents: Vec<String> = received.descriptors.into_iter().map(content).collect();
        assert_eq!(contents, ["first", "second"]);
    }

    /// A negative length has no type here; a maximum of nothing is refused, and so is more than can be.
    #[arbour::test]
    async fn unixstream_receive_fds_bad_args() {
        let (stream, _peer) = pair();
        let refused = stream.receive_fds(0, 1).await.unwrap_err();
        assert!(matches!(refused, DescriptorError::Stream(StreamError::ZeroMaximum)));
        let refused = stream.receive_fds(1, 0).await.unwrap_err();
        assert!(matches!(refused, DescriptorError::NoDescriptors));
        let refused = stream.receive_fds(1, 254).await.unwrap_err();
        assert_eq!(refused.to_string(), "254 descriptors are asked for: one message carries at most 253");
        let refused = stream.send_fds(b"", &[&*stream_file()]).await.unwrap_err();
        assert!(matches!(refused, DescriptorError::NoBytes));
        let refused = stream.send_fds(b"x", &[] as &[File]).await.unwrap_err();
        assert!(matches!(refused, DescriptorError::NoDescriptors));
    }

    fn stream_file() -> Arc<File> {
        Arc::new(File::open("/dev/null").unwrap())
    }

    #[arbour::test]
    async fn unixstream_send_fds_large_message() {
        let folder = Folder::new();
        let (one, other) = pair();
        let (sent, all) = (much(), much());
        let file = file(&folder, "file", "content");
        let sending = tokio::spawn(async move {
            one.send_fds(&sent, &[file]).await.unwrap();
            one.close();
        });
        let (mut bytes, mut descriptors) = (Vec::new(), Vec::new());
        while let Some(part) = soon(other.receive_fds(1 << 16, 8)).await.unwrap() {
            assert_eq!(bytes.is_empty(), !part.descriptors.is_empty(), "they come with the first bytes");
            bytes.extend_from_slice(&part.bytes);
            descriptors.extend(part.descriptors);
        }
        sending.await.unwrap();
        assert_eq!(bytes, all);
        assert_eq!(descriptors.into_iter().map(content).collect::<Vec<_>>(), ["content"]);
    }

    #[arbour::test]
    async fn unixstream_send_eof() {
        let folder = Folder::new();
        let (client, server) = connected(&folder).await;
        client.send(b"question").await.unwrap();
        client.send_eof().await.unwrap();
        assert_eq!(soon(everything(&server)).await, b"question");
        server.send(b"answer").await.unwrap();
        assert_eq!(soon(client.receive(100)).await.unwrap().unwrap(), "answer");
        assert!(matches!(client.send(b"more").await, Err(StreamError::Ended)));
    }

    #[arbour::test]
    async fn unixstream_concurrent_send() {
        let (one, other) = pair();
        let first = Arc::clone(&one);
        let sending = tokio::spawn(async move {
            first.send(&much()).await.unwrap();
            first.close();
        });
        wait_all_tasks_blocked().await;
        let Err(StreamError::Busy(busy)) = one.send(b"second").await else { panic!("two send at a time") };
        assert_eq!(busy.action, "sending into this Unix stream");
        assert_eq!(soon(everything(&other)).await, much());
        sending.await.unwrap();
    }

    #[arbour::test]
    async fn unixstream_concurrent_receive() {
        let (one, other) = pair();
        let first = Arc::clone(&one);
        let receiving = tokio::spawn(async move { first.receive(10).await.unwrap().unwrap() });
        wait_all_tasks_blocked().await;
        let Err(StreamError::Busy(busy)) = one.receive(10).await else { panic!("two receive at a time") };
        assert_eq!(busy.action, "receiving from this Unix stream");
        let refused = one.receive_fds(10, 1).await.unwrap_err();
        assert!(matches!(refused, DescriptorError::Stream(StreamError::Busy(_))));
        other.send(b"for the first").await.unwrap();
        assert_eq!(soon(receiving).await.unwrap(), "for the fi");
    }

    #[arbour::test]
    async fn unixstream_close_during_send() {
        let (one, _other) = pair();
        let (blocked, open) = (Arc::clone(&one), OpenSocket::of(&one));
        let sending = tokio::spawn(async move { blocked.send(&much()).await });
        wait_all_tasks_blocked().await;
        one.close();
        assert!(!open.is_open());
        assert!(matches!(soon(sending).await.unwrap(), Err(StreamError::Closed)));
    }

    #[arbour::test(flavor = "multi_thread", worker_threads = 2)]
    async fn unixstream_concurrent_aclose_forcefully_closes_socket() {
        for _ in 0..200 {
            let (one, _other) = pair();
            let open = Arc::new(OpenSocket::of(&one));
            let close = |stream: Arc<UnixStream>, open: Arc<OpenSocket>| {
                tokio::task::spawn_blocking(move || {
                    stream.close();
                    assert!(!open.is_open());
                })
            };
            let both = [close(Arc::clone(&one), Arc::clone(&open)), close(one, open)];
            for closed in both {
                closed.await.unwrap();
            }
        }
    }

    #[arbour::test]
    async fn unixstream_aclose_in_cancelled_scope_raises_cancelled_exc() {
        let (one, other) = pair();
        let open = OpenSocket::of(&one);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let ended = scope.run(async {
            handle.cancel("enough");
            one.close();
            assert!(!open.is_open());
            checkpoint().await;
            unreachable!("the scope is cancelled");
        });
        assert!(ended.await.is_err());
        assert!(soon(other.receive(1)).await.unwrap().is_none());
    }

    #[arbour::test]
    async fn unixstream_receive_after_close() {
        let (one, other) = pair();
        other.send(b"too late").await.unwrap();
        one.close();
        assert!(matches!(one.receive(10).await, Err(StreamError::Closed)));
        let refused = one.receive_fds(10, 1).await.unwrap_err();
        assert!(matches!(refused, DescriptorError::Stream(StreamError::Closed)));
    }

    #[arbour::test]
    async fn unixstream_send_after_close() {
        let (one, _other) = pair();
        one.close();
        assert!(matches!(one.send(b"x").await, Err(StreamError::Closed)));
        let refused = one.send_fds(b"x", &[stream_file().as_fd()]).await.unwrap_err();
        assert!(matches!(refused, DescriptorError::Stream(StreamError::Closed)));
    }

    #[arbour::test]
    async fn unixstream_cannot_connect() {
        let folder = Folder::new();
        let path = folder.path("nobody");
        let missing = UnixStream::connect(&path).await.unwrap_err();
        assert!(matches!(&missing.why, NotConnected::Refused(why) if why.kind() == ErrorKind::NotFound));
        assert_eq!(missing.target, format!("unix:{}", path.display()));
        let missing = UnixConnect::to("\0arbour-nobody-at-all").unwrap().connect().await.unwrap_err();
        assert!(
            matches!(&missing.why, NotConnected::Refused(why) if why.kind() == ErrorKind::ConnectionRefused)
        );
        assert_eq!(missing.target, "unix:@arbour-nobody-at-all");
        let long = UnixStream::connect("x".repeat(108)).await.unwrap_err();
        let NotConnected::BadAddress(UnixAddressError::TooLong { length, most, .. }) = long.why else {
            panic!("{long}");
        };
        assert_eq!((length, most), (108, 107));
    }

    #[arbour::test]
    async fn unixstream_connecting_using_bytes() {
        let folder = Folder::new();
        let mut path = folder.path("socket-").as_os_str().as_bytes().to_vec();
        path.push(0xFF);
        let listener = UnixListener::bind(&path[..]).unwrap();
        let client = UnixStream::connect(path.clone()).await.unwrap();
        soon(listener.accept()).await.unwrap();
        let remote = client.require::<RemoteUnixAddress>().unwrap();
        assert_eq!(remote.as_path().unwrap().as_os_str().as_bytes(), path);
    }

    #[arbour::test]
    async fn unixstream_from_socket_wrong_socket_type() {
        let (datagrams, _other) = std::os::unix::net::UnixDatagram::pair().unwrap();
        let refused = UnixStream::from_descriptor(datagrams).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a connected Unix stream socket is needed, and this is a datagram socket of the Unix family"
        );
        let refused = UnixStream::from_descriptor(File::open("/dev/null").unwrap()).unwrap_err();
        assert!(matches!(refused.why, UnfitDescriptor::NoSocket { .. }));
        assert!(File::from(refused.descriptor).metadata().is_ok(), "it is given back");
    }

    #[arbour::test]
    async fn unixstream_from_socket_wrong_address_family() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let refused = UnixStream::from_descriptor(tcp).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a connected Unix stream socket is needed, and this is a stream socket of the IPv4 family"
        );
    }

    #[arbour::test]
    async fn unixstream_from_socket_not_connected() {
        use rustix::net::{AddressFamily, SocketType, socket};
        let lonely = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        let refused = UnixStream::from_descriptor(lonely).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a connected Unix stream socket is needed, and this one is not connected"
        );
        let refused = UnixListener::from_descriptor(refused.descriptor).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a listening Unix stream socket is needed, and this one is not bound"
        );
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        let one = UnixStream::from_descriptor(one).unwrap();
        let other = UnixStream::from_descriptor(other).unwrap();
        one.send(b"taken over").await.unwrap();
        assert_eq!(soon(other.receive(100)).await.unwrap().unwrap(), "taken over");
    }

    #[arbour::test]
    async fn unixlistener_accept() {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.path("socket")).unwrap();
        let accepting = tokio::spawn(async move { listener.accept().await.unwrap() });
        wait_all_tasks_blocked().await;
        let client = UnixStream::connect(folder.path("socket")).await.unwrap();
        let server = soon(accepting).await.unwrap();
        client.send(b"question").await.unwrap();
        assert_eq!(soon(server.receive(100)).await.unwrap().unwrap(), "question");
        server.send(b"answer").await.unwrap();
        assert_eq!(soon(client.receive(100)).await.unwrap().unwrap(), "answer");
    }

    #[arbour::test]
    async fn unixlistener_socket_options() {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.path("socket")).unwrap();
        assert_eq!(listener.attribute::<Family>(), Some(AddressFamily::Unix));
        assert_eq!(listener.attribute::<LocalUnixAddress>().as_ref(), Some(listener.local_address()));
        let _client = UnixStream::connect(folder.path("socket")).await.unwrap();
        let server = soon(listener.accept()).await.unwrap();
        assert_eq!(server.attribute::<Family>(), Some(AddressFamily::Unix));
        let reading = tokio::spawn(async move { server.receive(1).await });
        wait_all_tasks_blocked().await;
        assert!(!reading.is_finished(), "it waits, and no thread with it");
        reading.abort();
    }

    #[arbour::test]
    async fn unixlistener_send_after_eof() {
        let folder = Folder::new();
        let (client, server) = connected(&folder).await;
        client.send_eof().await.unwrap();
        assert!(soon(server.receive(1)).await.unwrap().is_none());
        server.send(b"still here").await.unwrap();
        assert_eq!(soon(client.receive(100)).await.unwrap().unwrap(), "still here");
    }

    /// A stale file is removed; one whose socket lives is not, unless this is asked for.
    #[arbour::test]
    async fn unixlistener_bind_twice() {
        let folder = Folder::new();
        let path = folder.path("socket");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "it is stale");
        let first = UnixListener::bind(&path).unwrap();
        let refused = UnixListener::bind(&path).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("at {} there is a socket that somebody uses: nothing is bound", path.display())
        );
        let mut waiting = Box::pin(first.accept());
        assert!(crate::support::poll_once(&mut waiting).await.is_pending(), "it was not disturbed");
        let second = UnixBind::at(&path).unwrap().replace().listen().unwrap();
        drop(waiting);
        first.close();
        assert!(path.exists(), "the file is another's by now");
        let _client = UnixStream::connect(&path).await.unwrap();
        soon(second.accept()).await.unwrap();
        second.close();
        assert!(!path.exists());
    }

    #[arbour::test]
    async fn unixlistener_close_during_accept() {
        let folder = Folder::new();
        let listener = Arc::new(UnixListener::bind(folder.path("socket")).unwrap());
        let (blocked, open) = (Arc::clone(&listener), OpenSocket::of(&listener));
        let accepting = tokio::spawn(async move { blocked.accept().await.map(drop) });
        wait_all_tasks_blocked().await;
        listener.close();
        assert!(!open.is_open());
        assert!(matches!(soon(accepting).await.unwrap(), Err(AcceptError::Closed)));
        assert!(matches!(listener.accept().await, Err(AcceptError::Closed)));
    }

    #[arbour::test]
    async fn unixlistener_aclose_in_cancelled_scope_raises_cancelled_exc() {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.path("socket")).unwrap();
        let open = OpenSocket::of(&listener);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let ended = scope.run(async {
            handle.cancel("enough");
            listener.close();
            assert!(!open.is_open() && !folder.path("socket").exists());
            checkpoint().await;
            unreachable!("the scope is cancelled");
        });
        assert!(ended.await.is_err());
    }
}

/// What the lists do not ask for.
mod further {
    use super::*;

    #[arbour::test(start_paused = false)]
    async fn streams_keep_what_byte_streams_promise() {
        let suite = check_byte_stream(async || UnixStream::pair().unwrap());
        suite.clogged_by(1 << 20).run().await.unwrap();
    }

    #[arbour::test(start_paused = false)]
    async fn streams_of_packets_keep_what_object_streams_promise() {
        let object = |number: u64| Bytes::copy_from_slice(&number.to_le_bytes());
        check_object_stream(async || UnixPackets::pair().unwrap(), object).run().await.unwrap();
    }

    #[arbour::test(start_paused = false)]
    async fn listeners_keep_what_listeners_promise() {
        let folder = Folder::new();
        let next = AtomicUsize::new(0);
        let pairs = async || {
            let path = folder.path(&next.fetch_add(1, Ordering::Relaxed).to_string());
            (UnixListener::bind(&path).unwrap(), UnixConnect::to(&path).unwrap())
        };
        check_listener(pairs).run().await.unwrap();
    }

    #[arbour::test]
    async fn more_descriptors_than_asked_for_are_closed_and_counted() {
        let (one, other) = pair();
        let (kept, mut pipes): (Vec<_>, Vec<_>) = (0..5).map(|_| std::io::pipe().unwrap()).unzip();
        one.send_fds(b"x", &pipes).await.unwrap();
        pipes.clear();
        let received = soon(other.receive_fds(1, 2)).await.unwrap().unwrap();
        assert_eq!((received.descriptors.len(), received.closed, received.cut), (2, 3, false));
        // A pipe whose writing ends are all closed is at its end.
        let mut ends = kept.into_iter().map(|mut pipe| {
            rustix::io::ioctl_fionbio(&pipe, true).unwrap();
            pipe.read(&mut [0]).map_err(|error| error.kind())
        });
        let would_block = Err(ErrorKind::WouldBlock);
        assert_eq!([ends.next(), ends.next()], [Some(would_block), Some(would_block)]);
        assert!(ends.all(|end| end == Ok(0)));
    }

    #[arbour::test]
    async fn descriptors_that_nobody_asks_for_are_closed() {
        let (one, other) = pair();
        let (mut kept, pipe) = std::io::pipe().unwrap();
        one.send_fds(b"x", &[pipe]).await.unwrap();
        assert_eq!(soon(other.receive(10)).await.unwrap().unwrap(), "x");
        assert_eq!(kept.read(&mut [0]).unwrap(), 0);
    }

    #[arbour::test]
    async fn what_is_no_socket_is_left_at_its_path() {
        let folder = Folder::new();
        file(&folder, "file", "dear");
        let refused = UnixListener::bind(folder.path("file")).unwrap_err().to_string();
        assert!(
            refused.ends_with("is there and is no socket: it is not removed, and nothing is bound"),
            "{refused}"
        );
        assert_eq!(std::fs::read(folder.path("file")).unwrap(), b"dear");
    }

    #[arbour::test]
    async fn who_connects_waits_while_the_listener_has_no_room() {
        let folder = Folder::new();
        let path = folder.path("socket");
        let listener = UnixBind::at(&path).unwrap().backlog(0).listen().unwrap();
        let _first = UnixStream::connect(&path).await.unwrap();
        let connecting = tokio::spawn(async move { UnixStream::connect(path).await.unwrap() });
        turns(5).await;
        assert!(!connecting.is_finished());
        soon(listener.accept()).await.unwrap();
        let _second = soon(connecting).await.unwrap();
    }

    /// The kernel takes a path of 108 bytes, which no zero byte ends.
    #[arbour::test]
    async fn a_client_with_the_longest_path_there_can_be_has_no_name_and_does_no_harm() {
        use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, connect, socket};
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.path("socket")).unwrap();
        let client = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        let missing = 108 - folder.path("").as_os_str().len();
        bind(&client, &SocketAddrUnix::new(folder.path(&"x".repeat(missing))).unwrap()).unwrap();
        connect(&client, &SocketAddrUnix::new(folder.path("socket")).unwrap()).unwrap();
        let server = soon(listener.accept()).await.unwrap();
        assert!(server.require::<RemoteUnixAddress>().unwrap().is_unnamed());
    }

    /// The system says nothing both for an empty packet and for the end.
    #[arbour::test]
    async fn an_empty_packet_is_no_end() {
        let (foreign, packets) = {
            use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
        };
        let packets = UnixPackets::from_descriptor(packets).unwrap();
        assert!(matches!(packets.send(b"").await, Err(DatagramError::Empty)));
        for packet in ["", "first", "", "last"] {
            rustix::net::send(&foreign, packet.as_bytes(), rustix::net::SendFlags::empty()).unwrap();
        }
        assert_eq!(packets.receive().await.unwrap().unwrap(), "");
        assert_eq!(packets.receive().await.unwrap().unwrap(), "first");
        drop(foreign);
        assert_eq!(packets.receive().await.unwrap().unwrap(), "", "the peer has ended, and more is queued");
        assert_eq!(packets.receive().await.unwrap().unwrap(), "last");
        assert!(packets.receive().await.unwrap().is_none());
    }

    #[test]
    fn addresses_that_are_none_are_refused_by_name() {
        let refused = |address: &str| UnixAddress::try_from(address).unwrap_err().to_string();
        assert_eq!(refused(""), "the path of a Unix socket is empty");
        assert!(refused("a\0b").ends_with("has a zero byte in it: the path of a Unix socket cannot"));
        assert!(
            refused(&"x".repeat(109))
                .ends_with("has 109 bytes: the address of a Unix socket has at most 107")
        );
    }
}
