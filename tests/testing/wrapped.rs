//! Streams made of streams keep what the streams promise that they are made of.

use arbour::stream::memory_stream;
use arbour::testing::{check_byte_stream, check_object_stream};
use arbour::transports::{
    Buffered, BytePipe, ByteStream, Foreign, Stapled, StapledObjects, Tee, Timeouts, byte_pipe,
    length_delimited, one_way_pipe,
};
use std::time::Duration;

const CAPACITY: usize = 64;

async fn keeps_what_byte_streams_promise<S: ByteStream + 'static>(wrap: impl Fn(BytePipe) -> S) {
    let pairs = async || {
        let (here, there) = byte_pipe(CAPACITY);
        (wrap(here), wrap(there))
    };
    check_byte_stream(pairs).clogged_by(CAPACITY + 1).run().await.unwrap();
}

#[arbour::test]
async fn buffered_limited_and_copied_byte_streams() {
    keeps_what_byte_streams_promise(Buffered::new).await;
    let limited = |stream| {
        let limit = Duration::from_secs(3600);
        Timeouts::new(stream).receive_within(limit).send_within(limit).idle_within(limit).at_least(1, limit)
    };
    keeps_what_byte_streams_promise(limited).await;
    keeps_what_byte_streams_promise(|stream| Tee::new(stream, tokio::io::sink())).await;
}

#[arbour::test]
async fn byte_streams_that_others_made() {
    let pairs = async || {
        let (here, there) = tokio::io::duplex(CAPACITY);
        (Foreign::new(here), Foreign::new(there))
    };
    check_byte_stream(pairs).clogged_by(CAPACITY + 1).run().await.unwrap();
}

#[arbour::test]
async fn two_halves_as_a_byte_stream() {
    let pairs = async || {
        let ((there, from_here), (back, from_there)) = (one_way_pipe(CAPACITY), one_way_pipe(CAPACITY));
        (Stapled::new(there, from_there), Stapled::new(back, from_here))
    };
    check_byte_stream(pairs).clogged_by(CAPACITY + 1).run().await.unwrap();
}

#[arbour::test]
async fn frames_and_stapled_halves_as_object_streams() {
    let frames = async || {
        let (tx, rx) = one_way_pipe(CAPACITY);
        (length_delimited(tx), length_delimited(rx))
    };
    let numbered = |number| bytes::Bytes::from(format!("{number:?}"));
    check_object_stream(frames, numbered).run().await.unwrap();
    let stapled = async || {
        let ((there, from_here), (back, from_there)) = (memory_stream::<u64>(1), memory_stream::<u64>(1));
        (StapledObjects::new(there, from_there), StapledObjects::new(back, from_here))
    };
    check_object_stream(stapled, |number| number).run().await.unwrap();
}
