//! Unix sockets: whoever is stopped at whichever poll, no descriptor stays, and what came in is in order.

use crate::support::sweep;
use arbour::transports::unix::{UnixConnect, UnixListener, UnixStream};
use arbour::transports::{BoxConnect, Connect};
use std::cell::RefCell;
use std::fs::File;

const HELLO: &[u8] = b"hello, how are you?";

/// A path for the socket of one test.
fn path(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("arbour-await-{}-{name}", std::process::id()));
    path.into_os_string().into_string().unwrap()
}

/// What came in must be the beginning of what went out, and all of it if the scenario was not stopped.
fn check(received: &RefCell<Vec<u8>>, finished: bool) {
    let received = received.take();
    assert!(HELLO.starts_with(&received), "{received:?}");
    assert!(!finished || received == HELLO, "{received:?}");
}

#[test]
fn a_unix_connection() {
    let (received, path) = (RefCell::new(Vec::new()), path("connection"));
    let scenario = || async {
        let listener = UnixListener::bind(&path).unwrap();
        let client = BoxConnect::new(UnixConnect::to(&path).unwrap()).connect().await.unwrap();
        let server = listener.accept().await.unwrap();
        client.send(HELLO).await.unwrap();
        client.send_eof().await.unwrap();
        while let Some(bytes) = server.receive(4).await.unwrap() {
            received.borrow_mut().extend_from_slice(&bytes);
        }
    };
    sweep(scenario, |run| {
        check(&received, run.output.is_some());
        assert!(!std::path::Path::new(&path).exists(), "the file of the socket stays");
    });
}

#[test]
fn descriptors_sent_along() {
    let (received, descriptors) = (RefCell::new(Vec::new()), RefCell::new(0));
    let scenario = || async {
        let (one, other) = UnixStream::pair().unwrap();
        one.send_fds(HELLO, &[File::open("/dev/null").unwrap()]).await.unwrap();
        one.send_eof().await.unwrap();
        while let Some(part) = other.receive_fds(4, 1).await.unwrap() {
            received.borrow_mut().extend_from_slice(&part.bytes);
            *descriptors.borrow_mut() += part.descriptors.len();
        }
    };
    sweep(scenario, |run| {
        let with_bytes = !received.borrow().is_empty();
        assert_eq!(descriptors.take(), usize::from(with_bytes), "they go with the first byte, once");
        check(&received, run.output.is_some());
    });
}
