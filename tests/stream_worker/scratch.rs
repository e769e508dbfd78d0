//! Files that a test writes, gone when it ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, process};

/// A path of its own among the temporary files.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A path at which there is nothing yet.
    pub(crate) fn path() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { path: env::temp_dir().join(format!("arbour-stream-worker-{}-{number}", process::id())) }
    }

    /// A file that says `content`.
    pub(crate) fn file(content: &[u8]) -> Self {
        let scratch = Self::path();
        fs::write(&scratch.path, content).unwrap();
        scratch
    }

    pub(crate) fn read(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    pub(crate) fn as_str(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
