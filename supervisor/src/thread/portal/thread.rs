//! A portal with a runtime of its own, in a thread of its own.

use super::Portal;
use crate::failure::Failure;
use crate::scope::CancelScope;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::runtime::{self, Handle, Runtime};

/// How long the runtime waits for blocking work when all tasks have ended.
const BLOCKING: Duration = Duration::from_secs(5);

impl Portal {
    /// Starts a runtime in a thread of its own, and a portal in it.
    ///
    /// # Errors
    ///
    /// What the system says when it has no thread, or no descriptors, for it.
    pub fn start() -> io::Result<PortalThread> {
        Self::builder().start()
    }

    /// A portal with a name, or a runtime of another kind.
    pub fn builder() -> PortalBuilder {
        PortalBuilder { name: Arc::from("arbour-portal"), runtime: Arc::new(on_its_thread) }
    }
}

fn on_its_thread() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}

/// A portal that is about to be started; see [`Portal::builder`].
#[derive(Clone)]
#[must_use = "nothing is started yet"]
pub struct PortalBuilder {
    name: Arc<str>,
    runtime: Arc<dyn Fn() -> io::Result<Runtime> + Send + Sync>,
}

impl PortalBuilder {
    /// The name of the thread. Default: `arbour-portal`.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// How the runtime is made, in its thread. Default: a runtime on that thread alone, with I/O and time.
    pub fn runtime(mut self, make: impl Fn() -> io::Result<Runtime> + Send + Sync + 'static) -> Self {
        self.runtime = Arc::new(make);
        self
    }

    /// Starts the thread, and returns when its portal takes calls.
    ///
    /// # Errors
    ///
    /// What the system says when it has no thread; what the making of the runtime says.
    pub fn start(&self) -> io::Result<PortalThread> {
        let (opened, portal) = mpsc::sync_channel(1);
        let make = Arc::clone(&self.runtime);
        let thread = Builder::new().name(self.name.to_string()).spawn(move || match make() {
            Ok(runtime) => serve(runtime, &opened),
            // The starter waits for this, and cannot have gone.
            Err(error) => drop(opened.send(Err(error))),
        })?;
        let portal =
            portal.recv().unwrap_or_else(|_| Err(io::Error::other("making the runtime panicked")))?;
        Ok(PortalThread { portal, thread: Some(thread) })
    }
}

impl fmt::Debug for PortalBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Keeps a portal open in this runtime until it is stopped, and what it started has ended.
fn serve(runtime: Runtime, opened: &mpsc::SyncSender<io::Result<Portal>>) {
    let open = Portal::open(async |portal: Portal| {
        // The starter waits for this, and cannot have gone.
        let _ = opened.send(Ok(portal.clone()));
        portal.stopped().await;
        Ok::<_, Failure>(())
    });
    // Cancelled or not: whoever did that knows.
    let _ = runtime.block_on(CancelScope::new().run(open));
    runtime.shutdown_timeout(BLOCKING);
}

/// A running portal and the thread of its runtime. Dereferences to the [`Portal`].
///
/// [`finish`](Self::finish) waits for the tasks that are left. Dropping it, as an early return or a panic does,
/// cancels them, and waits for their clean-up. In its own runtime, also in a blocking function there, neither of them
/// waits: a task would wait for its own end.
#[derive(Debug)]
#[must_use = "dropping it ends the portal"]
pub struct PortalThread {
    portal: Portal,
    /// `None` once joined.
    thread: Option<JoinHandle<()>>,
}

impl PortalThread {
    /// Takes no more calls, and blocks this thread until all tasks and the runtime have ended. In the portal's own runtime
    /// it does not wait.
    pub fn finish(mut self) {
        self.portal.stop();
        self.join();
    }

    /// Whether this code runs in the portal's own runtime, in a task or in a function that a task waits for.
    fn is_inside(&self) -> bool {
        let runtime = self.portal.shared.way_in.runtime();
        Handle::try_current().is_ok_and(|here| here.id() == runtime.id())
    }

    fn join(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.is_inside() {
            return;
        }
        if thread.join().is_err() {
            tracing::error!("the thread of a portal panicked; its tasks have ended with it");
        }
    }
}

impl Deref for PortalThread {
    type Target = Portal;

    fn deref(&self) -> &Portal {
        &self.portal
    }
}

impl Drop for PortalThread {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.portal.cancel("the program is leaving its portal");
            self.join();
        }
    }
}
