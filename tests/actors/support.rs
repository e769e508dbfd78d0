//! What these tests share: a journal, an actor that does as it is told, a supervisor to run it.

use arbour::{
    Actor, ActorSpec, Address, Backoff, ChildSpec, Context, Failure, Reply, RestartLimit, Supervisor,
    SupervisorError, SupervisorHandle, task_group,
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
    lines: Arc<Mutex<Vec<(u128, String)>>>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    pub(crate) fn note(&self, what: impl Into<String>) {
        self.lines.lock().unwrap().push((self.time(), what.into()));
    }

    /// The time since the journal was begun, in milliseconds.
    pub(crate) fn time(&self) -> u128 {
        self.began.elapsed().as_millis()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(_, what)| what.clone()).collect()
    }

    /// Everything so far, as `what@when`.
    pub(crate) fn timed(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(when, what)| format!("{what}@{when}")).collect()
    }
}

/// An actor that notes each message, with its attempt when that is not the first, and then does as it is told.
pub(crate) struct Puppet {
    journal: Journal,
    kept: Vec<Reply<u32>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Message {
    Note(u32),
    /// Takes so long, and notes its number again when it is done.
    Slow(u32, Duration),
    /// Fails as long as the attempt is not greater than this.
    Fail(u32),
    /// Panics as long as the attempt is not greater than this.
    Panic(u32),
    /// Cancels the actor's scope and never returns.
    Cancel,
    /// Ends the actor after this message.
    Stop,
    /// Fails so often, then replies with the attempt.
    Ask(u32, Reply<u32>),
    /// Replies after so long.
    AskSlow(Duration, Reply<u32>),
    /// Drops the reply.
    Ignore(#[expect(dead_code, reason = "it is dropped")] Reply<u32>),
    /// Keeps the reply in the actor's state.
    Keep(Reply<u32>),
    /// Cancels the actor's scope and never replies.
    AskCancel(Reply<u32>),
    /// Replies with the message's number in the slot.
    Sequence(Reply<u64>),
}

impl Puppet {
    pub(crate) fn new(journal: &Journal) -> Self {
        Self { journal: journal.clone(), kept: Vec::new() }
    }

    fn note(&self, what: &str, cx: &Context<Self>) {
        match cx.attempt() {
            1 => self.journal.note(what),
            attempt => self.journal.note(format!("{what} again {attempt}")),
        }
    }
}

impl Actor for Puppet {
    type Message = Message;

    async fn handle(&mut self, message: Message, cx: &mut Context<Self>) -> Result<(), Failure> {
        match message {
            Message::Note(n) => self.note(&n.to_string(), cx),
            Message::Slow(n, time) => {
                self.note(&n.to_string(), cx);
                sleep(time).await;
                self.journal.note(format!("{n} done"));
            }
            Message::Fail(times) => {
                self.note("fail", cx);
                if cx.attempt() <= times {
                    return Err(Failure::message("as told"));
                }
            }
            Message::Panic(times) => {
                self.note("panic", cx);
                assert!(cx.attempt() > times, "as told");
            }
            Message::Cancel => {
                self.note("cancel", cx);
                cancelled_by_somebody(cx).await;
            }
            Message::Stop => cx.stop(),
            Message::Ask(times, reply) => {
                self.note("ask", cx);
                if cx.attempt() <= times {
                    return Err(Failure::message("as told"));
                }
                reply.send(cx.attempt());
            }
            Message::AskSlow(time, reply) => {
                sleep(time).await;
                self.note(if reply.is_abandoned() { "abandoned" } else { "awaited" }, cx);
                reply.send(1);
            }
            Message::Ignore(_) => self.note("ignore", cx),
            Message::Keep(reply) => self.kept.push(reply),
            Message::AskCancel(reply) => {
                self.note("cancel", cx);
                let _reply = reply;
                cancelled_by_somebody(cx).await;
            }
            Message::Sequence(reply) => reply.send(cx.sequence()),
        }
        Ok(())
    }
}

/// An actor that does nothing.
pub(crate) struct Idle;

impl Actor for Idle {
    type Message = ();

    async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> {
        Ok(())
    }
}

async fn cancelled_by_somebody(cx: &Context<Puppet>) {
    cx.scope().cancel("somebody");
    std::future::pending().await
}

/// A puppet to be supervised, with this mailbox; it is restarted at once and without limit.
pub(crate) fn puppet(journal: &Journal) -> ActorSpec<Puppet> {
    let journal = journal.clone();
    ActorSpec::new("puppet", move || Puppet::new(&journal))
}

/// Runs the child beside `body`, which is given the supervisor's handle, then asks for the end and waits for it.
pub(crate) async fn supervised<T>(
    child: ChildSpec,
    body: impl AsyncFnOnce(SupervisorHandle) -> T,
) -> (T, Result<(), SupervisorError>) {
    let endless = RestartLimit::new(u32::MAX, ms(1)).unwrap();
    let app =
        Supervisor::builder("app").limit(endless).child(child.backoff(Backoff::none())).build().unwrap();
    let handle = app.handle();
    task_group(async move |group| {
        let running = group.spawn_value(app.run());
        let output = body(handle.clone()).await;
        handle.request_stop();
        (output, running.await.unwrap())
    })
    .await
    .unwrap()
}

/// Sends messages that all find room.
pub(crate) fn send(address: &Address<Puppet>, messages: impl IntoIterator<Item = Message>) {
    for message in messages {
        address.try_tell(message).unwrap();
    }
}

/// Lets every task come to rest: in paused time the clock moves only when all of them wait.
pub(crate) async fn settle() {
    sleep(ms(1)).await;
}
