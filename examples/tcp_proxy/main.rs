//! A TCP proxy with limits: so many connections, none that is idle for long, and a stop that lets those
//! that are open finish.
//!
//! `cargo run --example tcp_proxy -- 127.0.0.1:8080 127.0.0.1:9090` passes what connects to the first address
//! on to the second. Ctrl-C stops accepting and drains; a second one cancels.
#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;

use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::transports::{ByteStream, StreamError, Timeouts};
use arbour::{Failure, ServeError, fail_after, serve};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::copy_bidirectional;

const MAX_CONNECTIONS: usize = 400;
const IDLE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(10);
const DRAIN: Duration = Duration::from_secs(10);

/// Each connection takes two descriptors: 400 fit into the usual 1,024.
async fn proxy(listener: TcpListener, upstream: SocketAddr) -> Result<(), ServeError> {
    let handler = move |client| pass_on(client, upstream);
    serve(listener, handler).max_connections(MAX_CONNECTIONS).drain_within(DRAIN).run().await
}

async fn pass_on(client: TcpStream, upstream: SocketAddr) -> Result<(), Failure> {
    let server = fail_after(CONNECT, TcpStream::connect(upstream)).await??;
    Ok(relay(client, server).await?)
}

/// Passes bytes on both ways until both have ended, the one half-close after the other.
///
/// Both sides are limited: while one takes nothing, it is not looked what the other does.
async fn relay(client: impl ByteStream, server: impl ByteStream) -> Result<(), StreamError> {
    let mut client = Timeouts::new(client).idle_within(IDLE);
    let mut server = Timeouts::new(server).idle_within(IDLE);
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

#[arbour::main]
async fn main() -> ExitCode {
    let mut addresses = std::env::args().skip(1).map(|address| address.parse::<SocketAddr>());
    let (Some(Ok(here)), Some(Ok(upstream)), None) = (addresses.next(), addresses.next(), addresses.next())
    else {
        eprintln!("usage: tcp_proxy LISTEN UPSTREAM, both as address and port");
        return ExitCode::from(2);
    };
    let listener = match TcpListener::bind(here).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on {here}: {error}");
            return ExitCode::FAILURE;
        }
    };
    match proxy(listener, upstream).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
