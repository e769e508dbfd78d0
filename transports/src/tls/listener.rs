//! A listener whose streams speak TLS.

use super::handshake::Failed;
use super::{ServerConfig, TlsStream};
use crate::{AcceptError, Accepted, Attributes, ByteStream, Demand, HandshakeError, Listener};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

type Hook = Arc<dyn Fn(&HandshakeError, &dyn Attributes) + Send + Sync>;

/// TLS over what any listener accepts.
///
/// Its handshakes are made by [`Accepted::establish`], never while it accepts: a slow peer holds up nobody.
/// One that fails closes its own connection. `arbour::serve` logs it, with the peer, and goes on.
pub struct TlsListener<L> {
    listener: L,
    config: ServerConfig,
    hook: Option<Hook>,
}

impl<L> TlsListener<L> {
    /// Around a listener.
    #[must_use]
    pub fn new(listener: L, config: ServerConfig) -> Self {
        Self { listener, config, hook: None }
    }

    /// Calls `hook` when a handshake fails, with why and with the attributes of the connection, before that
    /// is closed: to count failures, or to shut out who makes too many of them. One that is given up by who waits
    /// for it, as a server does for the sake of others or when it is to stop, did not fail.
    #[must_use]
    pub fn on_failure(self, hook: impl Fn(&HandshakeError, &dyn Attributes) + Send + Sync + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..self }
    }

    /// What it wraps.
    #[must_use]
    pub fn wrapped(&self) -> &L {
        &self.listener
    }
}

impl<L: Listener> Listener for TlsListener<L>
where
    L::Stream: ByteStream,
{
    type Stream = TlsStream<L::Stream>;

    async fn accept(&mut self) -> Result<Accepted<Self::Stream>, AcceptError> {
        let accepted = self.listener.accept().await?;
        let (config, hook) = (self.config.clone(), self.hook.clone());
        Ok(accepted.and_then(|stream| async move {
            let made = config.handshake(stream, Bytes::new()).await;
            made.map_err(|Failed { error, stream }| {
                if let Some(hook) = hook {
                    hook(&error, &stream);
                }
                error
            })
        }))
    }
}

impl<L: Attributes> Attributes for TlsListener<L> {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.listener.provide(demand);
    }
}

impl<L: fmt::Debug> fmt::Debug for TlsListener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TlsListener");
        shown.field("listener", &self.listener).field("config", &self.config).finish_non_exhaustive()
    }
}
