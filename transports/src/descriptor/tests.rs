//! What becomes of a descriptor that is taken over.

use super::*;
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use std::os::unix::net::UnixStream;

const WANTED: Wanted =
    Wanted { name: "a stream", families: UNIX, kind: SocketType::STREAM, state: State::Connected };

#[test]
fn no_program_that_is_started_inherits_what_was_inherited() {
    let (one, _other) = UnixStream::pair().unwrap();
    fcntl_setfd(&one, FdFlags::empty()).unwrap();
    let adopted = adopt(one.into(), WANTED, Ok).unwrap();
    assert_eq!(fcntl_getfd(&adopted).unwrap(), FdFlags::CLOEXEC);
}

#[test]
fn what_is_refused_is_given_back_as_it_was() {
    let (one, _other) = UnixStream::pair().unwrap();
    fcntl_setfd(&one, FdFlags::empty()).unwrap();
    let refused = adopt(one.into(), Wanted { state: State::Listening, ..WANTED }, Ok).unwrap_err();
    assert_eq!(fcntl_getfd(&refused.descriptor).unwrap(), FdFlags::empty());
}
