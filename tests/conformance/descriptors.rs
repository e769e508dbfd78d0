//! What the cases of sockets share: folders for their files, and a look at descriptors.

use crate::support::{poll_once, turns};
use arbour::transports::attributes::RawDescriptor;
use arbour::transports::{Attributes, AttributesExt};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// A folder of a test's own, which goes with it.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("arbour-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One open socket: what its descriptor points at, which no later one does.
#[derive(Debug)]
pub(crate) struct OpenSocket {
    link: PathBuf,
    points_at: PathBuf,
}

impl OpenSocket {
    pub(crate) fn of(socket: &impl Attributes) -> Self {
        let descriptor = socket.require::<RawDescriptor>().unwrap();
        let link = Path::new("/proc/self/fd").join(descriptor.to_string());
        let points_at = link.read_link().unwrap();
        Self { link, points_at }
    }

    /// Whether that descriptor is still that socket.
    pub(crate) fn is_open(&self) -> bool {
        self.link.read_link().is_ok_and(|now| now == self.points_at)
    }
}

/// Polls once, in a turn of its own: with units that no other await has taken, so that what is pending is so
/// for want of room.
pub(crate) async fn poll_in_own_turn<F: Future>(future: F) -> Poll<F::Output> {
    turns(1).await;
    poll_once(&mut pin!(future)).await
}
