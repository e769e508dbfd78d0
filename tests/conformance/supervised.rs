//! What the cases of supervision share: a crew of workers that obey orders and keep a journal in virtual time.

use arbour::{
    Backoff, CallError, ChildContext, ChildPolicy, ChildSpec, Counts, DynamicSupervisor,
    DynamicSupervisorBuilder, DynamicSupervisorHandle, Failure, RestartLimit, ScopeHandle, Supervisor,
    SupervisorBuilder, SupervisorError, SupervisorHandle, shield, stopping, task_group,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Lets every task come to rest: in paused time the clock moves only when all of them wait.
pub(crate) async fn settle() {
    sleep(ms(1)).await;
}

/// How a worker is told to end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    /// Normally.
    End,
    /// With an error.
    Fail,
    /// By a panic.
    Panic,
    /// In good order, asked by an outsider to drain.
    Drain,
    /// Aborted by an outsider.
    Kill,
}

/// How the latest incarnation of a worker is reached.
type Latest = (UnboundedSender<Order>, ScopeHandle);

/// Workers, what they did and when, and the way to tell each what to do.
///
/// In the journal `+a` is a start, `-a` a stop that was obeyed, `xa` one that was not, so that the body was dropped,
/// and `!a` an end by order.
#[derive(Clone)]
pub(crate) struct Crew {
    began: Instant,
    lines: Arc<Mutex<Vec<(u128, String)>>>,
    workers: Arc<Mutex<HashMap<String, Latest>>>,
}

impl Crew {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default(), workers: Arc::default() }
    }

    pub(crate) fn note(&self, what: impl Into<String>) {
        self.lines.lock().unwrap().push((self.began.elapsed().as_millis(), what.into()));
    }

    /// Everything since the last look, as `what@when`.
    pub(crate) fn timed(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        lines.into_iter().map(|(when, what)| format!("{what}@{when}")).collect()
    }

    /// Everything since the last look, without times.
    pub(crate) fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap()).into_iter().map(|(_, what)| what).collect()
    }

    /// Milliseconds since the crew was hired.
    pub(crate) fn time(&self) -> u128 {
        self.began.elapsed().as_millis()
    }

    /// Tells the latest incarnation of this worker to end, and lets everything come to rest.
    pub(crate) async fn order(&self, name: &str, order: Order) {
        let (orders, scope) = self.workers.lock().unwrap()[name].clone();
        match order {
            Order::Drain => scope.drain(),
            Order::Kill => scope.abort("killed"),
            _ => orders.send(order).expect("the worker is there"),
        }
        settle().await;
    }

    fn enrol(&self, name: &str) -> UnboundedReceiver<Order> {
        self.note(format!("+{name}"));
        let (sender, orders) = unbounded_channel();
        let scope = ScopeHandle::current().expect("a worker has a scope");
        self.workers.lock().unwrap().insert(name.to_owned(), (sender, scope));
        orders
    }

    /// What a worker does: it runs until it is told, and stops when it is asked to, after so long.
    pub(crate) async fn work(self, name: String, farewell: Duration) -> Result<(), Failure> {
        let mut orders = self.enrol(&name);
        let dropped = Dropped { crew: self.clone(), name: name.clone(), armed: true };
        let outcome = tokio::select! {
            biased;
            Some(order) = orders.recv() => self.obey(&name, order),
            () = stopping() => {
                sleep(farewell).await;
                self.note(format!("-{name}"));
                Ok(())
            }
        };
        dropped.disarm();
        outcome
    }

    fn obey(&self, name: &str, order: Order) -> Result<(), Failure> {
        self.note(format!("!{name}"));
        match order {
            Order::Panic => panic!("{name} panicked"),
            Order::Fail => Err(Failure::message(format!("{name} failed"))),
            _ => Ok(()),
        }
    }

    /// What a worker does that hears neither a request to stop nor a cancellation.
    pub(crate) async fn ignore(self, name: String) -> Result<(), Failure> {
        let _orders = self.enrol(&name);
        let _dropped = Dropped { crew: self, name, armed: true };
        shield(std::future::pending()).await
    }

    /// A worker that is restarted without delay, and drains as long as it takes.
    pub(crate) fn worker(&self, name: &'static str) -> ChildSpec {
        self.slow_worker(name, Duration::ZERO)
    }

    /// A worker that takes so long to stop.
    pub(crate) fn slow_worker(&self, name: &'static str, farewell: Duration) -> ChildSpec {
        let crew = self.clone();
        let worker = ChildSpec::new(name, move |_| crew.clone().work(name.to_owned(), farewell));
        worker.backoff(Backoff::none())
    }

    /// A worker that only an abort ends, which comes as soon as the time to drain is over.
    pub(crate) fn deaf_worker(&self, name: &'static str) -> ChildSpec {
        let crew = self.clone();
        ChildSpec::new(name, move |_| crew.clone().ignore(name.to_owned()))
            .backoff(Backoff::none())
            .clean_up(Duration::ZERO)
    }

    /// A worker whose starts fail from the second on while `broken` says so, and are ready when they work.
    pub(crate) fn worker_that_may_break(&self, name: &'static str, broken: &Switch) -> ChildSpec {
        let (crew, broken) = (self.clone(), broken.clone());
        let worker = ChildSpec::new(name, move |cx| {
            let (crew, broken) = (crew.clone(), broken.clone());
            async move {
                crew.start_unless(&broken, &cx, name).await?;
                crew.work(name.to_owned(), Duration::ZERO).await
            }
        });
        worker.backoff(Backoff::none()).reports_ready()
    }

    pub(crate) async fn start_unless(
        &self,
        broken: &Switch,
        cx: &ChildContext,
        name: &str,
    ) -> Result<(), Failure> {
        if let Some(after) = broken.get() {
            sleep(after).await;
            self.note(format!("?{name}"));
            return Err(Failure::message(format!("{name} cannot start")));
        }
        cx.ready();
        Ok(())
    }

    /// A dynamic supervisor of workers with these policies, whose argument is their name.
    pub(crate) fn dynamic(&self, policy: ChildPolicy) -> DynamicSupervisorBuilder<&'static str> {
        let crew = self.clone();
        let supervisor = DynamicSupervisor::builder("sup", move |_, name: &'static str| {
            crew.clone().work(name.to_owned(), Duration::ZERO)
        });
        supervisor.policy(policy.backoff(Backoff::none())).limit(two_in_an_hour())
    }
}

