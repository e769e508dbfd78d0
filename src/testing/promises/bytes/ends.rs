//! What the clauses do with an end: send, receive so many bytes, compare.

use super::End;
use crate::testing::promises::verdict::Outcome;
use arbour_transports::{ByteReceiveExt, ByteSendExt};
use bytes::Bytes;
use futures::future::try_join;

/// Stands at the end of what a clause sends; no [`pattern`] has it.
pub(super) const MARK: u8 = 0xFF;

/// So many bytes, of which no stretch repeats itself soon: what is lost, doubled or exchanged shows.
pub(super) fn pattern(count: usize) -> Vec<u8> {
    let scattered = |index: usize| (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 57;
    (0..count).map(|index| u8::try_from(scattered(index)).expect("seven bits are left")).collect()
}

pub(super) async fn send(end: &mut End, bytes: &[u8]) -> Outcome {
    let sent = end.send(bytes).await;
    sent.map_err(|error| format!("a send of {} bytes fails: {error}", bytes.len()))
}

pub(super) async fn half_close(end: &mut End) -> Outcome {
    end.send_eof().await.map_err(|error| format!("the half-close fails: {error}"))
}

/// What one receive gives; `None` at the end.
pub(super) async fn receive(end: &mut End, max: usize) -> Result<Option<Bytes>, String> {
    let received = end.receive(max).await;
    received.map_err(|error| format!("a receive of at most {max} bytes fails: {error}"))
}

/// Receives until there are so many bytes, which must be these; `max` tells the sizes of the receives.
pub(super) async fn expect(end: &mut End, expected: &[u8], max: &[usize]) -> Outcome {
    let mut received = Vec::with_capacity(expected.len());
    for max in max.iter().cycle() {
        let missing = expected.len() - received.len();
        if missing == 0 {
            break;
        }
        match receive(end, missing.min(*max)).await? {
            Some(bytes) => received.extend_from_slice(&bytes),
            None => return Err(format!("it ends after {} bytes of {}", received.len(), expected.len())),
        }
    }
    same(&received, expected)
}

/// Sends some bytes from one end to the other, which need not have room for them all at once.
pub(super) async fn carry(from: &mut End, to: &mut End, bytes: &[u8]) -> Outcome {
    try_join(send(from, bytes), expect(to, bytes, &[16])).await.map(drop)
}

/// The stream must end here.
pub(super) async fn expect_end(end: &mut End) -> Outcome {
    match receive(end, 16).await? {
        Some(bytes) => Err(format!("there are {bytes:?} where it should end")),
        None => Ok(()),
    }
}

pub(super) fn same(received: &[u8], sent: &[u8]) -> Outcome {
    if received == sent {
        return Ok(());
    }
    match received.iter().zip(sent).position(|(received, sent)| received != sent) {
        Some(at) => Err(format!(
            "byte {at} of {} is {:#04x}, and {:#04x} was sent",
            sent.len(),
            received[at],
            sent[at]
        )),
        None => Err(format!("{} bytes arrive of {}", received.len(), sent.len())),
    }
}
