//! The clauses of listeners.

use crate::testing::promises::verdict::{Outcome, ensure, glance, poll_once, turns};
use arbour_primitives::scope::Cancelled;
use arbour_supervisor::CancelScope;
use arbour_transports::{
    AcceptError, Accepted, AttributesExt, ByteReceiveExt, ByteSendExt, ByteStream, Connect, Listener,
};
use futures::future::{join, try_join, try_join3};
use std::pin::pin;
use std::task::Poll;

/// What somebody says who stays.
const STAYS: &[u8] = b"here to stay";

/// A listener of byte streams.
pub(super) trait Listen: Listener<Stream: ByteStream> {}
impl<L: Listener<Stream: ByteStream>> Listen for L {}

/// The way to a listener of byte streams.
pub(super) trait Way: Connect<Stream: ByteStream> {}
impl<C: Connect<Stream: ByteStream>> Way for C {}

pub(super) async fn a_connection_carries_bytes_both_ways(
    (mut listener, connect): (impl Listen, impl Way),
) -> Outcome {
    let (client, server) = meet(&mut listener, &connect).await?;
    talk(client, server).await
}

pub(super) async fn connections_do_not_mix((mut listener, connect): (impl Listen, impl Way)) -> Outcome {
    let clients = try_join3(ask(&connect, b"1"), ask(&connect, b"2"), ask(&connect, b"3"));
    let serving = async {
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(established(listener.accept().await).await?);
        }
        // The last one first, so that an answer on a wrong stream is one that somebody hears.
        while let Some(mut stream) = streams.pop() {
            let question = receive(&mut stream, 1).await?;
            send(&mut stream, &question).await?;
        }
        Ok(())
    };
    try_join(clients, serving).await.map(drop)
}

pub(super) async fn an_accept_waits_until_somebody_connects(
    (mut listener, connect): (impl Listen, impl Way),
) -> Outcome {
    {
        let mut accepting = pin!(listener.accept());
        for _ in 0..2 {
            let accepted = glance(&mut accepting).await;
            ensure(accepted.is_pending(), || format!("it gives {accepted:?}, and nobody connects"))?;
            turns().await;
        }
    }
    let (client, server) = meet(&mut listener, &connect).await?;
    talk(client, server).await
}

pub(super) async fn a_waiting_accept_is_woken((mut listener, connect): (impl Listen, impl Way)) -> Outcome {
    let connecting = async {
        turns().await;
        open(&connect).await
    };
    let (server, client) = try_join(accept(&mut listener), connecting).await?;
    talk(client, server).await
}

/// Dropped where nobody has come yet, and where somebody has come since it was polled.
pub(super) async fn a_dropped_accept_loses_no_connection(
    (mut listener, connect): (impl Listen, impl Way),
) -> Outcome {
    for _ in 0..2 {
        let mut connecting = pin!(open(&connect));
        let connected = {
            let mut accepting = pin!(listener.accept());
            let accepted = glance(&mut accepting).await;
            ensure(accepted.is_pending(), || format!("it gives {accepted:?}, and nobody connects"))?;
            let connected = glance(&mut connecting).await;
            turns().await;
            connected
        };
        let (client, server) = match connected {
            Poll::Ready(client) => (client?, accept(&mut listener).await?),
            Poll::Pending => try_join(connecting, accept(&mut listener)).await?,
        };
        talk(client, server).await?;
    }
    Ok(())
}

pub(super) async fn a_cancelled_accept_loses_no_connection(
    (mut listener, connect): (impl Listen, impl Way),
) -> Outcome {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let cancelling = async {
        turns().await;
        handle.cancel("a clause cancels an accept");
    };
    match join(scope.run(listener.accept()), cancelling).await.0 {
        Err(Cancelled { .. }) => {}
        Ok(accepted) => return Err(format!("it gives {accepted:?}, and nobody connects")),
    }
    let (client, server) = meet(&mut listener, &connect).await?;
    talk(client, server).await
}

