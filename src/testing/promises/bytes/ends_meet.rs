//! Clauses about both ends: both directions at once, and an end that goes.

use super::ends::{carry, expect, pattern, receive, same, send};
use super::{End, Pair};
use crate::testing::promises::verdict::{Outcome, ensure, glance, turns};
use arbour_transports::{AttributesExt, ByteReceiveExt, ByteSendExt};
use futures::future::{try_join, try_join4};
use std::pin::pin;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};

/// More than any stream keeps on its way, so that each direction needs the other end's receives.
const MUCH: usize = 1 << 18;

pub(super) async fn both_directions_carry_at_once((from, to): Pair) -> Outcome {
    let (there, back) = (pattern(MUCH), pattern(MUCH + 1));
    let (from, to) = (split(from), split(to));
    let sending = (write(from.1, &there), write(to.1, &back));
    try_join4(sending.0, sending.1, read(to.0, &there), read(from.0, &back)).await.map(drop)
}

async fn write(mut half: WriteHalf<End>, bytes: &[u8]) -> Result<WriteHalf<End>, String> {
    let written = half.write_all(bytes).await;
    written.map_err(|error| format!("a write fails while both directions are in use: {error}"))?;
    let flushed = half.flush().await;
    flushed.map_err(|error| format!("a flush fails while both directions are in use: {error}"))?;
    Ok(half)
}

async fn read(mut half: ReadHalf<End>, expected: &[u8]) -> Result<ReadHalf<End>, String> {
    let mut received = vec![0; expected.len()];
    let read = half.read_exact(&mut received).await;
    read.map_err(|error| format!("a read fails while both directions are in use: {error}"))?;
    same(&received, expected).map(|()| half)
}

/// The end may be announced or cut: both say that there is no more.
pub(super) async fn what_was_sent_arrives_although_the_sender_goes((mut from, mut to): Pair) -> Outcome {
    let sending = async {
        send(&mut from, b"goodbye").await?;
        drop(from);
        Ok(())
    };
    let receiving = async {
        turns().await;
        expect(&mut to, b"goodbye", &[3]).await?;
        gone(to.receive(16).await)
    };
    try_join(sending, receiving).await.map(drop)
}

pub(super) async fn a_waiting_receive_hears_that_the_peer_goes((from, mut to): Pair) -> Outcome {
    let going = async {
        turns().await;
        drop(from);
        Ok(())
    };
    try_join(async { gone(to.receive(16).await) }, going).await.map(drop)
}

fn gone<E>(received: Result<Option<bytes::Bytes>, E>) -> Outcome {
    match received {
        Ok(Some(bytes)) => Err(format!("there are {bytes:?}, which nobody sent")),
        Ok(None) | Err(_) => Ok(()),
    }
}

/// What was on its way may have been taken, but not for ever.
pub(super) async fn sends_break_when_the_peer_is_gone((mut from, to): Pair) -> Outcome {
    drop(to);
    for _ in 0..10_000 {
        if from.send(&[0; 1024]).await.is_err() {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
    Err("10,000 sends of 1 KiB succeed, and nobody is there".to_owned())
}

pub(super) async fn attributes_can_be_listed((from, _): Pair) -> Outcome {
    let mut names: Vec<&str> = from.list_attributes().into_iter().map(|listed| listed.name).collect();
    ensure(names.iter().all(|name| !name.is_empty()), || "an attribute has no name".to_owned())?;
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    ensure(twice.is_none(), || format!("two attributes have one name: {twice:?}"))
}

pub(super) async fn an_end_of_one_pair_is_none_of_another((mut from, mut to): Pair, ending: Pair) -> Outcome {
    {
        let mut waiting = pin!(receive(&mut to, 16));
        ensure(glance(&mut waiting).await.is_pending(), || "it gives something unsent".to_owned())?;
        drop(ending);
        turns().await;
        let ended = glance(&mut waiting).await;
        ensure(ended.is_pending(), || format!("the end of another pair gives {ended:?}"))?;
    }
    carry(&mut from, &mut to, b"still here").await
}
