//! Waiting for descriptors that belong to somebody else.

use crate::support::soon;
use arbour::testing::wait_all_tasks_blocked;
use arbour::transports::StreamError;
use arbour::transports::readiness::Readiness;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

fn pair() -> (UnixStream, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    one.set_nonblocking(true).unwrap();
    (one, other)
}

/// Writes until there is no room.
fn fill(mut socket: &UnixStream) {
    while socket.write(&[0; 4096]).is_ok() {}
}

/// Two tasks wait, one for each direction; the announcement wakes both.
async fn both_waiters_are_woken() {
    let (one, _other) = pair();
    fill(&one);
    let readiness = Arc::new(Readiness::of(&one).unwrap());
    let (reads, writes) = (Arc::clone(&readiness), Arc::clone(&readiness));
    let reader = tokio::spawn(async move { reads.readable().await });
    let writer = tokio::spawn(async move { writes.writable().await });
    wait_all_tasks_blocked().await;
    assert!(!reader.is_finished() && !writer.is_finished());
    readiness.close();
    assert!(matches!(soon(reader).await.unwrap(), Err(StreamError::Closed)));
    assert!(matches!(soon(writer).await.unwrap(), Err(StreamError::Closed)));
    assert!(matches!(readiness.readable().await, Err(StreamError::Closed)));
}

mod anyio_sockets {
    #[arbour::test]
    async fn interrupted_by_close() {
        super::both_waiters_are_woken().await;
    }
}

mod trio_io {
    use super::*;

    #[arbour::test]
    async fn wait_basic() {
        let (one, mut other) = pair();
        let readiness = Arc::new(Readiness::of(&one).unwrap());
        soon(readiness.writable()).await.unwrap();
        let reads = Arc::clone(&readiness);
        let reader = tokio::spawn(async move { reads.readable().await });
        wait_all_tasks_blocked().await;
        assert!(!reader.is_finished());
        other.write_all(b"x").unwrap();
        soon(reader).await.unwrap().unwrap();
        soon(readiness.readable()).await.unwrap();

        // Somebody else reads it away: it is not ready any more, whatever was heard before.
        (&one).read_exact(&mut [0]).unwrap();
        let reads = Arc::clone(&readiness);
        let reader = tokio::spawn(async move { reads.readable().await });
        wait_all_tasks_blocked().await;
        assert!(!reader.is_finished());
        drop(other);
        soon(reader).await.unwrap().unwrap();

        let (mut pipe, mut end) = std::io::pipe().unwrap();
        let (reads, writes) = (Readiness::of(&pipe).unwrap(), Readiness::of(&end).unwrap());
        soon(writes.writable()).await.unwrap();
        end.write_all(b"x").unwrap();
        soon(reads.readable()).await.unwrap();
        pipe.read_exact(&mut [0]).unwrap();
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        assert!(
            Readiness::of(file).unwrap_err().to_string().starts_with("this descriptor cannot be watched")
        );
    }

    #[arbour::test]
    async fn double_read() {
        let (one, mut other) = pair();
        fill(&one);
        let readiness = Arc::new(Readiness::of(&one).unwrap());
        let (reads, writes) = (Arc::clone(&readiness), Arc::clone(&readiness));
        let reader = tokio::spawn(async move { reads.readable().await });
        let writer = tokio::spawn(async move { writes.writable().await });
        wait_all_tasks_blocked().await;
        let Err(StreamError::Busy(busy)) = readiness.readable().await else { panic!("two wait at a time") };
        assert_eq!(busy.action, "waiting until this descriptor is readable");
        assert!(matches!(readiness.writable().await, Err(StreamError::Busy(_))));
        other.write_all(b"x").unwrap();
        soon(reader).await.unwrap().unwrap();
        let mut all = vec![0; 1 << 20];
        other.set_nonblocking(true).unwrap();
        while other.read(&mut all).is_ok() {}
        soon(writer).await.unwrap().unwrap();
    }

    #[arbour::test]
    async fn interrupted_by_close() {
        both_waiters_are_woken().await;
    }
}
