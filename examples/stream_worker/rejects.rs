//! Where malformed records are reported.
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::decode::Reject;
use super::input::Input;

/// Writes one line for each malformed record.
pub(crate) struct Rejects {
    sink: BufWriter<Box<dyn Write + Send>>,
    target: Target,
}

#[derive(Debug)]
enum Target {
    StandardError,
    File(PathBuf),
}

/// A rejects file with which no work is begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenRejectsError {
    #[error("--rejects {path:?}: {source}")]
    Create { path: PathBuf, source: io::Error },
    #[error("--rejects {path:?}: this is the input, which would be overwritten")]
    IsInput { path: PathBuf },
}

/// A report of a malformed record that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("rejected records can no longer be written to {target}: {source}")]
pub(crate) struct WriteRejectsError {
    target: String,
    source: io::Error,
}

impl Rejects {
    /// Creates the file at `path`, or takes standard error without one.
    pub(crate) fn open(path: Option<&Path>, input: &Input) -> Result<Self, OpenRejectsError> {
        let Some(path) = path else {
            return Ok(Self::to(Box::new(io::stderr()), Target::StandardError));
        };
        let path = path.to_owned();
        if input.is_file(&path) {
            return Err(OpenRejectsError::IsInput { path });
        }
        match File::create(&path) {
            Ok(file) => Ok(Self::to(Box::new(file), Target::File(path))),
            Err(source) => Err(OpenRejectsError::Create { path, source }),
        }
    }

    fn to(sink: Box<dyn Write + Send>, target: Target) -> Self {
        Self { sink: BufWriter::new(sink), target }
    }

    /// Whether reports and the progress bar share a screen.
    pub(crate) fn share_standard_error(&self) -> bool {
        matches!(self.target, Target::StandardError)
    }

    pub(crate) fn report(&mut self, reject: &Reject<'_>) -> Result<(), WriteRejectsError> {
        let written = writeln!(self.sink, "{reject}");
        self.check(written)
    }

    /// Makes visible what was reported: to be called when the input pauses, and at the end.
    pub(crate) fn flush(&mut self) -> Result<(), WriteRejectsError> {
        let written = self.sink.flush();
        self.check(written)
    }

    /// A standard error that nobody reads any more is no reason to stop.
    fn check(&mut self, written: io::Result<()>) -> Result<(), WriteRejectsError> {
        match (written, &self.target) {
            (Ok(()), _) => Ok(()),
            (Err(error), Target::StandardError) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.sink = BufWriter::new(Box::new(io::sink()));
                Ok(())
            }
            (Err(source), target) => Err(WriteRejectsError { target: target.to_string(), source }),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StandardError => f.write_str("standard error"),
            Self::File(path) => write!(f, "{path:?}"),
        }
    }
}

impl std::fmt::Debug for Rejects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rejects").field("target", &self.target).finish_non_exhaustive()
    }
}
