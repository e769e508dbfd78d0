//! Floods of datagrams and of descriptors, datagrams that do not fit, files that nobody listens behind.
//!
//! Memory and descriptors are counted for the whole process: tests that count run in one of their own.

use arbour::testing::block_on;
use arbour::transports::udp::{ConnectedUdpSocket, DatagramError, UdpBind, UdpSocket};
use arbour::transports::unix::{ConnectedUnixDatagram, UnixAddress, UnixDatagram, UnixListener, UnixStream};
use futures::future;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

/// Runs a test of this name in a process of its own, which is this program once more.
fn alone(name: &str, scenario: impl AsyncFnOnce()) {
    const MARK: &str = "ARBOUR_ABUSE_ALONE";
    if std::env::var_os(MARK).is_some() {
        return block_on(scenario());
    }
    let name = format!("datagrams::{name}");
    let mut program = Command::new(std::env::current_exe().unwrap());
    let output = program.args(["--exact", &name, "--nocapture"]).env(MARK, "").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn local() -> UdpSocket {
    UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
}

async fn connected_to(socket: &UdpSocket) -> ConnectedUdpSocket {
    UdpBind::new().connect(socket.local_address()).await.unwrap()
}

/// The memory of this process that is in use, in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("arbour-abuse-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A datagram that shows whether it is whole: its number, and as many bytes as that says.
fn numbered(number: u32) -> Vec<u8> {
    let [lowest, ..] = number.to_le_bytes();
    let mut datagram = vec![lowest; 4 + number as usize % 8000];
    datagram[..4].copy_from_slice(&number.to_le_bytes());
    datagram
}

/// A reader that takes one datagram for a hundred that are sent at it: what does not fit into the system's
/// buffer is lost there, what arrives is whole, and nothing is piled up here.
#[test]
fn a_flood_of_datagrams_costs_the_reader_no_memory() {
    alone("a_flood_of_datagrams_costs_the_reader_no_memory", async || {
        let reader = local();
        let sender = connected_to(&reader).await;
        let (mut received, mut after_the_first_tenth) = (0, 0);
        for number in 0..50_000 {
            sender.send(&numbered(number)).await.unwrap();
            if number % 100 == 0 {
                let (datagram, _) = reader.receive().await.unwrap();
                let told = u32::from_le_bytes(datagram[..4].try_into().unwrap());
                assert_eq!(datagram, numbered(told), "torn");
                received += 1;
            }
            if number == 5000 {
                after_the_first_tenth = resident();
            }
        }
        assert_eq!(received, 500);
        let growth = resident().saturating_sub(after_the_first_tenth);
        assert!(growth <= 1024, "45,000 datagrams cost {growth} KiB");
    });
}

#[arbour::test]
async fn datagrams_that_do_not_fit_are_told_with_their_lengths() {
    let reader = local().receive_at_most(10);
    let sender = connected_to(&reader).await;
    match sender.send(&vec![0; 65_508]).await {
        Err(DatagramError::TooLarge { length: 65_508, source }) => {
            assert_eq!(source.raw_os_error(), Some(rustix::io::Errno::MSGSIZE.raw_os_error()));
        }
        other => panic!("{other:?}"),
    }
    for length in [65_507, 11, 10, 0, 1] {
        sender.send(&vec![7; length]).await.unwrap();
    }
    for cut in [65_507, 11] {
        match reader.receive().await {
            Err(DatagramError::Truncated { bytes, length }) => {
                assert_eq!((bytes.len(), length), (10, cut), "the beginning, and how long it was");
            }
            other => panic!("{other:?}"),
        }
    }
    for whole in [10, 0, 1] {
        assert_eq!(reader.receive().await.unwrap().0, vec![7; whole], "an empty one is no end");
    }
}

/// Unless it is told otherwise it takes the largest there is.
#[arbour::test]
async fn the_largest_datagram_is_received_whole() {
    let reader = local();
    connected_to(&reader).await.send(&vec![7; 65_507]).await.unwrap();
    assert_eq!(reader.receive().await.unwrap().0.len(), 65_507);
}

/// Whoever is refused hears of it, and goes on with the same socket when somebody receives again.
#[arbour::test]
async fn a_refused_socket_can_be_used_on() {
    let reader = local();
    let (address, sender) = (reader.local_address(), connected_to(&reader).await);
    drop(reader);
    for _ in 0..3 {
        let (refused, sent) = future::join(sender.receive(), sender.send(b"to nobody")).await;
        sent.unwrap();
        assert!(matches!(refused, Err(DatagramError::Refused(_))), "one that waits already");
        sender.send(b"to nobody").await.unwrap();
        assert!(matches!(sender.receive().await, Err(DatagramError::Refused(_))), "one that comes later");
    }
    let reader = UdpSocket::bind(address).unwrap();
    sender.send(b"to somebody").await.unwrap();
    let (datagram, from) = reader.receive().await.unwrap();
    assert_eq!(datagram, "to somebody");
    reader.send_to(b"answer", from).await.unwrap();
    assert_eq!(sender.receive().await.unwrap(), "answer");
}

/// A stranger does not reach a connected socket, whatever it sends.
#[arbour::test]
async fn strangers_do_not_reach_a_connected_socket() {
    let (peer, stranger) = (local(), local());
    let socket = UdpBind::new().host(Ipv4Addr::LOCALHOST).connect(peer.local_address()).await.unwrap();
    for _ in 0..1000 {
        stranger.send_to(b"of a stranger", socket.local_address()).await.unwrap();
    }
    peer.send_to(b"of the peer", socket.local_address()).await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), "of the peer");
}

