//! What these tests share: a journal in virtual time, an actor that does as it is told, a supervisor to run it.

use arbour::{
    Actor, ActorSpec, Backoff, Context, Failure, Reply, RestartLimit, Supervisor, SupervisorBuilder,
    SupervisorError, SupervisorHandle, defer, task_group,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What happened and when, in milliseconds of the test's clock.
#[derive(Clone)]
pub(crate) struct Journal {
    began: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    pub(crate) fn note(&self, what: impl std::fmt::Display) {
        let line = format!("{what}@{}", self.time());
        self.lines.lock().unwrap().push(line);
    }

    /// The time since the journal was begun, in milliseconds.
    pub(crate) fn time(&self) -> u128 {
        self.began.elapsed().as_millis()
    }

    /// Everything so far, as `what@when`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// Notes its words when it is dropped.
pub(crate) struct NoteOnDrop(pub(crate) Journal, pub(crate) String);

impl Drop for NoteOnDrop {
    fn drop(&mut self) {
        self.0.note(&self.1);
    }
}

/// An actor that notes what happens to it, and takes its time where it is told to.
pub(crate) struct Worker {
    journal: Journal,
    pace: Pace,
}

/// How long the hooks of a worker take.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    pub(crate) start: Duration,
    pub(crate) stop: Duration,
    pub(crate) clean_up: Duration,
}

#[derive(Debug)]
pub(crate) enum Message {
    Note(&'static str),
    /// Takes so long, and is noted when it is done.
    Slow(&'static str, Duration),
    Panic,
    /// Replies with the incarnation.
    Which(Reply<u64>),
}

impl Actor for Worker {
    type Message = Message;

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        sleep(self.pace.start).await;
        let (journal, incarnation, pace) = (self.journal.clone(), cx.incarnation(), self.pace);
        journal.note(format_args!("{} {incarnation} started", cx.name()));
        let name = cx.name().to_owned();
        defer(async move {
            sleep(pace.clean_up).await;
            journal.note(format_args!("{name} {incarnation} cleaned up"));
        });
        Ok(())
    }

    async fn handle(&mut self, message: Message, cx: &mut Context<Self>) -> Result<(), Failure> {
        match message {
            Message::Note(what) => self.journal.note(what),
            Message::Slow(what, time) => {
                sleep(time).await;
                self.journal.note(what);
            }
            Message::Panic => panic!("as told"),
            Message::Which(reply) => reply.send(cx.incarnation()),
        }
        Ok(())
    }

    async fn stopped(&mut self, _: arbour::StopReason, cx: &mut Context<Self>) -> Result<(), Failure> {
        sleep(self.pace.stop).await;
        self.journal.note(format_args!("{} {} stopped", cx.name(), cx.incarnation()));
        Ok(())
    }
}

/// A worker to be supervised.
pub(crate) fn worker(name: &'static str, journal: &Journal, pace: Pace) -> ActorSpec<Worker> {
    let journal = journal.clone();
    ActorSpec::new(name, move || Worker { journal: journal.clone(), pace })
}

/// A supervisor that restarts without limit.
pub(crate) fn endless() -> SupervisorBuilder {
    Supervisor::builder("app").limit(RestartLimit::new(u32::MAX, ms(1)).unwrap())
}

/// Delays that double from 100 ms to one second, always the same.
pub(crate) fn doubling() -> Backoff {
    Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false)
}

/// Runs a supervisor beside `body`, which is given its handle, then asks it to stop and waits for it.
pub(crate) async fn run<T>(
    builder: SupervisorBuilder,
    body: impl AsyncFnOnce(SupervisorHandle) -> T,
) -> (T, Result<(), SupervisorError>) {
    let supervisor = builder.build().unwrap();
    let handle = supervisor.handle();
    task_group(async move |group| {
        let running = group.spawn_value(supervisor.run());
        let output = body(handle.clone()).await;
        handle.request_stop();
        (output, running.await.unwrap())
    })
    .await
    .unwrap()
}

/// Lets every task come to rest: in paused time the clock moves only when all of them wait.
pub(crate) async fn settle() {
    sleep(ms(1)).await;
}
