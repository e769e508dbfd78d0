//! axum over our TLS listener, with a stop that lets requests finish.
//!
//! `cargo run --example axum_tls -- 127.0.0.1:8443 certificate.pem key.pem`, then
//! `curl --cacert ca.pem https://localhost:8443/`. Ctrl-C closes the listener and ends idle connections at
//! once; requests that are being answered are finished, for at most 10 s.
#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;

use arbour::transports::attributes::RemoteAddress;
use arbour::transports::tcp::TcpListener;
use arbour::transports::tls::{Identity, ServerConfig, TlsListener};
use arbour::transports::{AttributesExt, ByteStream, Listener, Timeouts};
use arbour::{Failure, ServeError, serve, stopping};
use axum::routing::get;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::sleep;

const DRAIN: Duration = Duration::from_secs(10);

/// Who asks, as a handler sees it: an attribute of the connection.
#[derive(Clone, Copy)]
struct Peer(Option<SocketAddr>);

fn routes() -> Router {
    let greet = async |Extension(Peer(peer)): Extension<Peer>| match peer {
        Some(peer) => format!("hello, {}\n", peer.ip()),
        None => "hello, whoever you are\n".to_owned(),
    };
    let think = async || {
        sleep(Duration::from_secs(1)).await;
        "after a while\n"
    };
    Router::new().route("/", get(greet)).route("/slow", get(think))
}

async fn serve_https<L>(listener: L, tls: ServerConfig) -> Result<(), ServeError>
where
    L: Listener<Stream: ByteStream>,
{
    let routes = routes();
    let handler = move |stream| answer(stream, routes.clone());
    serve(TlsListener::new(listener, tls), handler).drain_within(DRAIN).run().await
}

/// Answers the requests of one connection; asked to stop, finishes the one that it is at.
async fn answer(stream: impl ByteStream, routes: Router) -> Result<(), Failure> {
    let peer = Peer(stream.attribute::<RemoteAddress>());
    let stream = Timeouts::new(stream).send_within(Duration::from_secs(30));
    let service = TowerToHyperService::new(routes.layer(Extension(peer)));
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => return Ok(ended?),
        () = stopping() => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}

/// Listens with a certificate and its key, read from files.
async fn listen(address: &str, certificate: &str, key: &str) -> Result<(), Failure> {
    let identity = Identity::from_pem(std::fs::read(certificate)?, std::fs::read(key)?)?;
    let tls = ServerConfig::builder().identity(identity).build()?;
    Ok(serve_https(TcpListener::bind(address).await?, tls).await?)
}

#[arbour::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, certificate, key] = &arguments[..] else {
        eprintln!("usage: axum_tls ADDRESS CERTIFICATE KEY, the last two as files in PEM");
        return ExitCode::from(2);
    };
    match listen(address, certificate, key).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
