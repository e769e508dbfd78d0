//! A program at the other end: started by a test, read line by line, killed when the test ends.

use arbour::fail_after;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// How long a program may take for one answer, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Awaits what another program has to do first.
pub(crate) async fn patiently<F: Future>(future: F) -> F::Output {
    fail_after(PATIENCE, future).await.expect("the program at the other end does not answer")
}

/// A program that runs; what it says on both its outputs is one text.
pub(crate) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    said: String,
}

impl Peer {
    /// Starts a program that is found on the path.
    pub(crate) fn start<A: AsRef<OsStr> + Debug>(program: &str, args: impl IntoIterator<Item = A>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
        assert!(
            there,
            "`{program}` is not installed: run `cargo xtask tools`, or `apt-get install {program}`"
        );
        Self::run(Path::new(program), args)
    }

    /// Starts Python with AnyIO at hand.
    pub(crate) fn python<A: AsRef<OsStr> + Debug>(script: &str, args: impl IntoIterator<Item = A>) -> Self {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin/python");
        assert!(python.exists(), "Python with AnyIO is not installed: run `cargo xtask tools`");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/python").join(script);
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        Self::run(&python, std::iter::once(script.into_os_string()).chain(args))
    }

    /// A shell joins the two outputs, and becomes the program.
    fn run<A: AsRef<OsStr>>(program: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(program).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take(), child, output, said: String::new() }
    }

    /// Reads on until a line has this in it, which is returned.
    pub(crate) async fn until(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            let read = patiently(self.output.read_line(&mut line)).await.unwrap();
            self.said.push_str(&line);
            assert!(read > 0, "it never said `{part}`, but:\n{}", self.said);
            if line.contains(part) {
                return line.trim_end().to_owned();
            }
        }
    }

    /// The port that a line with this in it ends with.
    pub(crate) async fn port(&mut self, part: &str) -> u16 {
        let line = self.until(part).await;
        let digits = line.rsplit(|char: char| !char.is_ascii_digit()).find(|digits| !digits.is_empty());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no port in `{line}`"))
    }

    pub(crate) async fn send(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).await.unwrap();
        input.flush().await.unwrap();
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// All that it says until it ends, and whether it was content.
    pub(crate) async fn end(mut self) -> (String, bool) {
        self.end_input();
        let ends = async {
            self.output.read_to_string(&mut self.said).await.unwrap();
            self.child.wait().await.unwrap().success()
        };
        let content = patiently(ends).await;
        (self.said, content)
    }
}

/// What a program says that is run to its end.
pub(crate) async fn told<A: AsRef<OsStr> + Debug>(
    program: &str,
    args: impl IntoIterator<Item = A>,
) -> String {
    let (said, content) = Peer::start(program, args).end().await;
    assert!(content, "{program} failed:\n{said}");
    said
}

/// A folder for the files of one test, removed at its end.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("arbour-interop-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// The path of a file with this text.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
