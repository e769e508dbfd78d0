//! Frames in pieces, beside a model that sees all bytes at once.

use super::bytes::{Choices, Pieces};
use arbour_primitives::stream::ObjectReceive;
use arbour_transports::{BadFrame, FrameError, Framed, Framing, Head, LengthDelimited, Lines};
use futures::executor::block_on;

/// What a whole stream holds: its frames, and how it ends.
type Whole = (Vec<Vec<u8>>, Option<BadFrame>);

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let (kind, max) = (choices.byte(), u64::from(choices.byte()) % 64);
    let sizes = [choices.byte(), choices.byte(), choices.byte(), choices.byte()];
    let wire = choices.0;
    let (received, expected) = if kind % 4 == 3 {
        let last_without_end = kind & 4 != 0;
        let lines = Lines::default().max(max as usize);
        let framing = if last_without_end { lines.last_without_end() } else { lines };
        (received(framing, wire, sizes), lines_of(wire, max, last_without_end))
    } else {
        let (head, width, little) = HEADS[usize::from(kind / 8) % HEADS.len()];
        let framing = LengthDelimited::default().max(max).head(head);
        let most = max.min(u64::MAX >> (64 - 8 * width));
        (received(framing, wire, sizes), frames_of(wire, most, width, little))
    };
    assert_eq!(received.0, expected.0, "frames of {wire:02x?}");
    // How much of a line without end had come when it was refused depends on the pieces.
    let alike = match (&received.1, &expected.1) {
        (Some(BadFrame::TooLong { max, .. }), Some(BadFrame::TooLong { max: expected, .. })) => {
            max == expected
        }
        (received, expected) => received == expected,
    };
    assert!(alike, "the end of {wire:02x?}: {:?} instead of {:?}", received.1, expected.1);
}

const HEADS: [(Head, u32, bool); 7] = [
    (Head::U8, 1, false),
    (Head::U16, 2, false),
    (Head::U32, 4, false),
    (Head::U64, 8, false),
    (Head::U16Le, 2, true),
    (Head::U32Le, 4, true),
    (Head::U64Le, 8, true),
];

fn received<F: Framing + Send>(framing: F, wire: &[u8], sizes: [u8; 4]) -> Whole {
    let (mut stream, mut frames) = (Framed::new(Pieces::new(wire, sizes), framing), Vec::new());
    loop {
        match block_on(stream.recv()) {
            Ok(Some(frame)) => frames.push(frame.to_vec()),
            Ok(None) => return (frames, None),
            Err(FrameError::Bad(bad)) => {
                let again = block_on(stream.recv());
                assert!(matches!(&again, Err(FrameError::Bad(_))), "it goes on after {bad}: {again:?}");
                return (frames, Some(bad));
            }
            Err(other) => panic!("a stream of bytes in memory broke: {other}"),
        }
    }
}

fn frames_of(mut wire: &[u8], max: u64, width: u32, little: bool) -> Whole {
    let (mut frames, width) = (Vec::new(), width as usize);
    while !wire.is_empty() {
        let Some(head) = wire.get(..width) else {
            return (frames, Some(BadFrame::Incomplete { received: wire.len(), wanted: None }));
        };
        let big_endian: Vec<u8> = if little { head.iter().rev().copied().collect() } else { head.to_vec() };
        let length = big_endian.iter().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
        if length > max {
            return (frames, Some(BadFrame::TooLong { length, max }));
        }
        let end = width + length as usize;
        let Some(frame) = wire.get(width..end) else {
            return (frames, Some(BadFrame::Incomplete { received: wire.len(), wanted: Some(end as u64) }));
        };
        frames.push(frame.to_vec());
        wire = &wire[end..];
    }
    (frames, None)
}

fn lines_of(wire: &[u8], max: u64, last_without_end: bool) -> Whole {
    let mut lines: Vec<&[u8]> = wire.split(|byte| *byte == b'\n').collect();
    let last = lines.pop().unwrap_or_default();
    let mut frames = Vec::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() as u64 > max {
            return (frames, Some(BadFrame::TooLong { length: line.len() as u64, max }));
        }
        frames.push(line.to_vec());
    }
    let without_return = last.strip_suffix(b"\r").unwrap_or(last).len() as u64;
    let length = last.len() as u64;
    let end = match length {
        0 => None,
        _ if without_return > max || (last_without_end && length > max) => {
            Some(BadFrame::TooLong { length, max })
        }
        _ if last_without_end => {
            frames.push(last.to_vec());
            None
        }
        _ => Some(BadFrame::Incomplete { received: last.len(), wanted: None }),
    };
    (frames, end)
}
