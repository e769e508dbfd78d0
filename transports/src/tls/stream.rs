//! A stream of TLS over any byte stream.

use super::attributes::{
    AlpnProtocol, CipherSuite, PeerCertificates, PeerNames, ServerName, Side, StandardCompatible, TlsVersion,
    Version,
};
use super::ends::{Aim, Ends, Event, Step};
use super::names::SubjectNames;
use super::terms::Terms;
use super::translate;
use super::wire::{Gone, Wire};
use crate::{Attributes, ByteStream, Demand, StreamError};
use arbour_primitives::scope::{Gate, Origin};
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// How long the goodbye of a stream that was dropped may wait for a peer that does not read.
const GOODBYE: Duration = Duration::from_secs(5);
/// How many bytes that nobody read an unwrap puts aside.
const UNREAD: usize = 64 * 1024;

/// TLS over any byte stream, on either side of it.
///
/// It is made by [`ClientConfig::connect`](super::ClientConfig::connect),
/// [`ServerConfig::accept`](super::ServerConfig::accept), a [`TlsListener`](super::TlsListener) or a
/// [`TlsConnector`](super::TlsConnector), and is a byte stream itself. Its attributes are those of
/// [`tls::attributes`](super::attributes), and those of what it wraps.
///
/// **Sending.** A send that was begun and dropped breaks nothing: what was encrypted is kept, and goes out
/// before whatever is sent next. `send_eof` says goodbye (`close_notify`) and ends the sending side of the
/// wrapped stream; receiving goes on. Peers with TLS 1.2 may answer by ending, too.
///
/// **Its end.** If the peer's bytes end without its goodbye, a receive is [`StreamError::Truncated`], unless
/// the configuration is [lenient](super::ClientConfigBuilder::lenient_end). Dropped, it says goodbye: at once
/// if the peer takes it, else as clean-up of its scope, for 5 s at most.
pub struct TlsStream<S: ByteStream + 'static> {
    /// There until it is dropped or taken apart.
    session: Option<Box<Session<S>>>,
}

struct Session<S> {
    tls: tokio_rustls::TlsStream<Wire<S>>,
    ends: Ends,
    terms: Arc<Terms>,
    /// By which name the client asked for the server.
    name: Option<String>,
    /// Where its goodbye belongs if it is dropped outside of every scope.
    origin: Origin,
}

/// A stream that was taken out of its TLS.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unwrapped<S> {
    /// The plain stream.
    pub stream: S,
    /// What was read of it already, behind the peer's goodbye: its plain bytes begin with these.
    pub surplus: Bytes,
    /// What the peer had sent through TLS and nobody had received.
    pub unread: Bytes,
}

impl<S: ByteStream + 'static> TlsStream<S> {
    pub(super) fn new(
        tls: tokio_rustls::TlsStream<Wire<S>>,
        terms: Arc<Terms>,
        name: Option<String>,
    ) -> Self {
        let ends = Ends::new(terms.lenient);
        Self { session: Some(Box::new(Session { tls, ends, terms, name, origin: Origin::here() })) }
    }

    /// What it wraps, to be looked at.
    #[must_use]
    pub fn wrapped(&self) -> &S {
        self.session().tls.get_ref().0.stream()
    }

    /// Ends TLS, and gives the plain stream back, for both sides to go on in plain: says goodbye, and waits
    /// for the peer's.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the stream is closed. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Truncated` if the peer's bytes ended without its goodbye, or `Broken`, also if the
    /// peer goes on sending (up to 64 KiB are put aside as [`unread`](Unwrapped::unread)), or if all this takes longer
    /// than a handshake [may](super::ClientConfigBuilder::handshake_deadline). The stream is closed.
    pub async fn unwrap(mut self) -> Result<Unwrapped<S>, StreamError> {
        let mut unread = BytesMut::new();
        let keep = |bytes: &[u8]| {
            unread.extend_from_slice(bytes);
            unread.len() <= UNREAD
        };
        self.part(Aim::Unwrap, keep).await?;
        let (stream, surplus) = into_wire(self.take_session().tls).into_parts();
        Ok(Unwrapped { stream, surplus, unread: unread.freeze() })
    }

    /// Ends it in good order: says goodbye, and waits for the peer's unless the configuration is
    /// [lenient](super::ClientConfigBuilder::lenient_end). What the peer still sends is thrown away.
    ///
    /// Whoever need not know whether the peer got everything drops the stream instead.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the stream is closed. In a cancelled scope it does not begin.
    ///
    /// # Errors
    ///
    /// [`StreamError`]: `Truncated` if the peer's bytes ended without its goodbye, or `Broken`, also if it took
    /// longer than a handshake [may](super::ClientConfigBuilder::handshake_deadline). The stream is closed.
    pub async fn close(mut self) -> Result<(), StreamError> {
        self.part(Aim::Close, |_| true).await
    }

    /// Exchanges goodbyes, which is a handshake as well and may take no longer than one.
    async fn part(&mut self, aim: Aim, mut keep: impl FnMut(&[u8]) -> bool) -> Result<(), StreamError> {
        let mut gate = Gate::new();
        poll_fn(|cx| gate.poll_enter(cx)).await;
        let within = self.session().terms.handshake_deadline;
        let parting = poll_fn(|cx| self.session_mut().poll_towards(aim, cx, &mut keep));
        timeout(within, parting).await.unwrap_or_else(|_| {
            let why = format!("the peer took longer than {within:?} for its goodbye");
            Err(io::Error::new(io::ErrorKind::TimedOut, why).into())
        })
    }

    fn take_session(&mut self) -> Box<Session<S>> {
        self.session.take().expect("only who consumes the stream takes it")
    }

    fn session(&self) -> &Session<S> {
        self.session.as_ref().expect("only who consumes the stream takes it")
    }

    fn session_mut(&mut self) -> &mut Session<S> {
        self.session.as_mut().expect("only who consumes the stream takes it")
    }
}

