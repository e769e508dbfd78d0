//! One portal for many users: the first starts it, the last ends it.

use super::{Portal, PortalBuilder, PortalThread};
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shares one portal among threads: it runs as long as somebody has it.
///
/// # Examples
///
/// ```
/// use arbour::thread::PortalProvider;
///
/// let provider = PortalProvider::new();
/// let portal = provider.portal()?;
/// let same = provider.portal()?;
/// assert_eq!(same.call(async { 42 })?, 42);
/// same.finish();
/// assert!(!portal.is_stopped());
/// portal.finish();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PortalProvider {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    builder: PortalBuilder,
    running: Mutex<Running>,
}

/// The thread is there exactly while there are users.
#[derive(Debug, Default)]
struct Running {
    users: usize,
    thread: Option<PortalThread>,
}

impl PortalProvider {
    /// A provider of portals as [`Portal::start`] starts them.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Portal::builder())
    }

    /// A provider of portals that `builder` starts.
    #[must_use]
    pub fn with(builder: PortalBuilder) -> Self {
        Self { inner: Arc::new(Inner { builder, running: Mutex::default() }) }
    }

    /// The shared portal; the first user starts it.
    ///
    /// # Errors
    ///
    /// As for [`Portal::start`]. The next user tries again.
    pub fn portal(&self) -> io::Result<SharedPortal> {
        let mut running = self.inner.running();
        let portal = match &running.thread {
            Some(thread) => Portal::clone(thread),
            None => Portal::clone(running.thread.insert(self.inner.builder.start()?)),
        };
        running.users += 1;
        Ok(SharedPortal { portal, provider: Some(Arc::clone(&self.inner)) })
    }
}

impl Default for PortalProvider {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One user less. The last one gets the thread, to end it.
    fn leave(&self) -> Option<PortalThread> {
        let mut running = self.running();
        running.users -= 1;
        if running.users == 0 { running.thread.take() } else { None }
    }
}

/// A share of a provider's portal. Dereferences to the [`Portal`].
///
/// The last share ends the portal: with [`finish`](Self::finish) it waits for the tasks that are left; dropped, as by
/// an early return or a panic, it cancels them and waits for their clean-up.
#[derive(Debug)]
#[must_use = "dropping the last share ends the portal"]
pub struct SharedPortal {
    portal: Portal,
    /// `None` once given back.
    provider: Option<Arc<Inner>>,
}

impl SharedPortal {
    /// Gives the share back; the last one waits for the tasks that are left.
    pub fn finish(mut self) {
        if let Some(thread) = self.leave() {
            thread.finish();
        }
    }

    fn leave(&mut self) -> Option<PortalThread> {
        self.provider.take()?.leave()
    }
}

impl Deref for SharedPortal {
    type Target = Portal;

    fn deref(&self) -> &Portal {
        &self.portal
    }
}

impl Drop for SharedPortal {
    fn drop(&mut self) {
        drop(self.leave());
    }
}
