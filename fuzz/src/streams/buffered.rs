//! A buffered stream and its calls, beside a model that has all bytes at once.

use super::bytes::{Choices, Pieces};
use arbour_transports::{Buffered, ByteReceiveExt, ReceiveError};
use futures::executor::block_on;

/// What the model answers.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Bytes(Vec<u8>),
    End,
    Incomplete,
    TooLong,
    EmptyDelimiter,
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let sizes = [choices.byte(), choices.byte(), choices.byte(), choices.byte()];
    let length = choices.below(128);
    let wire = choices.take(length);
    let mut stream = Buffered::new(Pieces::new(wire, sizes));
    // All that is still to come, what was pushed back before it.
    let mut rest = wire.to_vec();
    while !choices.0.is_empty() {
        match choices.byte() % 5 {
            0 => {
                let count = choices.below(40);
                let answer = answer(block_on(stream.receive_exactly(count)).map(Some));
                assert_eq!(answer, exactly(&mut rest, count), "receive_exactly({count})");
            }
            1 => {
                let (length, max) = (choices.below(4), choices.below(40));
                let delimiter = choices.take(length);
                let answer = answer(block_on(stream.receive_until(delimiter, max)).map(Some));
                assert_eq!(
                    answer,
                    until(&mut rest, delimiter, max),
                    "receive_until({delimiter:02x?}, {max})"
                );
            }
            2 => {
                let length = choices.below(8);
                let back = choices.take(length);
                stream.push_back(back);
                rest.splice(..0, back.iter().copied());
            }
            3 => {
                let max = choices.below(40) + 1;
                let received = block_on(stream.receive(max)).unwrap();
                let received = received.map(|bytes| bytes.to_vec()).unwrap_or_default();
                assert_eq!(received.is_empty(), rest.is_empty(), "a receive ends before the stream does");
                assert!(received.len() <= max && rest.starts_with(&received), "receive({max})");
                rest.drain(..received.len());
            }
            _ => assert!(rest.starts_with(stream.buffer()), "the buffer is what comes next"),
        }
    }
}

fn answer(received: Result<Option<bytes::Bytes>, ReceiveError>) -> Answer {
    match received {
        Ok(Some(bytes)) => Answer::Bytes(bytes.to_vec()),
        Ok(None) => Answer::End,
        Err(ReceiveError::Incomplete { .. }) => Answer::Incomplete,
        Err(ReceiveError::TooLong { .. }) => Answer::TooLong,
        Err(ReceiveError::EmptyDelimiter) => Answer::EmptyDelimiter,
        Err(other) => panic!("a stream of bytes in memory broke: {other}"),
    }
}

fn exactly(rest: &mut Vec<u8>, count: usize) -> Answer {
    if rest.len() < count { Answer::Incomplete } else { Answer::Bytes(rest.drain(..count).collect()) }
}

fn until(rest: &mut Vec<u8>, delimiter: &[u8], max: usize) -> Answer {
    if delimiter.is_empty() {
        return Answer::EmptyDelimiter;
    }
    let at = (0..rest.len()).find(|at| rest[*at..].starts_with(delimiter));
    match at {
        Some(at) if at <= max => {
            let before = rest.drain(..at).collect();
            rest.drain(..delimiter.len());
            Answer::Bytes(before)
        }
        Some(_) => Answer::TooLong,
        // No delimiter can begin at `max` or before any more.
        None if rest.len() + 1 > max + delimiter.len() => Answer::TooLong,
        None => Answer::Incomplete,
    }
}