/// A socket that is bound and not yet connected hears everybody, and the system keeps what it heard.
#[arbour::test]
async fn what_strangers_sent_before_it_was_connected_is_skipped() {
    let (peer, stranger) = (local(), local());
    let early = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for _ in 0..10 {
        stranger.send_to(b"of a stranger", early.local_addr().unwrap()).await.unwrap();
    }
    early.connect(peer.local_address()).unwrap();
    let socket = ConnectedUdpSocket::from_descriptor(early).unwrap();
    peer.send_to(b"of the peer", socket.local_address()).await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), "of the peer");
}

#[arbour::test]
async fn what_strangers_sent_before_a_unix_socket_was_connected_is_skipped() {
    let folder = folder("strangers");
    let (peer, stranger) =
        (UnixDatagram::bind(folder.join("peer")).unwrap(), UnixDatagram::unbound().unwrap());
    let early = std::os::unix::net::UnixDatagram::bind(folder.join("early")).unwrap();
    let to = UnixAddress::try_from(folder.join("early")).unwrap();
    stranger.send_to(b"of a stranger", &to).await.unwrap();
    early.connect(folder.join("peer")).unwrap();
    let socket = ConnectedUnixDatagram::from_descriptor(early).unwrap();
    peer.send_to(b"of the peer", &to).await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), "of the peer");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A queue of Unix datagrams is short: the sender waits, none is lost, and memory is flat.
#[test]
fn a_flood_of_unix_datagrams_arrives_whole_and_in_order() {
    alone("a_flood_of_unix_datagrams_arrives_whole_and_in_order", async || {
        let folder = folder("flood");
        let reader = UnixDatagram::bind(folder.join("reader")).unwrap();
        let (to, sender) = (reader.local_address().clone(), UnixDatagram::unbound().unwrap());
        let sending = tokio::spawn(async move {
            for number in 0..10_000 {
                sender.send_to(&numbered(number), &to).await.unwrap();
            }
        });
        let mut after_the_first_tenth = 0;
        for number in 0..10_000 {
            assert_eq!(reader.receive().await.unwrap().0, numbered(number));
            if number == 1000 {
                after_the_first_tenth = resident();
            }
        }
        sending.await.unwrap();
        let growth = resident().saturating_sub(after_the_first_tenth);
        assert!(growth <= 1024, "9,000 datagrams cost {growth} KiB");
        std::fs::remove_dir_all(folder).unwrap();
    });
}

/// Descriptors that nobody asked for, or more than somebody asked for, are closed: the process never holds
/// more than one message brings.
#[test]
fn a_flood_of_descriptors_leaves_none() {
    alone("a_flood_of_descriptors_leaves_none", async || {
        let (one, other) = UnixStream::pair().unwrap();
        let files: Vec<File> = (0..253).map(|_| File::open("/dev/null").unwrap()).collect();
        let before = open_descriptors();
        for round in 0..200 {
            one.send_fds(b"x", &files).await.unwrap();
            if round % 2 == 0 {
                let received = other.receive_fds(10, 1).await.unwrap().unwrap();
                assert_eq!((received.descriptors.len(), received.closed, received.cut), (1, 252, false));
            } else {
                assert_eq!(other.receive(10).await.unwrap().unwrap(), "x");
            }
            assert_eq!(open_descriptors(), before);
        }
    });
}

/// A server that crashes leaves its file; the next one starts all the same, a thousand times.
#[test]
fn a_thousand_stale_files_are_no_obstacle() {
    alone("a_thousand_stale_files_are_no_obstacle", async || {
        let folder = folder("stale");
        let (path, before) = (folder.join("socket"), open_descriptors());
        for _ in 0..1000 {
            drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
            let listener = UnixListener::bind(&path).unwrap();
            let _client = UnixStream::connect(&path).await.unwrap();
            listener.accept().await.unwrap();
        }
        assert_eq!(open_descriptors(), before);
        assert!(!path.exists());
        std::fs::remove_dir_all(folder).unwrap();
    });
}

/// Many start at once over one stale file: one of them listens, and the others were told.
///
/// In a process of its own: a program that another test starts keeps a descriptor for the moment before it is
/// that program, and so a socket alive that nobody uses any more.
#[test]
fn of_many_that_start_over_one_stale_file_one_listens() {
    alone("of_many_that_start_over_one_stale_file_one_listens", async || {
        let (folder, runtime) = (folder("race"), tokio::runtime::Handle::current());
        for round in 0..100 {
            let path = folder.join(round.to_string());
            drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
            let start = || {
                let _runtime = runtime.enter();
                UnixListener::bind(&path)
            };
            let listening: Vec<UnixListener> = std::thread::scope(|scope| {
                let starting = [(); 4].map(|()| scope.spawn(start));
                starting.into_iter().flat_map(|started| started.join().unwrap()).collect()
            });
            assert_eq!(listening.len(), 1);
            UnixStream::connect(&path).await.unwrap();
        }
        std::fs::remove_dir_all(folder).unwrap();
    });
}