fn into_wire<S>(tls: tokio_rustls::TlsStream<Wire<S>>) -> Wire<S> {
    match tls {
        tokio_rustls::TlsStream::Client(tls) => tls.into_inner().0,
        tokio_rustls::TlsStream::Server(tls) => tls.into_inner().0,
    }
}

impl<S: ByteStream + 'static> Session<S> {
    fn wire(&self) -> &Wire<S> {
        self.tls.get_ref().0
    }

    #[cold]
    #[inline(never)]
    fn told(&self, error: io::Error) -> io::Error {
        translate::stream(error, self.terms.known(&[]))
    }

    /// Takes the steps to an aim. `keep` is given what the peer sends meanwhile, and says whether it has
    /// room for it.
    fn poll_towards(
        &mut self,
        aim: Aim,
        cx: &mut Context<'_>,
        mut keep: impl FnMut(&[u8]) -> bool,
    ) -> Poll<Result<(), StreamError>> {
        loop {
            let event = match self.ends.next(aim) {
                Step::QueueGoodbye => {
                    self.tls.get_mut().1.send_close_notify();
                    Event::Queued
                }
                Step::Flush => {
                    ready!(self.poll_flush(cx))?;
                    Event::Flushed
                }
                Step::EndRaw => {
                    ready!(self.poll_end_raw(cx))?;
                    Event::RawEnded
                }
                Step::AwaitPeer => match ready!(self.poll_peers_end(cx, &mut keep))? {
                    Some(event) => event,
                    None => continue,
                },
                Step::Done => return Poll::Ready(Ok(())),
                Step::Truncated => return Poll::Ready(Err(StreamError::Truncated)),
            };
            self.ends.happened(event);
        }
    }

    /// What was not sent because the peer is gone is a loss, unless the peer had said goodbye.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.tls).poll_flush(cx)).map_err(|error| self.told(error));
        flushed?;
        Poll::Ready(self.still_there(cx))
    }

    fn poll_end_raw(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = ready!(Pin::new(self.tls.get_mut().0.stream_mut()).poll_shutdown(cx));
        Poll::Ready(ended.or_else(|error| match error.kind() {
            // The peer ended first.
            io::ErrorKind::NotConnected => Ok(()),
            _ => Err(error),
        }))
    }

    /// One look at what the peer sends: how it ended, if it has.
    fn poll_peers_end(
        &mut self,
        cx: &mut Context<'_>,
        keep: &mut impl FnMut(&[u8]) -> bool,
    ) -> Poll<io::Result<Option<Event>>> {
        let received = match ready!(Pin::new(&mut self.tls).poll_fill_buf(cx)) {
            Ok([]) => return Poll::Ready(Ok(Some(Event::PeerGoodbye))),
            Err(error) if is_cut(&error) => return Poll::Ready(Ok(Some(Event::PeerCut))),
            Err(error) => return Poll::Ready(Err(self.told(error))),
            Ok(received) => received,
        };
        let (len, kept) = (received.len(), keep(received));
        Pin::new(&mut self.tls).consume(len);
        if !kept {
            let why =
                format!("the peer sent more than {UNREAD} bytes that nobody had received before the unwrap");
            return Poll::Ready(Err(io::Error::other(why)));
        }
        Poll::Ready(Ok(None))
    }

    /// Whether the peer still takes what is sent.
    fn still_there(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.wire().gone() {
            Some(gone) if !self.ends.peer_said_goodbye() => Err(self.why_gone(gone, cx)),
            _ => Ok(()),
        }
    }

    /// A peer that is gone may have said why: a certificate that it refuses, for instance.
    #[cold]
    #[inline(never)]
    fn why_gone(&mut self, gone: Gone, cx: &mut Context<'_>) -> io::Error {
        match Pin::new(&mut self.tls).poll_fill_buf(cx) {
            Poll::Ready(Err(error)) if !is_cut(&error) => self.told(error),
            _ => gone.into(),
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = to.remaining();
        match ready!(Pin::new(&mut self.tls).poll_read(cx, to)) {
            Ok(()) if room > 0 && to.remaining() == room => self.ends.happened(Event::PeerGoodbye),
            Ok(()) => {}
            Err(error) if is_cut(&error) => {
                self.ends.happened(Event::PeerCut);
                if !self.ends.is_lenient() {
                    return Poll::Ready(Err(StreamError::Truncated.into()));
                }
            }
            Err(error) => return Poll::Ready(Err(self.told(error))),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(
            Pin<&mut tokio_rustls::TlsStream<Wire<S>>>,
            &mut Context<'_>,
        ) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if !self.ends.may_send() {
            return Poll::Ready(Err(StreamError::Ended.into()));
        }
        let written = ready!(write(Pin::new(&mut self.tls), cx)).map_err(|error| self.told(error))?;
        Poll::Ready(self.still_there(cx).map(|()| written))
    }

    /// Says goodbye, and ends the sending side.
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamError>> {
        self.poll_towards(Aim::EndSending, cx, |_| true)
    }
}

/// Whether the wrapped stream ended, and the peer had not said goodbye.
fn is_cut(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

impl<S: ByteStream + 'static> Drop for TlsStream<S> {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        if session.poll_goodbye(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        session.origin.clone().clean_up(async move {
            // A peer that does not read in time does not get it.
            let _ = timeout(GOODBYE, poll_fn(|cx| session.poll_goodbye(cx))).await;
        });
    }
}

