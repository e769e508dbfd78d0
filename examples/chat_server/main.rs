//! A chat over TCP and a Unix socket at once: members are connections, the room is an actor behind both.
//!
//! `cargo run --example chat_server -- 127.0.0.1:7000 /tmp/chat.sock`, then `socat - TCP:127.0.0.1:7000` and
//! `socat - UNIX:/tmp/chat.sock`: the first line is a name, each other one goes to everybody.
#![forbid(unsafe_code)]

mod member;
mod room;
#[cfg(test)]
mod tests;

use arbour::transports::tcp::TcpListener;
use arbour::transports::unix::UnixListener;
use arbour::transports::{ByteStream, Listener};
use arbour::{Failure, serve, spawn_actor, try_task_group};
use member::attend;
use room::Room;
use std::process::ExitCode;

/// Serves members of one room on both listeners until it is asked to stop.
async fn chat(tcp: TcpListener, unix: UnixListener) -> Result<(), Failure> {
    let served = try_task_group(async |group| {
        let room = spawn_actor(&group, "room", Room::default(), 256);
        let (of_tcp, of_unix) = (room.clone(), room);
        group.spawn(serve(tcp.map(boxed), move |stream| attend(stream, of_tcp.clone())).run());
        group.spawn(serve(unix.map(boxed), move |stream| attend(stream, of_unix.clone())).run());
        Ok::<_, Failure>(())
    });
    Ok(served.await?)
}

/// Members are alike, wherever they come from.
fn boxed(stream: impl ByteStream + 'static) -> Box<dyn ByteStream> {
    Box::new(stream)
}

#[arbour::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(path)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: chat_server ADDRESS PATH");
        return ExitCode::from(2);
    };
    let served = async {
        let tcp = TcpListener::bind(address).await?;
        chat(tcp, UnixListener::bind(path.as_str())?).await
    };
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
