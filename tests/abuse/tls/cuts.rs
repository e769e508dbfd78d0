//! Connections that are cut, or reset, at each byte of their handshake.

use super::HOST;
use crate::certificates::{Authority, server};
use arbour::transports::tls::{ClientConfig, ServerConfig, TlsError};
use arbour::transports::{Attributes, BytePipe, ByteReceiveExt, Demand, StreamError, byte_pipe};
use rcgen::{KeyPair, PKCS_ED25519};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How a connection ends under somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    Ended,
    Reset,
}

/// A pipe from which only so many bytes can be read.
struct Short {
    io: BytePipe,
    left: usize,
    cut: Cut,
    read: Arc<AtomicUsize>,
}

impl Attributes for Short {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl AsyncRead for Short {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(match self.cut {
                Cut::Ended => Ok(()),
                Cut::Reset => Err(io::ErrorKind::ConnectionReset.into()),
            });
        }
        let room = self.left.min(to.remaining());
        let mut part = ReadBuf::new(to.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        to.advance(read);
        self.left -= read;
        self.read.fetch_add(read, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Short {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if self.left == 0 && self.cut == Cut::Reset {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Two pipes, whose ends read at most so many bytes, and count them.
fn short(client: usize, server: usize, cut: Cut) -> (Short, Short) {
    let end = |io, left| Short { io, left, cut, read: Arc::default() };
    let (one, other) = byte_pipe(64 * 1024);
    (end(one, client), end(other, server))
}

/// Both sides with certificates, so that every message there is goes over the wire. All handshakes have one length:
/// the keys make signatures of one length, and each client is new and has nothing to resume.
fn both() -> (impl Fn() -> ClientConfig, ServerConfig) {
    let authority = Authority::new("authority");
    let pair = |name| authority.issue_to(&KeyPair::generate_for(&PKCS_ED25519).unwrap(), &[name], |_| {});
    let server = server(&pair(HOST)).require_client_certificates();
    let server = server.client_root_pem(&authority.pem).build().unwrap();
    let ada = pair("ada");
    (move || authority.client().identity(ada.identity()).build().unwrap(), server)
}

/// How many bytes each side reads until its handshake is over.
async fn flights(on_client: &ClientConfig, on_server: &ServerConfig) -> (usize, usize) {
    let (client, server) = short(usize::MAX, usize::MAX, Cut::Ended);
    let counts = (Arc::clone(&client.read), Arc::clone(&server.read));
    let ends = tokio::join!(on_client.connect(client, HOST), on_server.accept(server));
    let counts = (counts.0.load(Ordering::Relaxed), counts.1.load(Ordering::Relaxed));
    assert!(ends.0.is_ok() && ends.1.is_ok(), "{ends:?}");
    counts
}

/// Whether an error says what happened to the connection.
fn says_so(error: &TlsError) -> bool {
    matches!(error, TlsError::HungUp | TlsError::Broken(_))
}

/// A handshake in which one side or the other reads no more than this.
async fn cut(on_client: &ClientConfig, on_server: &ServerConfig, (client, server): (Short, Short)) {
    let connects = async {
        // A client may be done before the server is: then its first receive says so.
        let mut stream = on_client.connect(client, HOST).await?;
        stream.receive(1).await.map_err(Outcome::Received).map(drop)?;
        Err::<(), _>(Outcome::Nothing)
    };
    let accepts = async { on_server.accept(server).await.map(drop) };
    let (client, server) = tokio::join!(connects, accepts);
    match client.unwrap_err() {
        Outcome::Shaken(error) => assert!(says_so(TlsError::of(&error).unwrap()), "{error:?}"),
        Outcome::Received(StreamError::Truncated | StreamError::Broken(_)) => {}
        other => panic!("{other:?}"),
    }
    if let Err(error) = server {
        assert!(says_so(TlsError::of(&error).unwrap()), "{error:?}");
    }
}

#[derive(Debug)]
enum Outcome {
    Shaken(arbour::transports::HandshakeError),
    Received(StreamError),
    Nothing,
}

impl From<arbour::transports::HandshakeError> for Outcome {
    fn from(error: arbour::transports::HandshakeError) -> Self {
        Self::Shaken(error)
    }
}

#[arbour::test]
async fn at_every_byte_both_sides_hear_of_it_at_once() {
    let (on_client, on_server) = both();
    let (to_client, to_server) = flights(&on_client(), &on_server).await;
    // So many bytes are in a handshake with two certificates that fewer would mean a part went unseen.
    assert!(to_client > 600 && to_server > 600, "{to_client} and {to_server} bytes");
    let begin = Instant::now();
    for cut_by in [Cut::Ended, Cut::Reset] {
        for at in 0..to_server {
            cut(&on_client(), &on_server, short(usize::MAX, at, cut_by)).await;
        }
        for at in 0..to_client {
            cut(&on_client(), &on_server, short(at, usize::MAX, cut_by)).await;
        }
    }
    assert_eq!(begin.elapsed().as_nanos(), 0, "nobody waited for a deadline");
}