impl<S: ByteStream + 'static> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.session_mut().poll_read(cx, to)
    }
}

impl<S: ByteStream + 'static> AsyncWrite for TlsStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.session_mut().poll_write(cx, |tls, cx| tls.poll_write(cx, from))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.session_mut().poll_write(cx, |tls, cx| tls.poll_write_vectored(cx, from))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.session_mut().poll_flush(cx)
    }

    /// Says goodbye, and ends the sending side of what it wraps.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.session_mut().poll_goodbye(cx).map_err(Into::into)
    }
}

impl<S: ByteStream + 'static> Attributes for TlsStream<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        let session = self.session();
        let (wire, common) = session.tls.get_ref();
        if let Some(certificates) = common.peer_certificates() {
            demand.give::<PeerCertificates>(|| certificates.to_vec());
            if let Some(first) = certificates.first() {
                demand.try_give::<PeerNames, _>(|| SubjectNames::read(first));
            }
        }
        demand
            .give_some::<AlpnProtocol>(|| common.alpn_protocol().map(Bytes::copy_from_slice))
            .give_some::<Version>(|| common.protocol_version().and_then(TlsVersion::known))
            .give_some::<CipherSuite>(|| session.cipher_suite())
            .give_some::<ServerName>(|| session.server_name().map(str::to_owned))
            .give::<Side>(|| session.terms.side)
            .give::<StandardCompatible>(|| !session.ends.is_lenient());
        wire.stream().provide(demand);
    }
}

impl<S> Session<S> {
    /// The name that IANA lists: rustls puts the version into those of TLS 1.3.
    fn cipher_suite(&self) -> Option<String> {
        let name = self.tls.get_ref().1.negotiated_cipher_suite()?.suite().as_str()?;
        Some(name.replacen("TLS13_", "TLS_", 1))
    }

    fn server_name(&self) -> Option<&str> {
        match &self.tls {
            tokio_rustls::TlsStream::Client(_) => self.name.as_deref(),
            tokio_rustls::TlsStream::Server(tls) => tls.get_ref().1.server_name(),
        }
    }
}

impl<S: ByteStream + 'static> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.session();
        f.debug_struct("TlsStream")
            .field("side", &session.terms.side)
            .field("server_name", &session.server_name())
            .field("version", &session.tls.get_ref().1.protocol_version().and_then(TlsVersion::known))
            .field("ends", &session.ends)
            .finish_non_exhaustive()
    }
}
