//! The clauses of object streams. What one end sends, the other receives.

use crate::testing::promises::verdict::{Outcome, ensure, glance, poll_once, turns};
use arbour_primitives::stream::{ObjectReceive, ObjectSend};
use arbour_supervisor::CancelScope;
use futures::future::{join, try_join};
use std::fmt::Debug;
use std::pin::pin;

pub(super) async fn objects_arrive_in_order_each_once<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    let sending = async {
        for number in 0..200 {
            send(&mut from, object(number)).await?;
        }
        Outcome::Ok(())
    };
    let receiving = async {
        for number in 0..200 {
            expect(&mut to, object(number)).await?;
        }
        Ok(())
    };
    try_join(sending, receiving).await?;
    let more = poll_once(to.recv()).await;
    ensure(more.is_none(), || format!("after the last object there is {more:?}"))
}

pub(super) async fn a_receive_waits_until_there_is_something<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    {
        let mut receiving = pin!(to.recv());
        for _ in 0..2 {
            let given = glance(&mut receiving).await;
            ensure(given.is_pending(), || format!("it gives {given:?} before anything was sent"))?;
            turns().await;
        }
    }
    try_join(send(&mut from, object(1)), expect(&mut to, object(1))).await.map(drop)
}

pub(super) async fn a_waiting_receive_is_woken_by_an_object<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    let sending = async {
        turns().await;
        send(&mut from, object(1)).await
    };
    try_join(expect(&mut to, object(1)), sending).await.map(drop)
}

pub(super) async fn the_end_comes_after_all_objects<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    let sending = async {
        for number in 0..3 {
            send(&mut from, object(number)).await?;
        }
        drop(from);
        Ok(())
    };
    let receiving = async {
        for number in 0..3 {
            turns().await;
            expect(&mut to, object(number)).await?;
        }
        expect_end(&mut to).await
    };
    try_join(sending, receiving).await.map(drop)
}

pub(super) async fn the_end_stays_the_end<T: PartialEq + Debug>(
    (from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    _object: impl Fn(u64) -> T,
) -> Outcome {
    drop(from);
    for _ in 0..3 {
        expect_end(&mut to).await?;
    }
    Ok(())
}

pub(super) async fn a_waiting_receive_hears_that_the_sender_goes<T: PartialEq + Debug>(
    (from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    _object: impl Fn(u64) -> T,
) -> Outcome {
    let going = async {
        turns().await;
        drop(from);
        Ok(())
    };
    try_join(expect_end(&mut to), going).await.map(drop)
}

/// What was on its way may have been taken, but not for ever.
pub(super) async fn sends_break_when_the_receiver_is_gone<T: PartialEq + Debug>(
    (mut from, to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    drop(to);
    for number in 0..10_000 {
        if from.send(object(number)).await.is_err() {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
    Err("10,000 sends succeed, and nobody is there".to_owned())
}

/// Dropped where nothing has come yet, and where something is about to.
pub(super) async fn a_dropped_receive_loses_nothing<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    for number in 0..3 {
        let dropped = poll_once(to.recv()).await;
        ensure(dropped.is_none(), || format!("it gives {dropped:?} before anything was sent"))?;
        let mut sending = pin!(send(&mut from, object(number)));
        let sent = {
            let mut receiving = pin!(to.recv());
            let given = glance(&mut receiving).await;
            ensure(given.is_pending(), || format!("it gives {given:?} before anything was sent"))?;
            glance(&mut sending).await
        };
        match sent {
            std::task::Poll::Ready(sent) => {
                sent?;
                expect(&mut to, object(number)).await?;
            }
            std::task::Poll::Pending => {
                try_join(sending, expect(&mut to, object(number))).await?;
            }
        }
    }
    Ok(())
}

pub(super) async fn a_cancelled_receive_loses_nothing<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    for number in 0..3 {
        let scope = CancelScope::new();
        let handle = scope.handle();
        let receiving = scope.run(recv(&mut to));
        let cancelling = async {
            turns().await;
            handle.cancel("a clause cancels a receive");
        };
        let (received, ()) = join(receiving, cancelling).await;
        ensure(received.is_err(), || "it gives something before anything was sent".to_owned())?;
        try_join(send(&mut from, object(number)), expect(&mut to, object(number))).await?;
    }
    Ok(())
}

pub(super) async fn a_send_dropped_unpolled_sends_nothing<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    drop(from.send(object(0)));
    try_join(send(&mut from, object(1)), expect(&mut to, object(1))).await.map(drop)
}

/// Begun and dropped, it may have been sent or not: not twice, and not after what is sent next.
pub(super) async fn a_dropped_send_arrives_once_at_most<T: PartialEq + Debug>(
    (mut from, mut to): (impl ObjectSend<T>, impl ObjectReceive<T>),
    object: impl Fn(u64) -> T,
) -> Outcome {
    let _begun = poll_once(from.send(object(0))).await;
    let sending = async {
        send(&mut from, object(1)).await?;
        drop(from);
        Ok(())
    };
    let receiving = async {
        let first = recv(&mut to).await?;
        if first == Some(object(0)) {
            expect(&mut to, object(1)).await?;
        } else {
            ensure(first == Some(object(1)), || format!("it receives {first:?}"))?;
        }
        expect_end(&mut to).await
    };
    try_join(sending, receiving).await.map(drop)
}

async fn send<T>(from: &mut impl ObjectSend<T>, object: T) -> Outcome {
    from.send(object).await.map_err(|error| format!("a send fails: {error}"))
}

async fn recv<T>(to: &mut impl ObjectReceive<T>) -> Result<Option<T>, String> {
    to.recv().await.map_err(|error| format!("a receive fails: {error}"))
}

async fn expect<T: PartialEq + Debug>(to: &mut impl ObjectReceive<T>, expected: T) -> Outcome {
    match recv(to).await? {
        Some(object) if object == expected => Ok(()),
        other => Err(format!("{other:?} arrives where {expected:?} was sent")),
    }
}

async fn expect_end<T: Debug>(to: &mut impl ObjectReceive<T>) -> Outcome {
    let received = recv(to).await?;
    ensure(received.is_none(), || format!("there is {received:?} where it should end"))
}
