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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::super::decode::Cause;
    use super::super::options::InputChoice;
    use super::*;

    const REJECT: Reject<'_> = Reject { line: 17, cause: Cause::FieldCount { expected: 19, found: 3 } };

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn failing(kind: ErrorKind, target: Target) -> Result<(), WriteRejectsError> {
        let mut rejects = Rejects::to(Box::new(Failing(kind)), target);
        rejects.report(&REJECT)?;
        rejects.flush()
    }

    #[test]
    fn a_reject_is_one_line() {
        assert_eq!(REJECT.to_string(), "line 17: expected 19 fields, found 3");
    }

    #[test]
    fn a_file_that_cannot_be_created_is_refused_by_name() {
        let shipped = Input::open(&InputChoice::Shipped).unwrap();
        let refused = Rejects::open(Some(Path::new("no/such/folder.txt")), &shipped).unwrap_err();
        assert!(refused.to_string().starts_with(r#"--rejects "no/such/folder.txt": "#), "{refused}");
    }

    #[test]
    fn the_input_is_not_overwritten_under_any_of_its_names() {
        let input = Input::open(&InputChoice::File("Cargo.toml".into())).unwrap();
        let refused = Rejects::open(Some(Path::new("src/../Cargo.toml")), &input).unwrap_err();
        assert!(matches!(refused, OpenRejectsError::IsInput { .. }), "{refused}");
    }

    #[test]
    fn a_full_disk_is_told_with_the_name_of_the_file() {
        let failed = failing(ErrorKind::StorageFull, Target::File("bad.txt".into())).unwrap_err();
        assert!(failed.to_string().contains(r#""bad.txt""#), "{failed}");
        assert!(failing(ErrorKind::StorageFull, Target::StandardError).is_err());
    }

    #[test]
    fn a_standard_error_that_nobody_reads_is_no_failure() {
        assert!(failing(ErrorKind::BrokenPipe, Target::StandardError).is_ok());
        assert!(failing(ErrorKind::BrokenPipe, Target::File("fifo".into())).is_err());
    }
}
