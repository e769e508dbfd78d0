//! A way to connect whose streams speak TLS.

use super::{ClientConfig, TlsError, TlsStream};
use crate::{ByteStream, Connect, ConnectError, HandshakeError};
use std::fmt;

/// TLS over any way to connect.
///
/// The server has to prove that it is the host that is connected to, unless
/// [`expect_host`](Self::expect_host) says otherwise.
#[derive(Debug, Clone)]
pub struct TlsConnector<C> {
    connect: C,
    config: ClientConfig,
    host: Option<String>,
}

impl<C> TlsConnector<C> {
    /// Around a way to connect.
    #[must_use]
    pub fn new(connect: C, config: ClientConfig) -> Self {
        Self { connect, config, host: None }
    }

    /// The name or address by which the server has to prove itself.
    #[must_use]
    pub fn expect_host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// What it wraps.
    #[must_use]
    pub fn wrapped(&self) -> &C {
        &self.connect
    }
}

impl<C: Connect> TlsConnector<C>
where
    C::Stream: ByteStream,
{
    async fn establish(&self, stream: C::Stream) -> Result<TlsStream<C::Stream>, HandshakeError> {
        let host = self.host_name().ok_or(TlsError::NoHostName)?;
        self.config.connect(stream, host).await
    }
}

impl<C: Connect> Connect for TlsConnector<C>
where
    C::Stream: ByteStream,
{
    type Stream = TlsStream<C::Stream>;

    async fn connect(&self) -> Result<Self::Stream, ConnectError> {
        let stream = self.connect.connect().await?;
        self.establish(stream).await.map_err(|error| ConnectError::new(self.to_string(), error))
    }

    fn host_name(&self) -> Option<&str> {
        self.host.as_deref().or_else(|| self.connect.host_name())
    }
}

impl<C: fmt::Display> fmt::Display for TlsConnector<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tls:{}", self.connect)?;
        self.host.iter().try_for_each(|host| write!(f, " as {host}"))
    }
}
