//! Asking a silent peer whether it is still there.

use rustix::io::Errno;
use rustix::net::sockopt;
use std::os::fd::AsFd;
use std::time::Duration;

/// When the system asks a silent peer whether it is still there, and when it gives it up. What is not said
/// is the system's choice, on Linux 2 hours, 75 seconds and 9 questions.
///
/// # Examples
///
/// A peer that has gone without a word is noticed within 30 + 3 · 10 seconds:
///
/// ```
/// use arbour::transports::tcp::KeepAlive;
/// use std::time::Duration;
///
/// let keep_alive = KeepAlive::after(Duration::from_secs(30)).every(Duration::from_secs(10)).times(3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "it is an option of a connection"]
pub struct KeepAlive {
    after: Option<Duration>,
    every: Option<Duration>,
    times: Option<u32>,
}

impl KeepAlive {
    /// The first question comes after so much silence, in whole seconds.
    pub fn after(silence: Duration) -> Self {
        Self { after: Some(silence), ..Self::default() }
    }

    /// Unanswered, it is asked again at this interval, in whole seconds.
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = Some(interval);
        self
    }

    /// After so many questions without an answer the connection is broken.
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    pub(super) fn apply(self, socket: impl AsFd) -> Result<(), Errno> {
        let Self { after, every, times } = self;
        #[cfg(not(any(target_os = "macos", target_os = "ios", target_os = "openbsd")))]
        if let Some(after) = after {
            sockopt::set_tcp_keepidle(&socket, after)?;
        }
        #[cfg(any(target_os = "macos", target_os = "ios", target_os = "openbsd"))]
        let _ = after;
        if let Some(every) = every {
            sockopt::set_tcp_keepintvl(&socket, every)?;
        }
        if let Some(times) = times {
            sockopt::set_tcp_keepcnt(&socket, times)?;
        }
        sockopt::set_socket_keepalive(&socket, true)
    }
}
