//! Ends that the runtime never forgets, although somebody has begun anew.

use crate::readiness::Readiness;
use crate::unix::{ConnectedUnixDatagram, DatagramError};
use futures::future::join;
use std::fs::{File, OpenOptions};
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;
use tokio::task::yield_now;

/// Runs it on a thread of its own, so that what never ends in one poll is found out.
fn ends(scenario: impl AsyncFnOnce() + Send + 'static) {
    let (ended, has_ended) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(scenario());
        ended.send(()).unwrap();
    });
    has_ended.recv_timeout(Duration::from_secs(10)).expect("it spins, or has failed");
}

/// A named pipe of a test's own, with its path removed already.
struct Pipe(PathBuf);

impl Pipe {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("arbour-pipe-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    fn open(&self, options: &mut OpenOptions) -> File {
        options.custom_flags(libc::O_NONBLOCK).open(&self.0).unwrap()
    }

    fn reader(&self) -> File {
        self.open(File::options().read(true))
    }

    fn writer(&self) -> File {
        self.open(File::options().write(true))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_pipe_whose_first_writer_has_gone_waits_for_the_second() {
    ends(async || {
        let pipe = Pipe::new("writers");
        let mut reader = pipe.reader();
        let readiness = Readiness::of(&reader).unwrap();
        pipe.writer().write_all(b"first").unwrap();
        readiness.readable().await.unwrap();
        assert_eq!(reader.read(&mut [0; 10]).unwrap(), 5);

        let mut second = pipe.writer();
        let write = async {
            yield_now().await;
            second.write_all(b"second").unwrap();
        };
        let (ready, ()) = join(readiness.readable(), write).await;
        ready.unwrap();
        assert_eq!(reader.read(&mut [0; 10]).unwrap(), 6);
    });
}

#[test]
fn a_full_pipe_whose_first_reader_has_gone_is_waited_for_and_not_asked_again_and_again() {
    ends(async || {
        let pipe = Pipe::new("readers");
        let first = pipe.reader();
        let mut writer = pipe.writer();
        let readiness = Readiness::of(&writer).unwrap();
        readiness.writable().await.unwrap();
        drop(first);
        for _ in 0..100 {
            yield_now().await;
        }
        let mut second = pipe.reader();
        while writer.write(&[0; 4096]).is_ok() {}

        let (mut polls, mut ready) = (0, pin!(readiness.writable()));
        let counted = poll_fn(|cx| {
            polls += 1;
            ready.as_mut().poll(cx)
        });
        tokio::spawn(async move {
            for _ in 0..1000 {
                yield_now().await;
            }
            while second.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
        });
        counted.await.unwrap();
        assert!(polls < 10, "it was asked {polls} times");
    });
}

#[test]
fn a_datagram_socket_that_another_holder_has_shut_down_says_so() {
    ends(async || {
        let (one, other) = UnixDatagram::pair().unwrap();
        other.send(b"before").unwrap();
        one.shutdown(Shutdown::Read).unwrap();
        let socket = ConnectedUnixDatagram::from_descriptor(one).unwrap();
        assert_eq!(socket.receive().await.unwrap(), "before");
        let Err(DatagramError::System(error)) = socket.receive().await else { panic!("an error is wanted") };
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        socket.send(b"the other way").await.unwrap();
    });
}
