//! The example as a child process: found, started, fed, signalled, and waited for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Blocking, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::example;

/// A program that takes longer to end hangs.
const HANGS: Duration = Duration::from_secs(60);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    /// The lines of standard error that [`Running::complaint`] did not take.
    pub(crate) stderr: Vec<String>,
}

/// A run that has not ended. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    complaints: mpsc::UnboundedReceiver<String>,
}

/// Runs the program to its end, with `input` as standard input.
pub(crate) async fn run(arguments: &[&str], input: &[u8]) -> Ended {
    let mut running = Running::start(arguments);
    running.feed(input).await;
    running.end().await
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let stdin = child.stdin.take();
        let (sender, complaints) = mpsc::unbounded_channel();
        tokio::spawn(pass_on(child.stderr.take().unwrap(), sender));
        Self { child, stdin, complaints }
    }

    /// Writes to standard input; a program that has stopped reading leaves the rest unread.
    pub(crate) async fn feed(&mut self, input: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        let written =
            timeout(HANGS, stdin.write_all(input)).await.expect("it takes no input and does not end");
        let _ = written;
    }

    /// The next line of standard error, without its end.
    pub(crate) async fn complaint(&mut self) -> String {
        let line = timeout(HANGS, self.complaints.recv()).await.expect("it should complain");
        line.expect("it ended without a word")
    }

    /// Closes the reading end of its standard output.
    pub(crate) fn stop_listening(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Sends a signal by its name, without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().expect("it has not been waited for");
        let sent = Blocking::new("sh").args(["-c", &format!("kill -s {name} {id}")]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends standard input, and waits for the end of the program.
    pub(crate) async fn end(mut self) -> Ended {
        drop(self.stdin.take());
        self.end_with_open_input().await
    }

    /// Waits for the end of the program while its standard input stays open and silent.
    pub(crate) async fn end_with_open_input(mut self) -> Ended {
        let mut stdout = String::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            timeout(HANGS, pipe.read_to_string(&mut stdout)).await.expect("it hangs").unwrap();
        }
        let status = timeout(HANGS, self.child.wait()).await.expect("it hangs").unwrap();
        let mut stderr = Vec::new();
        while let Some(line) = self.complaints.recv().await {
            stderr.push(line);
        }
        Ended { code: status.code(), stdout, stderr }
    }
}

#[cfg(target_os = "linux")]
impl Running {
    /// The most memory that was resident at once so far, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let peak = self.status("VmHWM:");
        peak.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Waits until SIGTERM and SIGINT no longer end the process by themselves.
    pub(crate) async fn hears_signals(&self) {
        const BOTH: u64 = 1 << (15 - 1) | 1 << (2 - 1);
        while u64::from_str_radix(self.status("SigCgt:").trim(), 16).unwrap() & BOTH != BOTH {
            tokio::task::yield_now().await;
        }
    }

    fn status(&self, field: &str) -> String {
        let id = self.child.id().expect("it has not been waited for");
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        status.lines().find_map(|line| line.strip_prefix(field)).unwrap().to_owned()
    }
}

async fn pass_on(stderr: ChildStderr, to: mpsc::UnboundedSender<String>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if to.send(line).is_err() {
            return;
        }
    }
}

/// The built example.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| example::find("stream_worker"))
}
