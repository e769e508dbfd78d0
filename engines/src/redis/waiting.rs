//! Those who wait until a lease is free.

use super::keys::FREED;
use crate::store::LeaseName;
use arbour_primitives::sync::{Notice, Notices};
use redis::{Msg, PushInfo};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who waits for which lease.
#[derive(Default)]
pub(super) struct Waiting(Mutex<BTreeMap<LeaseName, Notices>>);

impl Waiting {
    /// A place among those who wait for this lease.
    pub(super) fn join(self: &Arc<Self>, name: &LeaseName) -> Place {
        let notice = self.lock().entry(name.clone()).or_default().join();
        Place { waiting: Arc::clone(self), name: name.clone(), notice: Some(notice) }
    }

    /// Hears what the server says unasked.
    pub(super) fn hear(&self, said: PushInfo) {
        let Some(message) = Msg::from_push_info(said) else { return };
        if message.get_channel_name() == FREED
            && let Ok(name) = message.get_payload::<String>()
            && let Ok(name) = LeaseName::new(name)
        {
            let told = self.lock().get(&name).cloned();
            told.inspect(Notices::tell_all);
        }
    }

    /// Sends everybody to look again: with their connection they have lost what they would have heard.
    pub(super) fn tell_all(&self) {
        let all: Vec<Notices> = self.lock().values().cloned().collect();
        all.iter().for_each(Notices::tell_all);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LeaseName, Notices>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait.
pub(super) struct Place {
    waiting: Arc<Waiting>,
    name: LeaseName,
    notice: Option<Notice>,
}

impl Place {
    pub(super) async fn told(&mut self) {
        if let Some(notice) = &mut self.notice {
            poll_fn(|cx| notice.poll_told(cx)).await;
        }
    }
}

/// The last who goes takes the name along.
impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.waiting.lock();
        self.notice = None;
        if all.get(&self.name).is_some_and(|notices| notices.waiting() == 0) {
            all.remove(&self.name);
        }
    }
}
