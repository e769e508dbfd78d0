//! Clauses about the half-close: one direction ends, the other goes on.

use super::Pair;
use super::ends::{carry, expect, expect_end, half_close, pattern, send};
use crate::testing::promises::verdict::{Outcome, ensure, turns};
use arbour_transports::ByteSendExt;
use futures::future::try_join;

pub(super) async fn the_end_comes_after_all_bytes((mut from, mut to): Pair) -> Outcome {
    let all = pattern(1 << 16);
    let sending = async {
        send(&mut from, &all).await?;
        half_close(&mut from).await
    };
    let receiving = async {
        expect(&mut to, &all, &[70_000]).await?;
        expect_end(&mut to).await
    };
    try_join(sending, receiving).await.map(drop)
}

pub(super) async fn the_end_stays_the_end((mut from, mut to): Pair) -> Outcome {
    half_close(&mut from).await?;
    for _ in 0..3 {
        expect_end(&mut to).await?;
    }
    Ok(())
}

pub(super) async fn a_waiting_receive_is_woken_by_the_end((mut from, mut to): Pair) -> Outcome {
    let ending = async {
        turns().await;
        half_close(&mut from).await
    };
    try_join(expect_end(&mut to), ending).await.map(drop)
}

pub(super) async fn the_other_direction_goes_on((mut from, mut to): Pair) -> Outcome {
    carry(&mut from, &mut to, b"question").await?;
    half_close(&mut from).await?;
    expect_end(&mut to).await?;
    carry(&mut to, &mut from, b"answer").await
}

pub(super) async fn said_twice_is_said_once((mut from, mut to): Pair) -> Outcome {
    half_close(&mut from).await?;
    half_close(&mut from).await?;
    expect_end(&mut to).await
}

pub(super) async fn a_send_after_it_is_refused((mut from, mut to): Pair) -> Outcome {
    half_close(&mut from).await?;
    let sent = from.send(b"too late").await;
    ensure(sent.is_err(), || "a send after it says that it succeeded".to_owned())?;
    expect_end(&mut to).await
}
