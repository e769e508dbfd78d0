//! The example as a child process: started, heard, signalled, and waited for.

use super::event::{Event, Works};
use super::example;
use futures::future::select_all;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// What takes longer hangs.
pub(crate) const HANGS: Duration = Duration::from_secs(60);

/// A worker that runs. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct LockWorker {
    pub(crate) name: String,
    child: Child,
    told: watch::Receiver<Told>,
}

/// What a worker has told, and what follows for what it works on: that is asked for at each word of each worker.
#[derive(Debug, Default)]
struct Told {
    events: Vec<Event>,
    works: Works,
}

/// How a worker ended, and all that it has told.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) events: Vec<Event>,
}

impl LockWorker {
    pub(crate) fn start(name: &str, arguments: &[String]) -> Self {
        let mut command = Command::new(program());
        command.args(arguments).args(["--name", name]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let (sender, told) = watch::channel(Told::default());
        tokio::spawn(hear(child.stdout.take().unwrap(), sender));
        Self { name: name.to_owned(), child, told }
    }

    /// What it has told so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.told.borrow().events.clone()
    }

    /// What it works on, by what it has told so far.
    pub(crate) fn works(&self) -> Works {
        self.told.borrow().works.clone()
    }

    /// Waits until this is true of what it has told.
    pub(crate) async fn until(&self, what: &str, is_true: impl Fn(&[Event]) -> bool) {
        let mut told = self.told.clone();
        let heard = timeout(HANGS, told.wait_for(|told| is_true(&told.events))).await;
        let ended =
            heard.unwrap_or_else(|_| panic!("{} hangs before {what}: {:#?}", self.name, self.events()));
        assert!(ended.is_ok(), "{} has ended before {what}", self.name);
    }

    /// Waits until it has told so many events of this name, from the first on.
    pub(crate) async fn until_told(&self, name: &str, count: usize) {
        self.until(name, |events| events.iter().filter(|event| event.is(name)).count() >= count).await;
    }

    /// Waits until one of these tells something that nobody has looked at.
    pub(crate) async fn until_any_tells(workers: &mut [Self]) {
        let telling = workers.iter_mut().map(|worker| Box::pin(worker.told.changed()));
        let (told, ..) = select_all(telling).await;
        assert!(told.is_ok(), "a worker has ended");
    }

    /// Waits until one of these has told this.
    pub(crate) async fn until_one_tells(workers: &[Self], is_it: impl Fn(&Event) -> bool) {
        let telling = workers.iter().map(|worker| {
            let is_it = &is_it;
            Box::pin(worker.until("one tells it", move |events| events.iter().any(is_it)))
        });
        let _ = select_all(telling).await;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("it has not been waited for").try_into().unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Ends it without a word, and gives what it had told by then.
    pub(crate) async fn kill(mut self) -> Vec<Event> {
        self.child.start_kill().unwrap();
        self.end().await.events
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(self) -> Vec<Event> {
        self.signal(Signal::TERM);
        let ended = self.end().await;
        assert_eq!(ended.code, Some(0), "{:#?}", ended.events);
        ended.events
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Ended {
        let status = timeout(HANGS, self.child.wait()).await.expect("it does not end").unwrap();
        // What it had told before its end may be still on the way.
        while self.told.changed().await.is_ok() {}
        Ended { code: status.code(), events: self.events() }
    }
}

async fn hear(stdout: ChildStdout, to: watch::Sender<Told>) {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let event = Event::read(&line);
        to.send_modify(|told| {
            event.heard(&mut told.works);
            told.events.push(event);
        });
    }
}

/// The built example.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| example::find("lock_worker"))
}
