//! Streams in the hands of one task that another task reaches all the same, and their halves.

use crate::attributes::RawDescriptor;
use crate::unix::UnixStream;
use crate::{AttributesExt, ByteReceiveExt, ByteSendExt, StreamError};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::yield_now;
use tokio::time::timeout;

type Shared = Arc<Mutex<UnixStream>>;

fn read(stream: &Shared, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    Pin::new(&mut *stream.lock().unwrap()).poll_read(cx, &mut ReadBuf::new(&mut [0]))
}

/// Fills the system's queue, and waits.
fn write(stream: &Shared, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    let mut stream = stream.lock().unwrap();
    while Pin::new(&mut *stream).poll_write(cx, &[7; 4096])?.is_ready() {}
    Poll::Pending
}

/// A lock that is held in each poll and not between them.
#[arbour::test]
async fn who_waits_by_a_poll_is_woken_and_refused_when_another_task_closes_the_stream() {
    for poll in [read, write] {
        let (stream, _peer) = UnixStream::pair().unwrap();
        let stream = Arc::new(Mutex::new(stream));
        let shared = Arc::clone(&stream);
        let waiting = tokio::spawn(poll_fn(move |cx| poll(&shared, cx)));
        yield_now().await;
        stream.lock().unwrap().close();
        let woken = timeout(Duration::from_secs(1), waiting).await.expect("it is woken");
        let refused = StreamError::from(woken.unwrap().unwrap_err());
        assert!(matches!(refused, StreamError::Closed), "{refused}");
    }
}

#[arbour::test]
async fn each_half_knows_the_socket_when_the_other_is_gone() {
    let (one, other) = UnixStream::pair().unwrap();
    let descriptors = [&one, &other].map(|stream| stream.attribute::<RawDescriptor>());
    let ((receive, sent), (received, send)) = (one.into_split(), other.into_split());
    drop((sent, received));
    assert_eq!([receive.attribute::<RawDescriptor>(), send.attribute::<RawDescriptor>()], descriptors);
}

#[arbour::test]
async fn the_halves_of_a_closed_stream_refuse() {
    let (stream, _peer) = UnixStream::pair().unwrap();
    stream.close();
    let (mut receive, mut send) = stream.into_split();
    assert!(matches!(receive.receive(1).await, Err(StreamError::Closed)));
    assert!(matches!(send.send(b"more").await, Err(StreamError::Closed)));
}

#[arbour::test]
async fn a_half_that_said_its_end_says_it_once_and_sends_no_more() {
    let (stream, peer) = UnixStream::pair().unwrap();
    let (_receive, mut send) = stream.into_split();
    send.send_eof().await.unwrap();
    send.send_eof().await.unwrap();
    assert!(matches!(send.send(b"more").await, Err(StreamError::Ended)));
    assert!(peer.receive(1).await.unwrap().is_none());
}
