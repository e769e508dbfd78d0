//! The suites of what transports promise: implementations that keep it, and a fault for every clause.

mod faulty_bytes;
mod faulty_listeners;
mod faulty_objects;

use arbour::stream::memory_stream;
use arbour::testing::{check_byte_stream, check_listener, check_object_stream};
use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::transports::{byte_pipe, memory_listener};

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_address()).await.unwrap();
    (client, listener.accept().await.unwrap())
}

#[arbour::test]
async fn pipes_in_memory_keep_what_byte_streams_promise() {
    for capacity in [7, 64, 100_000] {
        let check = check_byte_stream(async || byte_pipe(capacity));
        check.clogged_by(capacity + 1).run().await.unwrap();
    }
}

/// More than the largest buffers that the system gives a connection.
const MORE_THAN_BUFFERS: usize = 32 << 20;

#[arbour::test(start_paused = false)]
async fn tcp_keeps_what_byte_streams_promise() {
    check_byte_stream(tcp_pair).clogged_by(MORE_THAN_BUFFERS).run().await.unwrap();
}

#[arbour::test]
async fn memory_streams_keep_what_object_streams_promise() {
    for capacity in [0, 1, 300] {
        check_object_stream(async || memory_stream(capacity), |number| number).run().await.unwrap();
    }
}

#[arbour::test]
async fn listeners_in_memory_keep_what_listeners_promise() {
    for capacity in [1, 64] {
        check_listener(async || memory_listener("memory:test", capacity)).run().await.unwrap();
    }
}
