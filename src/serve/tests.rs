//! Servers over memory: limits, refusals, faults, the drain.

use crate::serve::{ServeError, ServeStatistics, serve};
use crate::testing::block_on;
use crate::{Failure, TaskError, TaskGroup, move_on_after, stopping, task_group};
use arbour_transports::{
    AcceptError, Accepted, Attributes, BytePipe, ByteReceiveExt, ByteSendExt, Connect, Demand, Listener,
    MemoryListener, memory_listener,
};
use std::future::pending;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Says "hello" and waits for the end.
async fn greet(mut stream: BytePipe) -> Result<(), Failure> {
    stream.send(b"hello").await?;
    while stream.receive(64).await?.is_some() {}
    Ok(())
}

/// Whether a server greets within a second.
async fn is_greeted(client: &mut BytePipe) -> bool {
    matches!(move_on_after(SECOND, client.receive(64)).await, Ok(Ok(Some(bytes))) if bytes == "hello")
}

/// A test of a server: its group ends when the body does.
fn with_group<F: Future<Output = ()>>(body: impl FnOnce(TaskGroup) -> F) {
    let body = async |group: TaskGroup| {
        body(group.clone()).await;
        group.cancel("the test is over");
    };
    block_on(task_group(body)).unwrap();
}

#[test]
fn at_the_limit_accepting_pauses_until_a_connection_has_ended() {
    with_group(async |group| {
        let (listener, connect) = memory_listener("memory:test", 64);
        let server = serve(listener, greet).max_connections(2);
        let statistics = server.handle();
        group.spawn(server.run());
        let mut first = connect.connect().await.unwrap();
        let mut second = connect.connect().await.unwrap();
        assert!(is_greeted(&mut first).await && is_greeted(&mut second).await);
        let third = connect.clone();
        let third = group.spawn(async move { third.connect().await });
        assert!(move_on_after(SECOND, pending::<()>()).await.is_err());
        assert!(!third.is_finished(), "nobody accepts it");
        drop(first);
        assert!(is_greeted(&mut third.await.unwrap()).await);
        let told = statistics.statistics();
        assert_eq!(told, ServeStatistics { open: 2, accepted: 3, served: 1, ..told });
    });
}

#[test]
fn errors_and_panics_of_one_connection_touch_no_other_and_are_counted() {
    with_group(async |group| {
        let (listener, connect) = memory_listener("memory:test", 64);
        let server =
            serve(listener, async |mut stream: BytePipe| match stream.receive(64).await?.as_deref() {
                Some(b"panic") => panic!("as told"),
                Some(b"fail") => Err(Failure::message("as told")),
                _ => greet(stream).await,
            });
        let statistics = server.handle();
        group.spawn(server.run());
        let mut good = connect.connect().await.unwrap();
        for order in [b"panic", &b"fail"[..]] {
            let mut bad = connect.connect().await.unwrap();
            bad.send(order).await.unwrap();
            assert_eq!(bad.receive(64).await.unwrap(), None, "it is closed");
        }
        good.send(b"greet").await.unwrap();
        assert!(is_greeted(&mut good).await);
        let told = statistics.statistics();
        assert_eq!(told, ServeStatistics { open: 1, accepted: 3, failed: 2, ..told });
    });
}

#[test]
fn who_is_not_let_in_is_closed_before_a_byte_of_it_is_read() {
    with_group(async |group| {
        let (listener, connect) = memory_listener("memory:test", 64);
        let server = serve(listener, async |_: BytePipe| -> () { unreachable!("nobody is let in") });
        let server = server.authorise(|_| Err("nobody is let in"));
        let statistics = server.handle();
        group.spawn(server.run());
        let mut client = connect.connect().await.unwrap();
        assert_eq!(client.receive(64).await.unwrap(), None);
        let told = statistics.statistics();
        assert_eq!(told, ServeStatistics { accepted: 1, refused: 1, ..told });
    });
}

#[test]
fn a_drain_closes_the_listener_lets_handlers_finish_and_cuts_them_when_time_is_up() {
    with_group(async |group| {
        let (listener, connect) = memory_listener("memory:test", 64);
        let server = serve(listener, async |mut stream: BytePipe| {
            let deaf = stream.receive(64).await?.as_deref() == Some(b"deaf");
            if deaf {
                pending::<()>().await;
            }
            stopping().await;
            sleep(SECOND).await;
            stream.send(b"goodbye").await.map_err(Failure::from)
        });
        let server = server.drain_within(SECOND * 10);
        let statistics = server.handle();
        let serving = group.spawn(server.run());
        let (mut polite, mut deaf) = (connect.connect().await.unwrap(), connect.connect().await.unwrap());
        polite.send(b"polite").await.unwrap();
        deaf.send(b"deaf").await.unwrap();
        sleep(SECOND).await;

        let asked = Instant::now();
        serving.scope().unwrap().drain();
        assert_eq!(polite.receive(64).await.unwrap().unwrap(), "goodbye");
        assert_eq!(asked.elapsed(), SECOND);
        assert!(connect.connect().await.is_err(), "the listener is closed");
        serving.await.unwrap();
        assert_eq!(asked.elapsed(), SECOND * 10);
        assert_eq!(deaf.receive(64).await.unwrap(), None);
        let told = statistics.statistics();
        assert_eq!(told, ServeStatistics { open: 0, accepted: 2, served: 1, cut: 1, ..told });
    });
}

