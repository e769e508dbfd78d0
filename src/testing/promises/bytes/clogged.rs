//! Clauses about sends that wait, because the peer receives nothing.

use super::CloggedPair;
use super::ends::{MARK, expect, pattern, receive, same, send};
use crate::testing::promises::verdict::{Outcome, ensure, glance, turns};
use arbour_transports::ByteSendExt;
use futures::future::try_join;
use std::pin::pin;
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};

pub(super) async fn a_send_waits_for_room_and_goes_on((mut from, mut to, bytes): CloggedPair) -> Outcome {
    let all = pattern(bytes);
    let mut sending = pin!(send(&mut from, &all));
    waits(glance(&mut sending).await.is_ready(), bytes)?;
    try_join(sending, expect(&mut to, &all, &[70_000])).await.map(drop)
}

/// What it had begun may arrive, from the front; what is sent next follows.
pub(super) async fn a_dropped_send_has_sent_a_beginning((mut from, mut to, bytes): CloggedPair) -> Outcome {
    let all = pattern(bytes);
    {
        let mut sending = pin!(send(&mut from, &all));
        waits(glance(&mut sending).await.is_ready(), bytes)?;
    }
    let receiving = async {
        let mut received = Vec::new();
        while received.last() != Some(&MARK) {
            let more = receive(&mut to, 70_000).await?;
            received.extend_from_slice(&more.ok_or("it ends before what was sent next")?);
        }
        received.pop();
        ensure(received.len() <= bytes, || "more arrives than was sent".to_owned())?;
        same(&received, &all[..received.len()])
    };
    try_join(send(&mut from, &[MARK]), receiving).await.map(drop)
}

pub(super) async fn a_waiting_send_hears_that_the_peer_goes((mut from, to, bytes): CloggedPair) -> Outcome {
    let all = pattern(bytes);
    let mut sending = pin!(from.send(&all));
    waits(glance(&mut sending).await.is_ready(), bytes)?;
    let going = async {
        turns().await;
        drop(to);
    };
    let (sent, ()) = futures::future::join(sending, going).await;
    ensure(sent.is_err(), || "it says that all was sent, and nobody received it".to_owned())
}

pub(super) async fn receiving_goes_on_while_a_send_waits((from, mut to, bytes): CloggedPair) -> Outcome {
    let (mut read, mut write) = split(from);
    let all = pattern(bytes);
    let mut sending = pin!(write.write_all(&all));
    waits(glance(&mut sending).await.is_ready(), bytes)?;
    let mut received = [0; 6];
    let receiving = async {
        let read = read.read_exact(&mut received).await;
        read.map(drop).map_err(|error| format!("a read fails while a send waits: {error}"))
    };
    try_join(send(&mut to, b"answer"), receiving).await?;
    same(&received, b"answer")
}

fn waits(ready: bool, bytes: usize) -> Outcome {
    ensure(!ready, || format!("a send of {bytes} bytes does not wait, though nobody receives"))
}
