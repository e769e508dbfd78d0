//! A socket that keeps the borders of messages, and that several tasks may share: what UDP, Unix datagrams
//! and sequenced packets have in common.
//!
//! Nothing is queued here: a send returns when the system has taken the message, and a receive takes it out
//! of the system into one piece of room, which is the only one there is however much comes in.

mod error;
mod taken;
#[cfg(test)]
mod tests;

pub use error::{DatagramError, Unsent};
pub(crate) use taken::Taken;

use crate::polled::{Reading, Watched, poll_writable, watch};
use crate::side::{Closing, Side};
use crate::unix::{SocketFile, UnixAddress};
use crate::{Attribute, Demand, StreamError};
use bytes::Bytes;
use rustix::net::{RecvAncillaryBuffer, RecvFlags, SendFlags, SocketAddrAny, recvmsg, send};
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How much a receive takes unless it is told otherwise: no UDP datagram is larger.
pub(crate) const ROOM: usize = 64 * 1024;

/// Both directions of a socket of messages.
#[derive(Debug)]
pub(crate) struct Datagrams {
    read: Side<Receiving>,
    write: Side<Watched>,
    /// The socket's file, which goes before the descriptor does.
    file: Closing<Option<SocketFile>>,
}

struct Receiving {
    socket: Reading,
    /// Where the system puts a message; made by the first receive, so that who only sends pays nothing.
    room: Vec<u8>,
    limit: usize,
    senders: Senders,
}

/// Whose messages are received.
///
/// The system keeps to a socket's peer from the moment it is connected; what strangers sent between its
/// binding and that moment is queued all the same, and skipped here.
#[derive(Debug)]
pub(crate) enum Senders {
    All,
    Internet(SocketAddr),
    Unix(UnixAddress),
}

/// What one receive took.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    /// How long the message was: longer than the bytes if it was cut short.
    pub(crate) length: usize,
    pub(crate) from: Option<SocketAddrAny>,
}

/// What "somebody else is …" is completed with: who receives, and who sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actions(pub(crate) &'static str, pub(crate) &'static str);

impl Datagrams {
    pub(crate) fn new(
        socket: OwnedFd,
        file: Option<SocketFile>,
        senders: Senders,
        actions: Actions,
    ) -> io::Result<Self> {
        let socket = Arc::new(watch(socket)?);
        let reading = Reading::new(Arc::clone(&socket));
        let receiving = Receiving { socket: reading, room: Vec::new(), limit: ROOM, senders };
        Ok(Self {
            read: Side::new(receiving, actions.0),
            write: Side::new(socket, actions.1),
            file: Closing::new(file),
        })
    }

    /// Receives at most so many bytes of a message from now on.
    pub(crate) fn limit(&self, limit: usize) {
        // A socket that is closed receives nothing.
        let _ = self.read.change(|receiving| (receiving.limit, receiving.room) = (limit, Vec::new()));
    }

    pub(crate) async fn receive(&self) -> Result<Received, StreamError> {
        self.read.exclusively(Receiving::poll).await
    }

    /// Receives in a way of its own, into the room that it is given; what it gives comes with the message.
    pub(crate) async fn receive_by<W>(
        &self,
        mut attempt: impl FnMut(&OwnedFd, &mut [u8]) -> io::Result<(Received, W)>,
    ) -> Result<(Received, W), StreamError> {
        self.read.exclusively(|receiving, cx| receiving.poll_by(cx, &mut attempt)).await
    }

    pub(crate) fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Result<Received, StreamError>> {
        self.read.poll(cx, Receiving::poll).map_err(StreamError::from)
    }

    /// Sends by what is attempted whenever there is room for it.
    pub(crate) async fn send(
        &self,
        mut attempt: impl FnMut(&OwnedFd) -> io::Result<usize>,
    ) -> Result<(), StreamError> {
        self.send_by(|socket, cx| poll_writable(socket, cx, &mut attempt)).await
    }

