//! Where the bytes come from, and how they reach the reader without it ever being blocked by them.
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::mpsc;

use super::options::InputChoice;

static SHIPPED: &[u8] = include_bytes!("../data/flights_2013_01.csv");

/// The most bytes that are read at once: what a pipe holds.
const CHUNK: usize = 64 * 1024;

/// How many chunks are read ahead.
const READ_AHEAD: usize = 4;

/// An input that could be opened.
pub(crate) struct Input {
    source: Box<dyn Read + Send>,
    length: Option<u64>,
    file: Option<PathBuf>,
}

/// An input that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("--input {path:?}: {source}")]
pub(crate) struct OpenError {
    path: PathBuf,
    source: io::Error,
}

impl Input {
    pub(crate) fn open(choice: &InputChoice) -> Result<Self, OpenError> {
        match choice {
            InputChoice::Shipped => {
                Ok(Self { source: Box::new(SHIPPED), length: Some(SHIPPED.len() as u64), file: None })
            }
            InputChoice::StandardInput => {
                Ok(Self { source: Box::new(io::stdin()), length: None, file: None })
            }
            InputChoice::File(path) => {
                Self::open_file(path).map_err(|source| OpenError { path: path.clone(), source })
            }
        }
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let length = metadata.is_file().then_some(metadata.len());
        Ok(Self { source: Box::new(file), length, file: Some(path.to_owned()) })
    }

    /// How many bytes there are to read, where that is known beforehand.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether this is the file at `path`, by whatever names.
    pub(crate) fn is_file(&self, path: &Path) -> bool {
        let same = |own: &PathBuf| Some(own.canonicalize().ok()? == path.canonicalize().ok()?);
        self.file.as_ref().and_then(same).unwrap_or(false)
    }

    /// Starts to read ahead.
    pub(crate) fn into_chunks(self) -> io::Result<Chunks> {
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        thread::Builder::new().name("input".to_owned()).spawn(move || read_ahead(self.source, &sender))?;
        Ok(Chunks { receiver })
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { source: _, length, file } = self;
        f.debug_struct("Input").field("length", length).field("file", file).finish_non_exhaustive()
    }
}

/// The bytes of an input in order, as they arrive.
///
/// A thread reads them, because a read of an idle pipe cannot be called off. Nobody joins that thread: dropping
/// the chunks ends it after the read it is in, and the end of the process does not wait for it.
#[derive(Debug)]
pub(crate) struct Chunks {
    receiver: mpsc::Receiver<io::Result<Vec<u8>>>,
}

impl Chunks {
    /// The next bytes, never empty; `None` at the end of the input.
    ///
    /// # Cancel safety
    ///
    /// A call that is dropped while it waits has taken nothing.
    pub(crate) async fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        self.receiver.recv().await
    }
}

/// Reads until the end, an error, or until nobody listens.
fn read_ahead(mut source: impl Read, sender: &mpsc::Sender<io::Result<Vec<u8>>>) {
    while let Some(chunk) = read_chunk(&mut source).transpose() {
        let failed = chunk.is_err();
        if sender.blocking_send(chunk).is_err() || failed {
            return;
        }
    }
}

/// What one read gives, so that a slow pipe is handled as it flows; `None` at the end of the input.
fn read_chunk(source: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return Ok(None),
            Ok(length) => {
                chunk.truncate(length);
                return Ok(Some(chunk));
            }
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one scripted result per read, then the end.
    struct Script(Vec<io::Result<&'static str>>);

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            self.0.remove(0)?.as_bytes().read(buffer)
        }
    }

    fn read_all(script: Vec<io::Result<&'static str>>) -> Vec<Result<String, String>> {
        let (sender, mut receiver) = mpsc::channel(script.len() + 1);
        read_ahead(Script(script), &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv())
            .map(|chunk| match chunk {
                Ok(bytes) => Ok(String::from_utf8(bytes).unwrap()),
                Err(error) => Err(error.to_string()),
            })
            .collect()
    }

    #[test]
    fn chunks_arrive_as_they_are_read() {
        assert_eq!(read_all(vec![Ok("a"), Ok("bc")]), [Ok("a".to_owned()), Ok("bc".to_owned())]);
    }

    #[test]
    fn an_interrupted_read_is_begun_again() {
        let interrupted = || Err(io::ErrorKind::Interrupted.into());
        let read = read_all(vec![interrupted(), Ok("a"), interrupted(), Ok("b")]);
        assert_eq!(read, [Ok("a".to_owned()), Ok("b".to_owned())]);
    }

    #[test]
    fn a_failed_read_is_the_last() {
        let read = read_all(vec![Ok("a"), Err(io::Error::other("unplugged")), Ok("b")]);
        assert_eq!(read, [Ok("a".to_owned()), Err("unplugged".to_owned())]);
    }

    #[test]
    fn reading_ends_when_nobody_listens() {
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        read_ahead(io::repeat(0), &sender);
    }

    #[test]
    fn a_missing_file_and_a_folder_are_refused_by_name() {
        let missing = Input::open(&InputChoice::File("no/such.csv".into())).unwrap_err();
        assert!(missing.to_string().starts_with(r#"--input "no/such.csv": "#), "{missing}");
        let folder = Input::open(&InputChoice::File(".".into())).unwrap_err();
        assert!(folder.to_string().starts_with(r#"--input ".": "#), "{folder}");
    }

    #[test]
    fn the_shipped_data_is_whole() {
        let mut chunks = Input::open(&InputChoice::Shipped).unwrap().into_chunks().unwrap();
        let bytes: Vec<u8> =
            std::iter::from_fn(|| chunks.receiver.blocking_recv()).flat_map(Result::unwrap).collect();
        assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 8833);
        assert_eq!(bytes, SHIPPED);
    }
}
