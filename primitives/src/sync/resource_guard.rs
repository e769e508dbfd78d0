//! The resource guard: who uses a thing that only one may use says so, and a second user is refused.

#[cfg(test)]
mod models;
#[cfg(all(test, not(arbour_loom)))]
mod tests;

use crate::loom::Mutex;
use core::fmt;
use core::panic::Location;
use std::borrow::Cow;
use thiserror::Error;

/// Refuses a second user where two at a time would be a mistake, such as two readers of one socket.
///
/// It never waits: who should take turns needs a lock.
///
/// # Examples
///
/// ```
/// use arbour_primitives::sync::ResourceGuard;
///
/// let reading = ResourceGuard::new("reading from the socket");
/// let first = reading.enter().unwrap();
/// let busy = reading.enter().unwrap_err();
/// assert!(busy.to_string().starts_with("somebody else is reading from the socket already, since "));
///
/// drop(first);
/// assert!(reading.enter().is_ok());
/// ```
pub struct ResourceGuard {
    action: Cow<'static, str>,
    /// Where the user came in who is in.
    user: Mutex<Option<&'static Location<'static>>>,
}

impl ResourceGuard {
    /// A guard of something nobody uses. The action completes the sentence "somebody else is …".
    #[must_use]
    pub fn new(action: impl Into<Cow<'static, str>>) -> Self {
        Self { action: action.into(), user: Mutex::new(None) }
    }

    /// Enters as the only user, until what is given is dropped.
    ///
    /// # Errors
    ///
    /// [`BusyResource`] while somebody else is in.
    #[track_caller]
    pub fn enter(&self) -> Result<InUse<'_>, BusyResource> {
        let mut user = self.user.lock();
        if let Some(entered) = *user {
            return Err(BusyResource { action: self.action.clone(), entered });
        }
        if crate::loom::fault("guard_looks_before_it_takes") {
            drop(user);
            user = self.user.lock();
        }
        *user = Some(Location::caller());
        Ok(InUse { guard: self })
    }

    /// Whether somebody is in.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.user.lock().is_some()
    }
}

impl fmt::Debug for ResourceGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceGuard").field("action", &self.action).field("busy", &self.is_busy()).finish()
    }
}

/// The only user's leave to be in; dropped, it lets the next one in.
#[derive(Debug)]
#[must_use = "dropped at once, it guards nothing"]
pub struct InUse<'a> {
    guard: &'a ResourceGuard,
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        *self.guard.user.lock() = None;
    }
}

/// A resource was to be used by a second user.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("somebody else is {action} already, since {entered}: only one may at a time")]
#[non_exhaustive]
pub struct BusyResource {
    /// What the first user is doing.
    pub action: Cow<'static, str>,
    /// Where the first user came in.
    pub entered: &'static Location<'static>,
}
