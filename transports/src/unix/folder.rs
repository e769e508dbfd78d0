//! The folder of a socket file, locked while the file is looked at and removed.
//!
//! Those are two calls, and between them somebody else may have put a living socket in its place. So whoever
//! removes a socket file, at its end or because nobody uses it any more, locks the folder first: what is
//! removed is what was looked at. Whoever binds locks it too, because the system makes the file a moment before
//! the socket lives behind it.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// How long somebody may keep the folder locked: Arbour does for a few calls of the system, but everybody who
/// can read a folder can lock it, and would keep others from binding there.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(1);

/// Locks the folder in which this file is, until what is given is dropped.
///
/// It is `None` where the folder cannot be read, or is kept locked for a second: then there is no more
/// certainty than without.
pub(super) fn lock_folder_of(file: &Path) -> Option<File> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new("."))).ok()?;
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        match folder.try_lock() {
            Ok(()) => return Some(folder),
            Err(TryLockError::WouldBlock) => sleep(PAUSE),
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}
