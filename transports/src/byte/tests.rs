//! How much memory is kept with what was received.

use super::*;
use crate::byte_pipe;
use crate::unix::UnixStream;
use arbour::testing::block_on;

#[track_caller]
fn assert_small(received: Bytes) {
    let kept = received.try_into_mut().unwrap().capacity();
    assert!(kept <= 64, "one byte keeps {kept}");
}

#[test]
fn who_keeps_one_byte_keeps_no_more() {
    block_on(async {
        let (mut one, mut other) = byte_pipe(64);
        one.send(b"x").await.unwrap();
        assert_small(other.receive(65_536).await.unwrap().unwrap());

        let (one, other) = UnixStream::pair().unwrap();
        one.send(b"x").await.unwrap();
        assert_small(other.receive(65_536).await.unwrap().unwrap());
        one.send_fds(b"x", &[std::io::stdin()]).await.unwrap();
        assert_small(other.receive_fds(65_536, 1).await.unwrap().unwrap().bytes);
    });
}

#[test]
fn descriptors_are_refused_after_the_end_as_bytes_are() {
    block_on(async {
        let (one, _other) = UnixStream::pair().unwrap();
        one.send_eof().await.unwrap();
        let refused = one.send_fds(b"x", &[std::io::stdin()]).await.unwrap_err();
        assert!(matches!(refused, crate::unix::DescriptorError::Stream(StreamError::Ended)), "{refused}");
    });
}
