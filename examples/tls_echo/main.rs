//! An echo over TLS for clients who can prove who they are: a hook reads the name in a client's certificate, and
//! lets it in or not, before any code of the service has seen a byte of it.
//!
//! `cargo run --example tls_echo` prints what four clients are answered.
#![forbid(unsafe_code)]

mod certificates;

use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::transports::tls::attributes::PeerNames;
use arbour::transports::tls::{ClientConfig, ServerConfig, TlsError, TlsListener, TlsStream};
use arbour::transports::{Attributes, AttributesExt, ByteReceiveExt, ByteSendExt, StreamError};
use arbour::{Failure, serve, try_task_group};
use certificates::Authority;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Who may come in, by the names that our authority vouches for.
const GUESTS: [&str; 2] = ["ada.example", "grace.example"];

fn authorise(peer: &dyn Attributes) -> Result<(), String> {
    let names = peer.attribute::<PeerNames>().ok_or("nobody knows its name")?;
    let is_guest = names.dns.iter().any(|name| GUESTS.contains(&name.as_str()));
    is_guest.then_some(()).ok_or_else(|| format!("{} is not among the guests", names.dns.join(", ")))
}

/// Answers each line, with the name that the certificate says.
async fn echo(mut stream: TlsStream<TcpStream>) -> Result<(), Failure> {
    let names = stream.require::<PeerNames>()?;
    while let Some(bytes) = stream.receive(1024).await? {
        let text = String::from_utf8_lossy(&bytes);
        stream.send(format!("{text}, {}", names.dns[0]).as_bytes()).await?;
    }
    stream.close().await?;
    Ok(())
}

/// What the server answers a client with this identity.
async fn greet(config: ClientConfig, server: SocketAddr) -> Result<String, Failure> {
    let tcp = TcpStream::connect(server).await?;
    let mut stream = config.connect(tcp, "echo.example").await?;
    stream.send(b"hello").await?;
    let answer = match stream.receive(1024).await {
        Ok(Some(answer)) => String::from_utf8_lossy(&answer).into_owned(),
        Ok(None) => "(goodbye)".to_owned(),
        // Since TLS 1.3 a client hears only now that its certificate was refused.
        Err(error) => refusal(&error),
    };
    Ok(answer)
}

fn refusal(error: &StreamError) -> String {
    TlsError::of(error).map_or_else(|| format!("({error})"), |why| format!("({why})"))
}

async fn run(out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let (ours, others) = (Authority::new("our authority")?, Authority::new("another authority")?);
    let server = ServerConfig::builder()
        .identity(ours.issue("echo.example")?)
        .require_client_certificates()
        .client_root_pem(ours.root())
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_address();
    let server = serve(TlsListener::new(listener, server), echo).authorise(authorise);

    let client = || ClientConfig::builder().root_pem(ours.root());
    let clients = [
        ("a guest", client().identity(ours.issue("ada.example")?)),
        ("no guest", client().identity(ours.issue("mallory.example")?)),
        ("one of another authority", client().identity(others.issue("ada.example")?)),
        ("one without a certificate", client()),
    ];
    try_task_group(async |group| {
        let served = group.spawn(server.run());
        for (who, config) in clients {
            writeln!(out, "{who:26}{}", greet(config.build()?, address).await?)?;
        }
        group.scope().drain();
        served.await?;
        Ok::<_, Failure>(())
    })
    .await?;
    Ok(())
}

#[arbour::main]
async fn main() -> Result<(), Failure> {
    run(&mut io::stdout()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[arbour::test(start_paused = false)]
    async fn each_client_is_answered_as_it_deserves() {
        let mut printed = Vec::new();
        run(&mut printed).await.unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), include_str!("output.txt"));
    }
}
