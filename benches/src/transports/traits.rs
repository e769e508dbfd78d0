//! Both ends by tokio's traits, which all systems have: the same lines for each, in bare tasks or in a group.

use super::task::{CHUNK, MESSAGE, TURNS, Task, check};
use arbour::task_group;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What tokio's traits can be used on.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// Each end in a task of the runtime.
pub(super) async fn in_tasks(task: Task, client: impl Stream, server: impl Stream) {
    let other = match task {
        Task::Echo => {
            let echo = tokio::spawn(echo(server));
            ask(client).await;
            echo
        }
        Task::Throughput => {
            let pour = tokio::spawn(pour(server));
            drain(client).await;
            pour
        }
    };
    other.await.expect("no end fails");
}

/// Each end in a task group.
pub(super) async fn in_a_group(task: Task, client: impl Stream, server: impl Stream) {
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

async fn echo(mut stream: impl Stream) {
    let mut message = [0; MESSAGE];
    while stream.read_exact(&mut message).await.is_ok() {
        stream.write_all(&message).await.expect("the client waits for it");
        stream.flush().await.expect("the client waits for it");
    }
}

async fn ask(mut stream: impl Stream) {
    let mut message = [7; MESSAGE];
    for _ in 0..TURNS {
        stream.write_all(&message).await.expect("the server echoes");
        stream.flush().await.expect("the server echoes");
        stream.read_exact(&mut message).await.expect("the server echoes");
    }
    stream.shutdown().await.expect("the server is there");
}

async fn pour(mut stream: impl Stream) {
    let chunk = vec![7; CHUNK];
    for _ in 0..TURNS {
        stream.write_all(&chunk).await.expect("the client reads");
    }
    stream.shutdown().await.expect("the client is there");
}

async fn drain(mut stream: impl Stream) {
    let (mut chunk, mut sum) = (vec![0; CHUNK], 0);
    loop {
        match stream.read(&mut chunk).await.expect("the server says goodbye") {
            0 => break check(sum),
            read => sum += read as u64,
        }
    }
}
