//! Clauses about one direction, while both ends are there.

use super::Pair;
use super::ends::{carry, expect, pattern, receive, send};
use crate::testing::promises::verdict::{Outcome, ensure, glance, poll_once, turns};
use arbour_supervisor::CancelScope;
use arbour_transports::ByteReceiveExt;
use futures::future::{join, maybe_done, try_join};
use std::io::IoSlice;
use std::pin::pin;
use tokio::io::{AsyncWrite, AsyncWriteExt};

pub(super) async fn bytes_arrive_in_order((mut from, mut to): Pair) -> Outcome {
    let all = pattern(20_000);
    let sending = async {
        let (mut rest, mut sizes) = (all.as_slice(), [1, 2, 31, 1024, 4097].iter().cycle());
        while !rest.is_empty() {
            let size = sizes.next().map_or(1, |size| rest.len().min(*size));
            let chunk = rest.split_off(..size).unwrap_or_default();
            send(&mut from, chunk).await?;
        }
        Ok(())
    };
    try_join(sending, expect(&mut to, &all, &[1, 3, 64, 4096, 70_000])).await.map(drop)
}

pub(super) async fn a_receive_waits_until_there_is_something((mut from, mut to): Pair) -> Outcome {
    {
        let mut receiving = pin!(to.receive(16));
        for _ in 0..2 {
            if let std::task::Poll::Ready(given) = glance(&mut receiving).await {
                return Err(format!("it gives {given:?} before anything was sent"));
            }
            turns().await;
        }
    }
    carry(&mut from, &mut to, b"something").await
}

/// What a send has taken is on its way: nothing more need be sent or flushed.
pub(super) async fn a_send_needs_no_second_one((mut from, mut to): Pair) -> Outcome {
    for byte in b"abc" {
        send(&mut from, &[*byte]).await?;
        expect(&mut to, &[*byte], &[16]).await?;
    }
    Ok(())
}

pub(super) async fn a_waiting_receive_is_woken_by_bytes((mut from, mut to): Pair) -> Outcome {
    let sending = async {
        turns().await;
        send(&mut from, b"wake up").await
    };
    try_join(expect(&mut to, b"wake up", &[16]), sending).await.map(drop)
}

pub(super) async fn an_empty_write_is_no_end((mut from, mut to): Pair) -> Outcome {
    let written = from.write(&[]).await.map_err(|error| format!("an empty write fails: {error}"))?;
    ensure(written == 0, || format!("an empty write says that it wrote {written} bytes"))?;
    let given = poll_once(to.receive(16)).await;
    ensure(given.is_none(), || format!("an empty write arrives as {given:?}"))?;
    carry(&mut from, &mut to, b"more").await
}

pub(super) async fn a_vectored_write_is_its_parts_in_order((mut from, mut to): Pair) -> Outcome {
    if !from.is_write_vectored() {
        return Ok(());
    }
    let all = pattern(30);
    let parts: Vec<IoSlice<'_>> = all.chunks(10).map(IoSlice::new).collect();
    let written = from.write_vectored(&parts).await;
    let written = written.map_err(|error| format!("a vectored write fails: {error}"))?;
    ensure((1..=30).contains(&written), || format!("of 30 bytes it says that it wrote {written}"))?;
    from.flush().await.map_err(|error| format!("a flush fails: {error}"))?;
    try_join(send(&mut from, &all[written..]), expect(&mut to, &all, &[64])).await.map(drop)
}

/// Dropped where nothing has come yet, and where something has come since it was polled.
pub(super) async fn a_dropped_receive_loses_nothing((mut from, mut to): Pair) -> Outcome {
    for text in [b"one", b"two"] {
        let dropped = poll_once(to.receive(16)).await;
        ensure(dropped.is_none(), || format!("it gives {dropped:?} before anything was sent"))?;
        let mut sending = pin!(maybe_done(send(&mut from, text)));
        {
            let mut receiving = pin!(to.receive(16));
            let given = glance(&mut receiving).await;
            ensure(given.is_pending(), || format!("it gives {given:?} before anything was sent"))?;
            let _begun = glance(&mut sending).await;
            turns().await;
        }
        let (_, received) = join(sending.as_mut(), expect(&mut to, text, &[16])).await;
        received?;
        sending.take_output().unwrap_or(Ok(()))?;
    }
    Ok(())
}

pub(super) async fn a_cancelled_receive_loses_nothing((mut from, mut to): Pair) -> Outcome {
    for text in [b"one", b"two"] {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let cancelling = async {
            turns().await;
            handle.cancel("a clause cancels a receive");
        };
        let (received, ()) = join(scope.run(receive(&mut to, 16)), cancelling).await;
        ensure(received.is_err(), || format!("it gives {received:?} before anything was sent"))?;
        carry(&mut from, &mut to, text).await?;
    }
    Ok(())
}
