//! Several listeners as one.

#[cfg(test)]
mod tests;

use crate::{AcceptError, Accepted, Attributes, BoxListener, Demand, Listener};
use std::future::poll_fn;
use std::task::Poll;

/// Several listeners, which may be of different kinds, as one.
///
/// They take turns: none that always has somebody to accept keeps the others from theirs. One that is closed
/// or broken is taken out, and the others go on. Each attribute is that of the last listener that has it.
///
/// # Examples
///
/// TCP and memory, for one handler:
///
/// ```
/// use arbour::transports::tcp::TcpListener;
/// use arbour::transports::{
///     BoxListener, ByteReceiveExt, ByteSendExt, ByteStream, Connect, Listener, MultiListener, memory_listener,
/// };
///
/// # #[arbour::main]
/// # async fn main() {
/// let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
/// let (memory, connect) = memory_listener("memory:both", 1024);
/// let mut both: MultiListener<Box<dyn ByteStream>> =
///     [BoxListener::of_byte_streams(tcp), BoxListener::of_byte_streams(memory)].into_iter().collect();
///
/// let (client, accepted) = arbour::join!(connect.connect(), both.accept());
/// let mut server = accepted.unwrap().establish().await.unwrap();
/// client.unwrap().send(b"hello").await.unwrap();
/// assert_eq!(server.receive(16).await.unwrap().unwrap(), "hello");
/// # }
/// ```
#[derive(Debug)]
pub struct MultiListener<S> {
    listeners: Vec<BoxListener<S>>,
    /// Whose turn it is to be asked first.
    turn: usize,
}

impl<S: Send + 'static> MultiListener<S> {
    /// The listeners, to be used one by one, without those that have ended.
    #[must_use]
    pub fn into_listeners(self) -> Vec<BoxListener<S>> {
        self.listeners
    }
}

impl<S: Send + 'static> Listener for MultiListener<S> {
    type Stream = S;

    /// The first to be ready. Where one of them fails, that is told, and the others go on with the next
    /// call; that one has broken is told once. It is [`AcceptError::Closed`] when none is left.
    async fn accept(&mut self) -> Result<Accepted<S>, AcceptError> {
        while !self.listeners.is_empty() {
            let (at, accepted) = self.first().await;
            self.turn = at + 1;
            if matches!(accepted, Err(AcceptError::Closed | AcceptError::Broken(_))) {
                drop(self.listeners.remove(at));
                self.turn = at;
            }
            if !matches!(accepted, Err(AcceptError::Closed)) {
                return accepted;
            }
        }
        Err(AcceptError::Closed)
    }
}

impl<S: Send + 'static> MultiListener<S> {
    /// What the first to be ready gives, and which that is. There must be one.
    async fn first(&mut self) -> (usize, Result<Accepted<S>, AcceptError>) {
        let (count, turn) = (self.listeners.len(), self.turn);
        let mut accepting: Vec<_> =
            self.listeners.iter_mut().map(|listener| Box::pin(listener.accept())).collect();
        poll_fn(|cx| {
            for at in (turn..turn + count).map(|at| at % count) {
                if let Poll::Ready(accepted) = accepting[at].as_mut().poll(cx) {
                    return Poll::Ready((at, accepted));
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl<S> Attributes for MultiListener<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.listeners.iter().rev().for_each(|listener| listener.provide(demand));
    }
}

impl<S> FromIterator<BoxListener<S>> for MultiListener<S> {
    fn from_iter<I: IntoIterator<Item = BoxListener<S>>>(listeners: I) -> Self {
        Self { listeners: listeners.into_iter().collect(), turn: 0 }
    }
}

impl<S> Extend<BoxListener<S>> for MultiListener<S> {
    fn extend<I: IntoIterator<Item = BoxListener<S>>>(&mut self, listeners: I) {
        self.listeners.extend(listeners);
    }
}