/// Whoever leaves may be accepted or not; whoever comes next is.
pub(super) async fn who_leaves_at_once_harms_nobody_else(
    (mut listener, connect): (impl Listen, impl Way),
) -> Outcome {
    for _ in 0..3 {
        drop(poll_once(open(&connect)).await);
    }
    let serving = async {
        // Three have left, and each comes once at most.
        for _ in 0..4 {
            let accepted = listener.accept().await.map_err(|error| format!("an accept fails: {error}"))?;
            let Ok(mut stream) = accepted.establish().await else { continue };
            if let Ok(question) = receive(&mut stream, STAYS.len()).await {
                return send(&mut stream, &question).await;
            }
        }
        Err("whoever stays is not accepted".to_owned())
    };
    try_join(ask(&connect, STAYS), serving).await.map(drop)
}

pub(super) async fn what_was_accepted_outlives_the_listener(
    (mut listener, connect): (impl Listen, impl Way),
) -> Outcome {
    let (client, server) = meet(&mut listener, &connect).await?;
    drop(listener);
    turns().await;
    talk(client, server).await
}

pub(super) async fn nobody_connects_when_the_listener_is_gone(
    (mut listener, connect): (impl Listen, impl Way),
) -> Outcome {
    let waits = poll_once(listener.accept()).await;
    ensure(waits.is_none(), || format!("it gives {waits:?}, and nobody connects"))?;
    drop(listener);
    let Ok(mut client) = connect.connect().await else { return Ok(()) };
    match client.receive(16).await {
        Ok(Some(bytes)) => Err(format!("somebody connects, and receives {bytes:?}")),
        Ok(None) | Err(_) => Ok(()),
    }
}

pub(super) async fn attributes_can_be_listed((mut listener, connect): (impl Listen, impl Way)) -> Outcome {
    let (client, server) = meet(&mut listener, &connect).await?;
    for listed in [listener.list_attributes(), client.list_attributes(), server.list_attributes()] {
        let mut names: Vec<&str> = listed.into_iter().map(|listed| listed.name).collect();
        ensure(names.iter().all(|name| !name.is_empty()), || "an attribute has no name".to_owned())?;
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        ensure(twice.is_none(), || format!("two attributes have one name: {twice:?}"))?;
    }
    Ok(())
}

async fn meet<L, C>(listener: &mut L, connect: &C) -> Result<(C::Stream, L::Stream), String>
where
    L: Listener,
    C: Connect,
{
    try_join(open(connect), accept(listener)).await
}

async fn open<C: Connect>(connect: &C) -> Result<C::Stream, String> {
    connect.connect().await.map_err(|error| error.to_string())
}

async fn accept<L: Listener>(listener: &mut L) -> Result<L::Stream, String> {
    established(listener.accept().await).await
}

async fn established<S: Send + 'static>(accepted: Result<Accepted<S>, AcceptError>) -> Result<S, String> {
    let accepted = accepted.map_err(|error| format!("an accept fails: {error}"))?;
    accepted.establish().await.map_err(|error| format!("the handshake of what was accepted fails: {error}"))
}

/// Connects, sends a question, and wants it back as the answer.
async fn ask<C: Connect<Stream: ByteStream>>(connect: &C, question: &[u8]) -> Outcome {
    let mut stream = open(connect).await?;
    send(&mut stream, question).await?;
    let answer = receive(&mut stream, question.len()).await?;
    ensure(answer == question, || format!("{question:?} was sent, and {answer:?} came back"))
}

/// A question and its answer.
async fn talk(mut client: impl ByteStream, mut server: impl ByteStream) -> Outcome {
    carry(&mut client, &mut server, b"question").await?;
    carry(&mut server, &mut client, b"answer").await
}

async fn carry(from: &mut impl ByteStream, to: &mut impl ByteStream, bytes: &[u8]) -> Outcome {
    let ((), received) = try_join(send(from, bytes), receive(to, bytes.len())).await?;
    ensure(received == bytes, || format!("{bytes:?} was sent, and {received:?} arrives"))
}

async fn send(stream: &mut impl ByteStream, bytes: &[u8]) -> Outcome {
    stream.send(bytes).await.map_err(|error| format!("a send fails: {error}"))
}

/// So many bytes, which were sent.
async fn receive(stream: &mut impl ByteStream, count: usize) -> Result<Vec<u8>, String> {
    let mut received = Vec::new();
    while received.len() < count {
        match stream.receive(count - received.len()).await {
            Ok(Some(bytes)) => received.extend_from_slice(&bytes),
            Ok(None) => return Err(format!("a stream ends after {} bytes of {count}", received.len())),
            Err(error) => return Err(format!("a receive fails: {error}")),
        }
    }
    Ok(received)
}
