//! Both ends in a task group, by the methods of our streams, which pass its gates and refuse a second user.

use super::task::{CHUNK, MESSAGE, TURNS, Task, check};
use arbour::task_group;
use arbour::transports::tcp::TcpStream;
use arbour::transports::unix::UnixStream;
use arbour::transports::{ByteReceiveExt, ByteSendExt, StreamError};
use bytes::Bytes;

/// The methods by which users receive and send: TCP and Unix streams have their own, which take `&self`, and
/// those that wrap a stream have those of all byte streams.
pub(super) trait Methods: Send + 'static {
    fn receive(&mut self, max: usize) -> impl Future<Output = Result<Option<Bytes>, StreamError>> + Send;
    fn send(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), StreamError>> + Send;
    fn send_eof(&mut self) -> impl Future<Output = Result<(), StreamError>> + Send;
}

macro_rules! own_methods {
    ($($stream:ty),+) => {$(
        impl Methods for $stream {
            fn receive(&mut self, max: usize) -> impl Future<Output = Result<Option<Bytes>, StreamError>> + Send {
                <$stream>::receive(self, max)
            }

            fn send(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), StreamError>> + Send {
                <$stream>::send(self, bytes)
            }

            fn send_eof(&mut self) -> impl Future<Output = Result<(), StreamError>> + Send {
                <$stream>::send_eof(self)
            }
        }
    )+};
}

own_methods!(TcpStream, UnixStream);

impl Methods for super::tls::Arbour {
    fn receive(&mut self, max: usize) -> impl Future<Output = Result<Option<Bytes>, StreamError>> + Send {
        ByteReceiveExt::receive(self, max)
    }

    fn send(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), StreamError>> + Send {
        ByteSendExt::send(self, bytes)
    }

    fn send_eof(&mut self) -> impl Future<Output = Result<(), StreamError>> + Send {
        ByteSendExt::send_eof(self)
    }
}

pub(super) async fn in_a_group(task: Task, client: impl Methods, server: impl Methods) {
    let ended = task_group(async move |group| match task {
        Task::Echo => {
            drop(group.spawn_value(echo(server)));
            ask(client).await;
        }
        Task::Throughput => {
            drop(group.spawn_value(pour(server)));
            drain(client).await;
        }
    });
    ended.await.expect("no end fails");
}

async fn echo(mut stream: impl Methods) {
    while let Some(message) = stream.receive(MESSAGE).await.expect("the client says goodbye") {
        stream.send(&message).await.expect("the client waits for it");
    }
}

async fn ask(mut stream: impl Methods) {
    for _ in 0..TURNS {
        stream.send(&[7; MESSAGE]).await.expect("the server echoes");
        let mut missing = MESSAGE;
        while missing > 0 {
            let part = stream.receive(missing).await.expect("the server echoes");
            missing -= part.expect("the server echoes all").len();
        }
    }
    stream.send_eof().await.expect("the server is there");
}

async fn pour(mut stream: impl Methods) {
    let chunk = vec![7; CHUNK];
    for _ in 0..TURNS {
        stream.send(&chunk).await.expect("the client receives");
    }
    stream.send_eof().await.expect("the client is there");
}

async fn drain(mut stream: impl Methods) {
    let mut sum = 0;
    while let Some(chunk) = stream.receive(CHUNK).await.expect("the server says goodbye") {
        sum += chunk.len() as u64;
    }
    check(sum);
}
