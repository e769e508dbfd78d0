//! What these tests share: a journal in virtual time, children that write into it, a supervisor to run them.

use arbour::{
    ChildSpec, Failure, Supervisor, SupervisorBuilder, SupervisorError, SupervisorHandle, defer, stopping,
    task_group,
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
    lines: Arc<Mutex<Vec<(u64, String)>>>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    pub(crate) fn note(&self, what: impl Into<String>) {
        self.lines.lock().unwrap().push((self.time(), what.into()));
    }

    /// The time since the journal was begun, in milliseconds.
    pub(crate) fn time(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    /// Everything so far, as `what@when`.
    pub(crate) fn timed(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(when, what)| format!("{what}@{when}")).collect()
    }

    /// Everything so far, without times.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(_, what)| what.clone()).collect()
    }

    /// The times of everything that was noted in these words.
    pub(crate) fn times_of(&self, what: &str) -> Vec<u64> {
        self.lines.lock().unwrap().iter().filter(|(_, line)| line == what).map(|(when, _)| *when).collect()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.times_of(what).len()
    }
}

/// Notes its words when it is dropped.
pub(crate) struct OnDrop(pub(crate) Journal, pub(crate) &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

/// A child that runs until it is asked to stop, and notes `+name` and `-name`.
pub(crate) fn service(name: &'static str, journal: &Journal) -> ChildSpec {
    service_with_farewell(name, journal, Duration::ZERO)
}

/// A service that takes so long to stop once it is asked to.
pub(crate) fn service_with_farewell(name: &'static str, journal: &Journal, farewell: Duration) -> ChildSpec {
    let journal = journal.clone();
    ChildSpec::new(name, move |_| {
        let journal = journal.clone();
        async move {
            journal.note(format!("+{name}"));
            stopping().await;
            sleep(farewell).await;
            journal.note(format!("-{name}"));
            Ok::<(), Failure>(())
        }
    })
}

/// A child that hears no request to stop: only a cancellation ends it. It defers a finalizer that takes so long,
/// and notes `+name`, `xname` when its body is dropped, and `-name` when the finalizer has run.
pub(crate) fn deaf(name: &'static str, journal: &Journal, finalizer: Duration) -> ChildSpec {
    let journal = journal.clone();
    ChildSpec::new(name, move |_| {
        let journal = journal.clone();
        async move {
            journal.note(format!("+{name}"));
            let last = journal.clone();
            defer(async move {
                last.note(format!("x{name}"));
                sleep(finalizer).await;
                last.note(format!("-{name}"));
            });
            std::future::pending::<()>().await;
            Ok::<(), Failure>(())
        }
    })
}

/// A child that fails as soon as it runs.
pub(crate) fn failing(name: &'static str, journal: &Journal) -> ChildSpec {
    let journal = journal.clone();
    ChildSpec::new(name, move |_| {
        journal.note(format!("+{name}"));
        async { Err::<(), _>(Failure::message("no route to host")) }
    })
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

/// Runs a supervisor until it ends by itself.
pub(crate) async fn outlast(builder: SupervisorBuilder) -> Result<(), SupervisorError> {
    builder.build().unwrap().run().await
}

pub(crate) fn supervisor() -> SupervisorBuilder {
    Supervisor::builder("app")
}

/// Lets every task come to rest: in paused time the clock moves only when all of them wait.
pub(crate) async fn settle() {
    sleep(ms(1)).await;
}
