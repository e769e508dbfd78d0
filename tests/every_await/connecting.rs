//! Ways to connect and listeners of several kinds: stopped anywhere, no attempt and no socket stays.

use crate::support::{MS, sweep};
use arbour::transports::tcp::{Dial, TcpConnect, TcpDial, TcpListener};
use arbour::transports::{
    BoxListener, ByteReceiveExt, ByteSendExt, ByteStream, Connect, Listener, MemoryConnect, MultiListener,
    Resolve, Resolving, lookup, memory_listener, reverse_lookup,
};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::time::sleep;

/// Addresses of which only the last one answers.
#[derive(Debug)]
struct Three;

impl Resolve for Three {
    fn resolve<'a>(&'a self, _: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok((1..=3).map(|last| ([192, 0, 2, last], port).into()).collect()) })
    }
}

/// Keeps count of what is open.
struct Slow(Arc<()>);

impl Dial for Slow {
    type Stream = Arc<()>;

    async fn dial(&self, address: SocketAddr) -> io::Result<Arc<()>> {
        let open = Arc::clone(&self.0);
        match address.ip().to_string().as_str() {
            "192.0.2.1" => sleep(MS * 100_000).await,
            "192.0.2.2" => return Err(io::ErrorKind::ConnectionRefused.into()),
            _ => sleep(MS * 10).await,
        }
        Ok(open)
    }
}

#[test]
fn happy_eyeballs() {
    let open = Arc::new(());
    let scenario = || async {
        let connect = TcpConnect::to("three.test", 80).unwrap().resolver(Three).dial(Slow(Arc::clone(&open)));
        let _connected = connect.connect().await.unwrap();
    };
    sweep(scenario, |run| assert_eq!(Arc::strong_count(&open), 1, "{run:?}"));
}

#[test]
fn dialling() {
    let scenario = || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _stream = TcpDial::default().dial(listener.local_address()).await.unwrap();
    };
    sweep(scenario, |_| {});
}

#[test]
fn looking_up() {
    let scenario = || async {
        let found = lookup("localhost", 80).await.unwrap();
        found.iter().all(|address| address.ip().is_loopback())
    };
    sweep(scenario, |run| assert!(run.output.is_none_or(|all| all)));
}

#[test]
fn looking_up_an_address() {
    let scenario = || async { reverse_lookup("127.0.0.1:80".parse().unwrap()).await.unwrap().host };
    sweep(scenario, |run| assert!(run.output.is_none_or(|host| !host.is_empty())));
}

/// Each of two listeners has somebody to accept. Whatever was stopped, the next accept gives what is left.
#[test]
fn several_listeners_as_one() {
    let scenario = || async {
        let (one, to_one) = memory_listener("memory:one", 8);
        let (other, to_other) = memory_listener("memory:other", 8);
        let mut both: MultiListener<Box<dyn ByteStream>> =
            [BoxListener::of_byte_streams(one), BoxListener::of_byte_streams(other)].into_iter().collect();
        let say =
            async |to: MemoryConnect, bytes: &[u8]| to.connect().await.unwrap().send(bytes).await.unwrap();
        let clients = async { arbour::join!(say(to_one, b"1"), say(to_other, b"2")) };
        let serving = async {
            let mut heard = Vec::new();
            for _ in 0..2 {
                let mut stream = both.accept().await.unwrap().establish().await.unwrap();
                heard.extend_from_slice(&stream.receive(1).await.unwrap().unwrap());
            }
            heard
        };
        arbour::join!(clients, serving).1
    };
    sweep(scenario, |run| {
        if let Some(mut heard) = run.output {
            heard.sort_unstable();
            assert_eq!(heard, b"12");
        }
    });
}
