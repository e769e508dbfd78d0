//! One member, which is one connection: what it says goes to the room, what the room says goes to it.

use crate::room::{Room, RoomAddress};
use arbour::stream::{ObjectReceive, ObjectSend, ReceiveStream, memory_stream};
use arbour::transports::{ByteStream, Framed, Lines, Timeouts};
use arbour::{Address, Failure, fail_after, stopping};
use bytes::Bytes;
use std::time::Duration;

/// So many lines may wait for a member who reads slowly.
const WAITING_LINES: usize = 64;
/// A member who takes nothing for so long is gone.
const TAKES: Duration = Duration::from_secs(10);
/// Who has not said its name for so long is let go.
const NAMES_ITSELF: Duration = Duration::from_secs(30);
/// The most bytes in a line.
const LINE: usize = 1_024;

type Stream = Framed<Timeouts<Box<dyn ByteStream>>, Lines>;

/// Serves a member from its name to its end.
pub(crate) async fn attend(stream: Box<dyn ByteStream>, room: Address<Room>) -> Result<(), Failure> {
    let mut stream = Framed::new(Timeouts::new(stream).send_within(TAKES), Lines::default().max(LINE));
    let Some(name) = name(&mut stream).await? else { return Ok(()) };
    let name = String::from_utf8(name.into())?;
    let (tell, news) = memory_stream(WAITING_LINES);
    if !room.join(name.clone(), tell).await? {
        return Ok(stream.send("somebody of this name is here already".into()).await?);
    }
    let talked = talk(&mut stream, &news, &room, &name).await;
    // A room that is being closed need not know.
    room.left(name).await.ok();
    talked
}

/// The first line; `None` if there is none before the member or the server ends.
async fn name(stream: &mut Stream) -> Result<Option<Bytes>, Failure> {
    tokio::select! {
        biased;
        name = fail_after(NAMES_ITSELF, stream.recv()) => Ok(name??),
        () = stopping() => Ok(None),
    }
}

/// Passes lines on both ways until the member leaves, the room lets it go, or the server stops.
async fn talk(
    stream: &mut Stream,
    news: &ReceiveStream<Bytes>,
    room: &Address<Room>,
    name: &str,
) -> Result<(), Failure> {
    loop {
        tokio::select! {
            biased;
            line = news.recv() => match line {
                Ok(line) => stream.send(line).await?,
                Err(_let_go) => return Ok(()),
            },
            words = stream.recv() => match words? {
                Some(words) => room.say(name.to_owned(), String::from_utf8(words.into())?).await?,
                None => return Ok(()),
            },
            () = stopping() => return Ok(stream.send("the room closes".into()).await?),
        }
    }
}
