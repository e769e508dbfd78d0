//! Text that somebody has stopped sending.

use super::*;
use crate::{ByteReceiveExt, one_way_pipe};
use arbour::testing::block_on;
use futures::FutureExt;

#[test]
fn taken_apart_it_gives_back_what_is_begun_and_not_written() {
    block_on(async {
        let (copy, mut record) = one_way_pipe(3);
        let mut text = Text::new(copy);
        assert!(text.send("hello").now_or_never().is_none(), "there is no room for all of it");
        let (_stream, rest) = text.into_parts();
        assert_eq!((record.receive(64).await.unwrap().unwrap(), rest), ("hel".into(), "lo".into()));
    });
}

#[test]
fn the_stream_inside_can_be_used_by_its_own_calls() {
    block_on(async {
        let (mut tx, mut rx) = (Text::new(one_way_pipe(3).0), Text::new(one_way_pipe(3).1));
        tx.stream().reset();
        assert!(matches!(tx.send("hello").await, Err(StreamError::Broken(_))));
        rx.stream_mut().reset();
        assert!(matches!(rx.recv().await, Err(TextError::Stream(StreamError::Broken(_)))));
    });
}
