//! A connection that speaks plain, then TLS, then plain again, in pieces of chosen sizes; perhaps cut off.

use super::bytes::Choices;
use arbour_transports::tls::{ClientConfig, Identity, ServerConfig, TlsError, Unwrapped};
use arbour_transports::{
    Attributes, BytePipe, ByteReceiveExt, ByteSendExt, ByteStream, Demand, StreamError, byte_pipe,
};
use bytes::Bytes;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// More than any pipe here has to hold.
const ROOM: usize = 1 << 20;
const HOST: &str = "server.example";

static CONFIGS: LazyLock<(ClientConfig, ServerConfig)> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).expect("a certificate can be made");
    let identity = Identity::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    let server = ServerConfig::builder().identity(identity.expect("it is PEM")).build();
    let client = ClientConfig::builder().root_pem(made.cert.pem()).build();
    (client.expect("its root is good"), server.expect("its key is that of the certificate"))
});

/// What one side says in each part of the connection.
struct Script {
    plain: Vec<u8>,
    secret: Vec<u8>,
    after: Vec<u8>,
}

/// Takes what comes in pieces of 1 to 64 bytes, and only so many bytes in all.
struct Pieces {
    io: BytePipe,
    sizes: [u8; 4],
    turn: usize,
    left: usize,
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let mut end = |io| {
        let sizes = [choices.byte(), choices.byte(), choices.byte(), choices.byte()];
        // A quarter of all connections is cut off somewhere in the first kilobytes.
        let (is_cut, at) = (choices.byte().is_multiple_of(4), choices.byte());
        let left = if is_cut { usize::from(at) * 8 } else { usize::MAX };
        Pieces { io, sizes, turn: 0, left }
    };
    let (one, other) = byte_pipe(ROOM);
    let (client, server) = (end(one), end(other));
    let cut = client.left != usize::MAX || server.left != usize::MAX;
    let mut script = || {
        let lengths = [choices.below(64), choices.below(64) * 300, choices.below(64)];
        let text = |length, first: u8| (0..length).map(|at| first.wrapping_add(at as u8)).collect();
        Script { plain: text(lengths[0], 0), secret: text(lengths[1], 1), after: text(lengths[2], 2) }
    };
    let (says, answers) = (script(), script());
    let too_far = choices.below(16);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let both =
        async { tokio::join!(connects(client, &says, &answers), accepts(server, &answers, &says, too_far)) };
    let (client, server) = runtime.expect("it needs no system").block_on(both);
    for outcome in [client, server] {
        match outcome {
            Ok(()) => {}
            Err(error) => assert!(cut && is_told(&*error), "{error:?}"),
        }
    }
}

/// Whether an error says that the connection was cut off.
fn is_told(error: &(dyn Error + 'static)) -> bool {
    let of_tls = matches!(TlsError::of(error), Some(TlsError::HungUp | TlsError::Broken(_)));
    of_tls || matches!(error.downcast_ref(), Some(StreamError::Truncated | StreamError::Broken(_)))
}

type Outcome = Result<(), Box<dyn Error>>;

async fn connects(mut stream: Pieces, says: &Script, hears: &Script) -> Outcome {
    stream.send(&says.plain).await?;
    receive(&mut stream, &hears.plain).await?;
    let mut stream = CONFIGS.0.upgrade(stream, HOST, Bytes::new()).await?;
    stream.send(&says.secret).await?;
    receive(&mut stream, &hears.secret).await?;
    goes_on(stream.unwrap().await?, says, hears).await
}

/// The server may have read some bytes of the handshake when it begins.
async fn accepts(mut stream: Pieces, says: &Script, hears: &Script, too_far: usize) -> Outcome {
    stream.send(&says.plain).await?;
    receive(&mut stream, &hears.plain).await?;
    let mut already_read = Vec::new();
    while already_read.len() < too_far {
        match stream.receive(too_far - already_read.len()).await? {
            Some(bytes) => already_read.extend_from_slice(&bytes),
            None => return Err(StreamError::Truncated.into()),
        }
    }
    let mut stream = CONFIGS.1.upgrade(stream, already_read.into()).await?;
    stream.send(&says.secret).await?;
    receive(&mut stream, &hears.secret).await?;
    goes_on(stream.unwrap().await?, says, hears).await
}

async fn goes_on(unwrapped: Unwrapped<Pieces>, says: &Script, hears: &Script) -> Outcome {
    let Unwrapped { mut stream, surplus, unread, .. } = unwrapped;
    assert!(unread.is_empty(), "all was received before the unwrap");
    assert!(hears.after.starts_with(&surplus), "behind the goodbye comes what is said next");
    stream.send(&says.after).await?;
    receive(&mut stream, &hears.after[surplus.len()..]).await
}

/// Receives exactly this.
async fn receive(stream: &mut impl ByteStream, mut expected: &[u8]) -> Outcome {
    while !expected.is_empty() {
        let bytes = stream.receive(expected.len()).await?.ok_or(StreamError::Truncated)?;
        assert!(expected.starts_with(&bytes), "what arrives is what was said");
        expected = &expected[bytes.len()..];
    }
    Ok(())
}

impl Attributes for Pieces {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = usize::from(self.sizes[self.turn % 4] % 64) + 1;
        let room = size.min(self.left).min(to.remaining());
        let mut part = ReadBuf::new(to.initialize_unfilled_to(room));
        if room > 0 {
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut part))?;
        }
        let read = part.filled().len();
        to.advance(read);
        self.turn += 1;
        self.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