/// Whether starts fail, and how long each such start takes.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<Mutex<Option<Duration>>>);

impl Switch {
    pub(crate) fn set(&self, broken: Option<Duration>) {
        *self.0.lock().unwrap() = broken;
    }

    fn get(&self) -> Option<Duration> {
        *self.0.lock().unwrap()
    }
}

/// Notes that a body was dropped before it had ended.
struct Dropped {
    crew: Crew,
    name: String,
    armed: bool,
}

impl Dropped {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if self.armed && !std::thread::panicking() {
            self.crew.note(format!("x{}", self.name));
        }
    }
}

pub(crate) fn two_in_an_hour() -> RestartLimit {
    RestartLimit::new(2, HOUR).unwrap()
}

/// More restarts than any case makes.
pub(crate) fn no_limit() -> RestartLimit {
    RestartLimit::new(1_000, HOUR).unwrap()
}

/// A supervisor that gives up at the third restart in an hour.
pub(crate) fn supervisor() -> SupervisorBuilder {
    Supervisor::builder("sup").limit(two_in_an_hour())
}

/// Runs a supervisor beside `body`, then asks it to stop; gives what both gave.
pub(crate) async fn run<T>(
    builder: SupervisorBuilder,
    body: impl AsyncFnOnce(SupervisorHandle) -> T,
) -> (T, Result<(), SupervisorError>) {
    let supervisor = builder.build().unwrap();
    let handle = supervisor.handle();
    task_group(async move |group| {
        let running = group.spawn_value(supervisor.run());
        settle().await;
        let output = body(handle.clone()).await;
        handle.request_stop();
        (output, running.await.unwrap())
    })
    .await
    .unwrap()
}

/// Runs a dynamic supervisor beside `body`, then asks it to stop; gives what both gave.
pub(crate) async fn run_dynamic<A: Clone + Send + 'static, T>(
    builder: DynamicSupervisorBuilder<A>,
    body: impl AsyncFnOnce(DynamicSupervisorHandle<A>) -> T,
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

/// The children in a word each.
pub(crate) async fn listed(handle: &SupervisorHandle) -> Vec<String> {
    let children = handle.which_children().await;
    let word = |child: &arbour::ChildInfo| match child {
        child if child.is_running() => "running",
        child if child.is_restarting() => "restarting",
        _ => "not running",
    };
    children.iter().map(|child| format!("{} {}", child.id, word(child))).collect()
}

/// Slots, running, supervisors, workers.
pub(crate) async fn counted(handle: &SupervisorHandle) -> (usize, usize, usize, usize) {
    let Counts { specs, active, supervisors, workers, .. } = handle.count_children().await;
    (specs, active, supervisors, workers)
}

/// Which run of each child it is.
pub(crate) async fn incarnations(handle: &SupervisorHandle) -> Vec<u64> {
    handle.which_children().await.iter().map(|child| child.incarnation).collect()
}

/// Whether the supervisor has ended.
pub(crate) async fn has_ended(handle: &SupervisorHandle) -> bool {
    handle.config().await == Err(CallError::SupervisorEnding)
}
