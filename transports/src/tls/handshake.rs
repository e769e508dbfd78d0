//! One handshake, from a plain stream to one of TLS, or to why not.

use super::TlsStream;
use super::terms::Terms;
use super::translate;
use super::wire::Wire;
use crate::{Attributes, ByteStream, Demand, HandshakeError};
use arbour_primitives::scope::Gate;
use bytes::Bytes;
use rustls::pki_types::ServerName;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector, rustls};

/// A handshake that failed, with the stream, which is of use for its attributes only.
pub(super) struct Failed<S: ByteStream + 'static> {
    pub(super) error: HandshakeError,
    pub(super) stream: Spent<S>,
}

/// A stream whose handshake failed: of TLS, or because TLS alone is not enough.
pub(super) enum Spent<S: ByteStream + 'static> {
    Raw(S),
    /// Dropped, it says goodbye, so that the peer is not left to guess.
    Tls(TlsStream<S>),
}

impl<S: ByteStream + 'static> Attributes for Spent<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        match self {
            Self::Raw(stream) => stream.provide(demand),
            Self::Tls(stream) => stream.provide(demand),
        }
    }
}

impl<S: ByteStream + 'static> Failed<S> {
    pub(super) fn into_error(self) -> HandshakeError {
        self.error
    }
}

type Made<S> = Result<tokio_rustls::TlsStream<Wire<S>>, (io::Error, Wire<S>)>;

pub(super) async fn client<S: ByteStream + 'static>(
    config: &Arc<rustls::ClientConfig>,
    terms: &Arc<Terms>,
    name: ServerName<'static>,
    stream: S,
    already_read: Bytes,
) -> Result<TlsStream<S>, Failed<S>> {
    let wire = begin(terms, stream, &already_read).await;
    let connecting = TlsConnector::from(Arc::clone(config)).connect(name.clone(), wire);
    let made = Box::pin(connecting.into_fallible()).await;
    end(terms, made.map(Into::into), Some(name.to_str().into_owned()))
}

pub(super) async fn server<S: ByteStream + 'static>(
    config: &Arc<rustls::ServerConfig>,
    terms: &Arc<Terms>,
    stream: S,
    already_read: Bytes,
) -> Result<TlsStream<S>, Failed<S>> {
    let wire = begin(terms, stream, &already_read).await;
    let accepting = TlsAcceptor::from(Arc::clone(config)).accept(wire);
    let made = Box::pin(accepting.into_fallible()).await;
    end(terms, made.map(Into::into), None)
}

async fn begin<S: ByteStream>(terms: &Terms, stream: S, already_read: &Bytes) -> Wire<S> {
    let mut gate = Gate::new();
    poll_fn(|cx| gate.poll_enter(cx)).await;
    let mut wire = Wire::new(stream, already_read);
    wire.begin_deadline(terms.handshake_deadline);
    wire
}

fn end<S: ByteStream + 'static>(
    terms: &Arc<Terms>,
    made: Made<S>,
    name: Option<String>,
) -> Result<TlsStream<S>, Failed<S>> {
    match made {
        Ok(mut tls) => {
            tls.get_mut().0.end_deadline();
            let enough = terms.suffices(tls.get_ref().1.alpn_protocol());
            let stream = TlsStream::new(tls, Arc::clone(terms), name);
            match enough {
                Ok(()) => Ok(stream),
                Err(error) => Err(Failed { error: error.into(), stream: Spent::Tls(stream) }),
            }
        }
        Err((error, wire)) => {
            let error = translate::handshake(error, terms.known(wire.first().bytes()));
            Err(Failed { error, stream: Spent::Raw(wire.into_parts().0) })
        }
    }
}
