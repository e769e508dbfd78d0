//! Peers that are slow on purpose: 500 of them and one that means it. Time is virtual, the figures are exact.

use arbour::stream::{ObjectReceive, ObjectSend};
use arbour::transports::{
    AcceptError, Accepted, Attributes, BytePipe, ByteReceiveExt, ByteSendExt, Connect, Demand,
    HandshakeError, Listener, MemoryConnect, MemoryListener, Timeouts, lines, memory_listener,
};
use arbour::{Failure, TaskGroup, serve, task_group};
use std::future::pending;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const SLOW: usize = 500;
const SECOND: Duration = Duration::from_secs(1);

/// Answers each line with itself. A peer has to send 100 bytes in 10 s while it is waited for, and to take
/// what it is sent.
async fn echo(stream: BytePipe) -> Result<(), Failure> {
    let stream = Timeouts::new(stream).at_least(100, SECOND * 10).send_within(SECOND * 5);
    let mut stream = lines(stream);
    while let Some(line) = stream.recv().await? {
        stream.send(line).await?;
    }
    Ok(())
}

/// One question and its answer; how long that took.
async fn ask(connect: &MemoryConnect) -> Duration {
    let begin = Instant::now();
    let mut client = lines(connect.connect().await.unwrap());
    client.send("good".into()).await.unwrap();
    assert_eq!(client.recv().await.unwrap().unwrap(), "good");
    begin.elapsed()
}

/// A client that sends a byte of a line that never ends, now and then, until it is cut off; how long it was
/// borne.
async fn drip(connect: MemoryConnect, every: Duration) -> Duration {
    let mut client = connect.connect().await.unwrap();
    let begin = Instant::now();
    while client.send(b"x").await.is_ok() {
        sleep(every).await;
    }
    begin.elapsed()
}

fn start<L>(group: &TaskGroup, listener: L) -> arbour::ServeHandle
where
    L: Listener<Stream = BytePipe> + 'static,
{
    let server = serve(listener, echo);
    let handle = server.handle();
    group.spawn(server.run());
    handle
}

#[arbour::test]
async fn five_hundred_clients_that_send_a_byte_every_three_seconds_are_cut_and_hinder_nobody() {
    let outcome = task_group(async |group| {
        let (listener, connect) = memory_listener("memory:server", 1024);
        let handle = start(&group, listener);
        let dripping: Vec<_> =
            (0..SLOW).map(|_| group.spawn_value(drip(connect.clone(), SECOND * 3))).collect();
        sleep(SECOND).await;
        assert_eq!(handle.statistics().open, SLOW);
        assert_eq!(ask(&connect).await, Duration::ZERO);
        for slow in dripping {
            // The rate is missed after 10 s; the client notices with its next byte.
            assert_eq!(slow.await.unwrap(), SECOND * 12);
        }
        assert_eq!(ask(&connect).await, Duration::ZERO);
        sleep(SECOND).await;
        let told = handle.statistics();
        assert_eq!((told.open, told.failed, told.served), (0, SLOW as u64, 2));
        group.cancel("enough");
    });
    outcome.await.unwrap();
}

#[arbour::test]
async fn five_hundred_clients_that_never_read_are_cut_and_hinder_nobody() {
    let outcome = task_group(async |group| {
        let (listener, connect) = memory_listener("memory:server", 1024);
        let handle = start(&group, listener);
        let mut deaf = Vec::new();
        for _ in 0..SLOW {
            let mut client = connect.connect().await.unwrap();
            let question = [b"x".repeat(99), b"\n".to_vec()].concat();
            // It asks until nobody takes its questions, because nobody takes the answers.
            while timeout(SECOND / 100, client.send(&question)).await.is_ok_and(|sent| sent.is_ok()) {}
            deaf.push(client);
            assert_eq!(ask(&connect).await, Duration::ZERO);
        }
        sleep(SECOND * 6).await;
        let told = handle.statistics();
        assert_eq!((told.open, told.failed, told.served), (0, SLOW as u64, SLOW as u64), "{told:?}");
        group.cancel("enough");
    });
    outcome.await.unwrap();
}

/// A listener whose peers have to say something before they are streams, within 10 s.
struct Shy(MemoryListener);

impl Attributes for Shy {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl Listener for Shy {
    type Stream = BytePipe;

    async fn accept(&mut self) -> Result<Accepted<BytePipe>, AcceptError> {
        let accepted = self.0.accept().await?;
        Ok(accepted.and_then(async |mut stream: BytePipe| {
            let hello = timeout(SECOND * 10, stream.receive(1)).await;
            hello.map(|_| stream).map_err(|_| HandshakeError::TimedOut(SECOND * 10))
        }))
    }
}

#[arbour::test]
async fn behind_five_hundred_half_open_handshakes_a_good_one_waits_two_seconds() {
    let outcome = task_group(async |group| {
        let (listener, connect) = memory_listener("memory:server", 1024);
        let handle = start(&group, Shy(listener));
        let mut silent = Vec::new();
        for _ in 0..SLOW {
            silent.push(connect.connect().await.unwrap());
        }
        assert_eq!(handle.statistics().open, SLOW);
        let begin = Instant::now();
        let mut client = connect.connect().await.unwrap();
        client.send(b"hgood\n").await.unwrap();
        assert_eq!(client.receive(64).await.unwrap().unwrap(), "good\n");
        // 256 handshakes may be unfinished: after 2 s they give way to the 245 who wait.
        assert_eq!(begin.elapsed(), SECOND * 2);
        drop(client);
        sleep(SECOND * 20).await;
        let told = handle.statistics();
        assert_eq!((told.open, told.failed, told.served), (0, SLOW as u64, 1), "{told:?}");
        group.cancel("enough");
    });
    outcome.await.unwrap();
}

#[arbour::test]
async fn as_many_idle_connections_as_may_be_make_others_wait_and_no_longer_than_they_are_borne() {
    let outcome = task_group(async |group| {
        let (listener, connect) = memory_listener("memory:server", 1024);
        let idle = async |stream: BytePipe| {
            Timeouts::new(stream).idle_within(SECOND * 30).receive(1).await.map(drop)
        };
        let server = serve(listener, idle).max_connections(100);
        let handle = server.handle();
        group.spawn(server.run());
        let mut idle = Vec::new();
        for _ in 0..100 {
            idle.push(connect.connect().await.unwrap());
        }
        let begin = Instant::now();
        let _late = connect.connect().await.unwrap();
        assert_eq!(begin.elapsed(), SECOND * 30);
        assert_eq!(handle.statistics().failed, 100);
        group.cancel("enough");
        pending::<()>().await;
    });
    assert!(outcome.await.is_err());
}