    /// Sends in a way that knows itself when there is room.
    pub(crate) async fn send_by(
        &self,
        mut poll: impl FnMut(&mut Watched, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Result<(), StreamError> {
        self.write.exclusively(|socket, cx| poll(socket, cx)).await.map(drop)
    }

    /// One poll of such a send, by who is the only one that sends.
    pub(crate) fn poll_send_by(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Watched, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<Result<(), StreamError>> {
        self.write.poll(cx, poll).map_ok(drop).map_err(StreamError::from)
    }

    /// Sends a message to the one peer of a socket that has one.
    pub(crate) async fn send_to_peer(&self, bytes: &[u8]) -> Result<(), DatagramError> {
        let sent = self.send(|socket| send_connected(socket, bytes)).await;
        sent.map_err(|error| DatagramError::of_sending(error, bytes.len()))
    }

    /// One poll of such a send, by who is the only one that sends.
    pub(crate) fn poll_send_to_peer(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<(), DatagramError>> {
        let attempt = |socket: &OwnedFd| send_connected(socket, bytes);
        let sent = self.poll_send_by(cx, |socket, cx| poll_writable(socket, cx, attempt));
        sent.map_err(|error| DatagramError::of_sending(error, bytes.len()))
    }

    pub(crate) fn close(&self) {
        let mut file = self.file.lock();
        drop(file.take());
        drop((self.read.close(), self.write.close()));
    }

    /// Answers with what can be seen of the socket while it is open.
    pub(crate) fn give<A: Attribute>(
        &self,
        demand: &mut Demand<'_>,
        value: impl FnOnce(&OwnedFd) -> io::Result<A::Value>,
    ) {
        demand.try_give::<A, _>(|| self.look(value));
    }

    pub(crate) fn look<R>(&self, look: impl FnOnce(&OwnedFd) -> io::Result<R>) -> Result<R, StreamError> {
        self.write.look(|socket| look(socket.get_ref()))
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.close();
    }
}

impl Receiving {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Received>> {
        self.poll_by(cx, |socket, room| Ok((receive(socket, room)?, ()))).map_ok(|(message, ())| message)
    }

    fn poll_by<W>(
        &mut self,
        cx: &mut Context<'_>,
        mut receive: impl FnMut(&OwnedFd, &mut [u8]) -> io::Result<(Received, W)>,
    ) -> Poll<io::Result<(Received, W)>> {
        let Self { socket, room, limit, senders } = self;
        socket.poll(cx, |socket| {
            room.resize(*limit, 0);
            loop {
                let (message, with) = receive(socket, room)?;
                if senders.include(message.from.as_ref()) {
                    return Ok((message, with));
                }
            }
        })
    }
}

impl Senders {
    fn include(&self, sender: Option<&SocketAddrAny>) -> bool {
        match self {
            Self::All => true,
            Self::Internet(peer) => {
                let sender = sender.and_then(|sender| SocketAddr::try_from(sender.clone()).ok());
                sender.is_some_and(|sender| (sender.ip(), sender.port()) == (peer.ip(), peer.port()))
            }
            Self::Unix(peer) => UnixAddress::from_system(sender.cloned()) == *peer,
        }
    }
}

fn send_connected(socket: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(send(socket, bytes, SendFlags::NOSIGNAL)?)
}

fn receive(socket: &OwnedFd, room: &mut [u8]) -> io::Result<Received> {
    let mut control = RecvAncillaryBuffer::default();
    let message = recvmsg(socket, &mut [IoSliceMut::new(room)], &mut control, RecvFlags::TRUNC)?;
    let kept = message.bytes.min(room.len());
    Ok(Received {
        bytes: Bytes::copy_from_slice(&room[..kept]),
        length: message.bytes,
        from: message.address,
    })
}

/// Makes a type with the field `taken` (a [`Taken`]) and the method `poll_taken`, which sends it, a sink of
/// futures, and does what is said when that is closed.
macro_rules! object_sink {
    ($socket:ty, $item:ty, $end:expr) => {
        /// What it takes is sent at the latest by a flush. An object that cannot be sent is given back, and
        /// those behind it go on.
        impl futures::Sink<$item> for $socket {
            type Error = $crate::datagrams::Unsent<$item>;

            fn poll_ready(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                futures::Sink::poll_flush(self, cx)
            }

            fn start_send(mut self: std::pin::Pin<&mut Self>, item: $item) -> Result<(), Self::Error> {
                self.taken.push(item);
                Ok(())
            }

            fn poll_flush(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                self.poll_taken(cx)
            }

            fn poll_close(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                std::task::ready!(self.poll_taken(cx))?;
                let end: fn(&Self) = $end;
                end(&self);
                std::task::Poll::Ready(Ok(()))
            }
        }
    };
}

pub(crate) use object_sink;

/// Makes a type with the fields `core` (a [`Datagrams`]) and `gate`, and the methods `object`, which makes an
/// object of what was received, and `send_object`, an object stream in both directions and a stream of futures.
macro_rules! object_ends {
    ($socket:ty, $item:ty) => {
        impl arbour_primitives::stream::ObjectReceive<$item> for $socket {
            type Error = $crate::datagrams::DatagramError;

            async fn recv(&mut self) -> Result<Option<$item>, Self::Error> {
                self.receive().await.map(Some)
            }
        }

        impl arbour_primitives::stream::ObjectSend<$item> for $socket {
            type Error = $crate::datagrams::Unsent<$item>;

            async fn send(&mut self, item: $item) -> Result<(), Self::Error> {
                let sent = self.send_object(&item).await;
                sent.map_err(|error| $crate::datagrams::Unsent { item, error })
            }
        }

        /// Datagrams until the socket is closed on this side; errors are given, and do not end it.
        impl futures::Stream for $socket {
            type Item = Result<$item, $crate::datagrams::DatagramError>;

            fn poll_next(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Self::Item>> {
                std::task::ready!(self.gate.poll_enter(cx));
                let received = std::task::ready!(self.core.poll_receive(cx));
                self.gate = arbour_primitives::scope::Gate::new();
                std::task::Poll::Ready(match received {
                    Err($crate::StreamError::Closed) => None,
                    received => Some(received.map_err(Into::into).and_then(Self::object)),
                })
            }
        }
    };
}

pub(crate) use object_ends;