#[test]
fn a_given_group_that_has_finished_ends_the_server() {
    with_group(async |group| {
        let finished = task_group(async |group| group).await.unwrap();
        let (listener, connect) = memory_listener("memory:test", 64);
        let server = serve(listener, greet).in_group(&finished).run();
        let serving = group.task().report_to_handle().spawn(server);
        let mut client = connect.connect().await.unwrap();
        assert_eq!(client.receive(64).await.unwrap(), None);
        let TaskError::Failed(why) = serving.await.unwrap_err() else { panic!("it fails") };
        assert!(matches!(why.downcast_ref(), Some(ServeError::GroupFinished)), "{why}");
    });
}

#[test]
fn a_limit_of_nothing_is_refused_by_name() {
    block_on(async {
        let (listener, _connect) = memory_listener("memory:test", 64);
        let refused = serve(listener, greet).max_handshakes(0).run().await.unwrap_err();
        assert_eq!(refused.to_string(), "`max_handshakes` is 0: at least 1 is needed to serve anybody");
    });
}

/// Each connection is a stream after a handshake: its peer has to say "hello" first.
struct Shy(MemoryListener);

impl Attributes for Shy {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl Listener for Shy {
    type Stream = BytePipe;

    async fn accept(&mut self) -> Result<Accepted<BytePipe>, AcceptError> {
        let accepted = self.0.accept().await?;
        Ok(accepted.and_then(async |mut stream: BytePipe| {
            let _ = stream.receive(64).await;
            Ok(stream)
        }))
    }
}

#[test]
fn handshakes_that_take_long_give_way_to_who_waits_one_for_each() {
    with_group(async |group| {
        let (listener, connect) = memory_listener("memory:test", 64);
        let server = serve(Shy(listener), greet).max_handshakes(2);
        let statistics = server.handle();
        group.spawn(server.run());
        let mut silent = Vec::new();
        for _ in 0..2 {
            silent.push(connect.connect().await.unwrap());
        }
        sleep(SECOND * 60).await;
        assert_eq!(statistics.statistics().open, 2, "nobody waits, and nobody gives way");

        let begin = Instant::now();
        let mut client = connect.connect().await.unwrap();
        client.send(b"hello").await.unwrap();
        assert!(is_greeted(&mut client).await);
        assert_eq!(begin.elapsed(), Duration::ZERO);
        let told = statistics.statistics();
        assert_eq!(told, ServeStatistics { open: 2, accepted: 3, failed: 1, ..told });
        assert_eq!(silent[0].receive(1).await.unwrap(), None, "the oldest gave way");
    });
}

/// One in the middle of its handshake has what is left of its fair time, one that waits for its turn nothing.
#[test]
fn a_drain_does_not_wait_for_handshakes_that_are_not_finished_in_fair_time() {
    with_group(async |group| {
        let (listener, connect) = memory_listener("memory:test", 64);
        let server = serve(Shy(listener), greet).max_handshakes(2).drain_within(SECOND * 60);
        let statistics = server.handle();
        let serving = group.spawn(server.run());
        let (mut late, mut silent) = (connect.connect().await.unwrap(), connect.connect().await.unwrap());
        sleep(SECOND / 2).await;
        let mut waiting = connect.connect().await.unwrap();
        sleep(SECOND / 2).await;

        let asked = Instant::now();
        serving.scope().unwrap().drain();
        assert_eq!(waiting.receive(1).await.unwrap(), None);
        assert_eq!(asked.elapsed(), Duration::ZERO);
        late.send(b"hello").await.unwrap();
        assert!(is_greeted(&mut late).await, "it is in time");
        drop(late);
        assert_eq!(silent.receive(1).await.unwrap(), None);
        serving.await.unwrap();
        assert_eq!(asked.elapsed(), SECOND);
        let told = statistics.statistics();
        assert_eq!(told, ServeStatistics { open: 0, accepted: 3, served: 1, cut: 2, ..told });
    });
}

#[test]
fn a_server_and_its_handle_say_what_they_are() {
    let (listener, _connect) = memory_listener("memory:test", 64);
    let server = serve(listener, greet).max_connections(7);
    assert!(format!("{server:?}").contains("max_connections: 7"));
    assert!(format!("{:?}", server.handle()).contains("accepted: 0"));
    assert!(matches!(block_on(server.max_connections(0).run()), Err(ServeError::ZeroLimit(_))));
}
