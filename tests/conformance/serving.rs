//! Serving: connections as children, accept errors, who owns what.

use crate::log::heard;
use crate::support::{Journal, MS, NoteOnDrop, SECOND, never, soon, turns};
use arbour::transports::{
    AcceptError, Accepted, Attributes, BoxListener, BytePipe, ByteReceiveExt, Connect, Demand, Listener,
    MultiListener, memory_listener,
};
use arbour::{CancelScope, Failure, ServeError, move_on_after, serve, task_group};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::Instant;
use tracing::Level;

/// A stream that notes when it is closed.
struct Quiet(#[allow(dead_code, reason = "it is there to be dropped")] NoteOnDrop);

impl Attributes for Quiet {
    fn provide(&self, _: &mut Demand<'_>) {}
}

/// A listener that gives what it was told to, then waits for ever, and notes when it is closed.
struct Fake {
    gives: VecDeque<Result<Quiet, AcceptError>>,
    accepts: Arc<AtomicUsize>,
    _closed: NoteOnDrop,
}

impl Fake {
    fn new(closed: NoteOnDrop, gives: impl IntoIterator<Item = Result<Quiet, AcceptError>>) -> Self {
        Self { gives: gives.into_iter().collect(), accepts: Arc::default(), _closed: closed }
    }
}

impl Attributes for Fake {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl Listener for Fake {
    type Stream = Quiet;

    async fn accept(&mut self) -> Result<Accepted<Quiet>, AcceptError> {
        self.accepts.fetch_add(1, Ordering::Relaxed);
        match self.gives.pop_front() {
            Some(given) => given.map(Accepted::ready),
            None => never().await,
        }
    }
}

fn errno(code: i32) -> AcceptError {
    io::Error::from_raw_os_error(code).into()
}

/// Too many open files, in this process.
const EMFILE: i32 = 24;
/// Bad address, which no listener recovers from.
const EFAULT: i32 = 14;

mod trio_highlevel_serve_listeners {
    use super::*;

    #[arbour::test]
    async fn serve_listeners_basic() {
        let (journal, begin) = (Journal::default(), Instant::now());
        let served = move_on_after(SECOND, async {
            let listeners = [("one", "stream of one"), ("two", "stream of two")].map(|(listener, stream)| {
                let streams = [Ok(Quiet(journal.at_drop(stream)))];
                BoxListener::new(Fake::new(journal.at_drop(listener), streams))
            });
            let journal = journal.clone();
            let handler = move |stream: Quiet| {
                let journal = journal.clone();
                async move {
                    let _stream = stream;
                    turns(1).await;
                    journal.note("a handler fails");
                    Err::<(), _>(Failure::message("as told"))
                }
            };
            serve(MultiListener::from_iter(listeners), handler).run().await
        });
        assert!(served.await.is_err(), "neither handler ends the server");
        assert_eq!(begin.elapsed(), SECOND, "it went on until the time was up");
        let mut entries = journal.entries();
        assert_eq!(entries[0], "a handler fails");
        assert_eq!(entries.len(), 6);
        // The streams are closed when their handlers have failed, the listeners when time was up.
        let closed: Vec<String> = entries.drain(4..).collect();
        assert!(closed.contains(&"one".to_owned()) && closed.contains(&"two".to_owned()), "{closed:?}");
        assert!(entries.contains(&"stream of one".to_owned()), "{entries:?}");
        assert!(entries.contains(&"stream of two".to_owned()), "{entries:?}");
    }

    #[arbour::test]
    async fn serve_listeners_accept_unrecognized_error() {
        for error in [EFAULT, 9999] {
            let journal = Journal::default();
            let listener = Fake::new(journal.at_drop("closed"), [Err(errno(error))]);
            let ended = soon(serve(listener, async |_: Quiet| ()).run()).await.unwrap_err();
            let ServeError::Accept(AcceptError::Broken(came)) = &ended else { panic!("{ended:?}") };
            assert_eq!(came.raw_os_error(), Some(error));
            journal.is(["closed"]);
        }
    }

    /// The first failure is told to everybody, the others of the same stretch at the level of debugging: at 3 a.m. ten lines
    /// a second say no more than one.
    #[arbour::test]
    async fn serve_listeners_accept_capacity_error() {
        let journal = Journal::default();
        let mut listener = Fake::new(journal.at_drop("closed"), (0..10).map(|_| Err(errno(EMFILE))));
        listener.gives.push_back(Ok(Quiet(journal.at_drop("stream closed"))));
        let accepts = Arc::clone(&listener.accepts);
        let said = heard(Level::DEBUG, async {
            let outcome = task_group(async |group| {
                group.spawn(serve(listener, async |_: Quiet| ()).run());
                tokio::time::sleep(SECOND - MS).await;
                assert_eq!(accepts.load(Ordering::Relaxed), 10);
                tokio::time::sleep(MS * 2).await;
                journal.is(["stream closed"]);
                group.cancel("enough");
            });
            outcome.await.unwrap();
        });
        let said = said.await;
        let count = |start: &str| said.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(count("ERROR accepting fails; it is tried again"), 1, "{said:#?}");
        assert_eq!(count("DEBUG accepting fails still"), 9, "{said:#?}");
        assert_eq!(count("INFO there is room again: connections are accepted [failures=10"), 1, "{said:#?}");
    }

    #[arbour::test]
    async fn serve_listeners_connection_nursery() {
        let journal = Journal::default();
        let streams: Vec<_> = (0..10).map(|_| Ok(Quiet(journal.at_drop("stream closed")))).collect();
        let listener = Fake::new(journal.at_drop("listener closed"), streams);
        let outcome = task_group(async |connections| {
            let server = CancelScope::new();
            let handle = server.handle();
            let handler = async |stream: Quiet| {
                let _stream = stream;
                never::<()>().await;
            };
            let serving = serve(listener, handler).in_group(&connections);
            let statistics = serving.handle();
            let at_work = server.run(serving.run());
            let watching = async {
                turns(20).await;
                assert_eq!((connections.len(), statistics.statistics().open), (10, 10));
                handle.cancel("no more");
            };
            let (ended, ()) = tokio::join!(at_work, watching);
            assert!(ended.is_err());
            // The server is over, and its listener closed; the handlers go on in their group.
            journal.is(["listener closed"]);
            assert_eq!((connections.len(), statistics.statistics().open), (10, 10));
            connections.cancel("enough");
        });
        outcome.await.unwrap();
        assert_eq!(journal.entries().len(), 11);
    }
}

/// Five thousand short connections a second are not five thousand warnings.
#[arbour::test]
async fn that_all_places_are_taken_is_told_once_a_minute() {
    let (listener, connect) = memory_listener("memory", 64);
    let log = heard(Level::WARN, async {
        let served = task_group(async |group| {
            let server = serve(listener, async |mut stream: BytePipe| {
                let _ = stream.receive(1).await;
                Ok::<_, Failure>(())
            });
            group.spawn(server.max_connections(2).run());
            for _ in 0..2 {
                for _ in 0..20 {
                    let connect = connect.clone();
                    group.spawn_value(async move {
                        let client = connect.connect().await.unwrap();
                        tokio::time::sleep(MS).await;
                        drop(client);
                    });
                }
                tokio::time::sleep(SECOND * 60).await;
            }
            group.scope().drain();
        });
        served.await.unwrap();
    });
    let log = log.await;
    assert_eq!(log.len(), 2, "{log:#?}");
}

mod trio_highlevel_open_tcp_listeners {
    use super::*;
    use arbour::transports::tcp::{TcpListener, TcpStream};

    /// The listener is bound before the server begins: whoever made it has its address, and clients that connect before the
    /// server's first accept wait in the backlog.
    #[arbour::test]
    async fn serve_tcp() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_address();
        let echo = async |stream: TcpStream| {
            while let Some(bytes) = stream.receive(4096).await? {
                stream.send(&bytes).await?;
            }
            Ok::<_, Failure>(())
        };
        let outcome = task_group(async |group| {
            let client = TcpStream::connect(address).await.unwrap();
            let server = group.spawn(serve(listener, echo).run());
            client.send(b"x").await.unwrap();
            assert_eq!(client.receive(1).await.unwrap().unwrap(), "x");
            client.send_eof().await.unwrap();
            assert_eq!(client.receive(1).await.unwrap(), None);
            group.scope().drain();
            server.await.unwrap();
        });
        outcome.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
