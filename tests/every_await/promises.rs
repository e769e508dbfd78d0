//! The suites of what transports promise, and what is connected in memory: stopped anywhere, they leave
//! nothing.

use crate::support::sweep;
use arbour::stream::memory_stream;
use arbour::testing::{check_byte_stream, check_listener, check_object_stream};
use arbour::transports::{ByteReceiveExt, ByteSendExt, Connect, Listener, byte_pipe, memory_listener};
use std::cell::RefCell;

#[test]
fn checking_byte_streams() {
    let scenario = || async {
        check_byte_stream(async || byte_pipe(1 << 19)).run().await.unwrap();
    };
    sweep(scenario, |_| {});
}

#[test]
fn checking_object_streams() {
    let scenario = || async {
        check_object_stream(async || memory_stream(300), |number| number).run().await.unwrap();
    };
    sweep(scenario, |_| {});
}

#[test]
fn checking_listeners() {
    let scenario = || async {
        check_listener(async || memory_listener("memory:sweep", 64)).run().await.unwrap();
    };
    sweep(scenario, |_| {});
}

#[test]
fn connecting_in_memory() {
    let received = RefCell::new(Vec::new());
    let scenario = || async {
        let (mut listener, connect) = memory_listener("memory:sweep", 4);
        let (client, server) = arbour::join!(connect.connect(), listener.accept());
        let (mut client, mut server) = (client.unwrap(), server.unwrap().establish().await.unwrap());
        let sending = async {
            client.send(b"hello").await.unwrap();
            client.send_eof().await.unwrap();
        };
        let receiving = async {
            while let Some(bytes) = server.receive(4).await.unwrap() {
                received.borrow_mut().extend_from_slice(&bytes);
            }
        };
        arbour::join!(sending, receiving);
    };
    sweep(scenario, |run| {
        let received = received.take();
        assert!(b"hello".starts_with(&received), "{received:?}");
        assert!(run.output.is_none() || received == b"hello", "{received:?}");
    });
}
