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
/// One that fails closes its own connection, and is told to the hook of
/// [`on_failure`](Self::on_failure), which logs it unless there is another.
pub struct TlsListener<L> {
    listener: L,
    config: ServerConfig,
    hook: Hook,
}

impl<L> TlsListener<L> {
    /// Around a listener.
    #[must_use]
    pub fn new(listener: L, config: ServerConfig) -> Self {
        Self { listener, config, hook: Arc::new(log) }
    }

    /// Calls `hook` when a handshake fails, with why and with the attributes of the connection, instead of
    /// logging it. The connection is closed after that.
    ///
    /// Failures are a matter of course wherever strangers can connect.
    #[must_use]
    pub fn on_failure(
        mut self,
        hook: impl Fn(&HandshakeError, &dyn Attributes) + Send + Sync + 'static,
    ) -> Self {
        self.hook = Arc::new(hook);
        self
    }

    /// What it wraps.
    #[must_use]
    pub fn wrapped(&self) -> &L {
        &self.listener
    }
}

fn log(error: &HandshakeError, connection: &dyn Attributes) {
    use crate::AttributesExt;
    use crate::attributes::RemoteAddress;
    let peer = connection.attribute::<RemoteAddress>().map(tracing::field::display);
    tracing::warn!(%error, peer, "a TLS handshake failed; its connection is closed, the listener goes on");
}

impl<L: Listener> Listener for TlsListener<L>
where
    L::Stream: ByteStream,
{
    type Stream = TlsStream<L::Stream>;

    async fn accept(&mut self) -> Result<Accepted<Self::Stream>, AcceptError> {
        let accepted = self.listener.accept().await?;
        let (config, hook) = (self.config.clone(), Arc::clone(&self.hook));
        Ok(Accepted::after(async move {
            let stream = accepted.establish().await?;
            let made = config.handshake(stream, Bytes::new()).await;
            made.map_err(|Failed { error, stream }| {
                match &stream {
                    Some(stream) => hook(&error, stream),
                    None => hook(&error, &()),
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
