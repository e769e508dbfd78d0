//! Frames that are too long, cut off, split anywhere, or no frames at all.

use crate::random::Random;
use arbour::stream::{ObjectReceive, ObjectSend, memory_stream};
use arbour::transports::{
    BadFrame, ByteSendExt, FrameError, Framed, Framing, FromChunks, LengthDelimited, Lines, byte_pipe,
    one_way_pipe,
};
use arbour::{Failure, task_group};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio_util::codec::{self, LengthDelimitedCodec, LinesCodec};

const FRAMES: [&str; 5] = ["one", "", "three", "\u{1f600}", "the last"];

/// What is received from these bytes, in these pieces: the frames, and how it ends.
async fn received<F: Framing + Send>(framing: F, pieces: &[&[u8]]) -> (Vec<Bytes>, Option<FrameError>) {
    let (tx, rx) = memory_stream(pieces.len());
    for piece in pieces {
        tx.send(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    drop(tx);
    let (mut stream, mut frames) = (Framed::new(FromChunks::new(rx), framing), Vec::new());
    loop {
        match stream.recv().await {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}

/// The frames as bytes, and after how many bytes each ends.
async fn encoded<F: Framing + Send>(framing: F) -> (Vec<u8>, Vec<usize>) {
    let (mut wire, mut ends) = (bytes::BytesMut::new(), Vec::new());
    let mut framing = framing;
    for frame in FRAMES {
        framing.encode(frame.as_bytes(), &mut wire).unwrap();
        ends.push(wire.len());
    }
    (wire.to_vec(), ends)
}

async fn cut_and_split<F: Framing + Clone + Send>(framing: F) {
    let (wire, ends) = encoded(framing.clone()).await;
    for at in 0..=wire.len() {
        let (before, behind) = wire.split_at(at);
        let (frames, end) = received(framing.clone(), &[before, behind]).await;
        assert!(frames == FRAMES && end.is_none(), "split at {at}: {frames:?} {end:?}");

        let whole = ends.iter().filter(|end| **end <= at).count();
        let (frames, end) = received(framing.clone(), &[before]).await;
        assert_eq!(frames, FRAMES[..whole], "cut at {at}");
        let on_a_border = at == 0 || ends.contains(&at);
        let incomplete =
            matches!(end, Some(FrameError::Bad(BadFrame::Incomplete { received, .. })) if received > 0);
        assert!(if on_a_border { end.is_none() } else { incomplete }, "cut at {at}: {end:?}");
    }
    let single: Vec<&[u8]> = wire.chunks(1).collect();
    assert_eq!(received(framing, &single).await.0, FRAMES);
}

#[arbour::test]
async fn split_or_cut_at_every_byte_no_frame_is_torn_and_none_is_made_up() {
    cut_and_split(LengthDelimited::default()).await;
    cut_and_split(Lines::default()).await;
}

#[arbour::test]
async fn a_frame_beyond_the_limit_is_refused_by_its_head_and_nothing_is_held_for_it() {
    for length in [1_048_577, 1 << 31, u32::MAX] {
        let (mut peer, here) = byte_pipe(64);
        peer.send(&length.to_be_bytes()).await.unwrap();
        let mut here = arbour::transports::length_delimited(here);
        for _ in 0..2 {
            let refused = here.recv().await.unwrap_err();
            let max = 1_048_576;
            let expected = BadFrame::TooLong { length: length.into(), max };
            assert!(matches!(&refused, FrameError::Bad(bad) if *bad == expected), "{refused}");
        }
        assert_eq!(here.into_parts().0.buffer().len(), 4);
    }
}

/// Whatever comes, it ends in frames, an end or a typed error, and holds no more than it was sent.
#[arbour::test]
async fn ten_thousand_random_streams_end_well_or_with_a_typed_error() {
    let (mut random, mut refused, mut ended) = (Random::new(7), 0, 0);
    for _ in 0..10_000 {
        let length = random.below(64);
        let mut wire = random.bytes(length);
        // Heads that are small enough are frames now and then.
        wire.iter_mut().step_by(3).for_each(|byte| *byte = 0);
        let at = random.below(wire.len() + 1);
        let (before, behind) = wire.split_at(at);
        let (frames, end) = received(LengthDelimited::default().max(32), &[before, behind]).await;
        let held: usize = frames.iter().map(|frame| frame.len() + 4).sum();
        assert!(held <= wire.len());
        match end {
            None => ended += 1,
            Some(FrameError::Bad(BadFrame::TooLong { length, max: 32 })) => {
                assert!(length > 32);
                refused += 1;
            }
            Some(FrameError::Bad(BadFrame::Incomplete { received, .. })) => assert!(received > 0),
            Some(other) => panic!("{other}"),
        }
    }
    assert!(refused > 1_000 && ended > 10, "the streams have become vacuous: {refused} {ended}");
}

/// The codecs of others speak with ours, and run on our streams as they are.
#[arbour::test]
async fn frames_are_those_of_the_codecs_that_everybody_uses() {
    let outcome = task_group(async |group| {
        let (here, there) = byte_pipe(16);
        let mut theirs = codec::Framed::new(there, LengthDelimitedCodec::new());
        let mut ours = arbour::transports::length_delimited(here);
        let echo = group.spawn(async move {
            while let Some(frame) = theirs.next().await {
                theirs.send(frame?.freeze()).await?;
            }
            Ok::<_, Failure>(())
        });
        for frame in FRAMES {
            ObjectSend::send(&mut ours, Bytes::from(frame)).await.unwrap();
            assert_eq!(ours.recv().await.unwrap().unwrap(), frame);
        }
        drop(ours);
        echo.await.unwrap();

        let (tx, rx) = one_way_pipe(16);
        let mut theirs = codec::FramedWrite::new(tx, LinesCodec::new());
        let sends = group.spawn(async move {
            for line in FRAMES {
                theirs.send(line).await?;
            }
            Ok::<_, Failure>(())
        });
        let lines: Vec<_> = arbour::transports::lines(rx).map(Result::unwrap).collect().await;
        sends.await.unwrap();
        assert_eq!(lines, FRAMES);
    });
    outcome.await.unwrap();
}
