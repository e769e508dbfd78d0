//! What a good engineer writes when there is no supervisor: a task that spawns, joins and counts restarts.
//!
//! It restarts one child or all, within a sliding window, and waits for everybody at the end. It has no order, no
//! readiness, no deadlines, no names, no reports and no administration.

use super::plan::{Laps, Plan, Word};
use super::tree::WIDTH;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Start = Box<dyn Fn(CancellationToken) -> BoxFuture<'static, Result<(), BoxError>> + Send>;

/// The restarts of the last `period`, of which there may be `limit`.
struct Window {
    limit: usize,
    period: Duration,
    restarts: VecDeque<Instant>,
}

impl Window {
    fn admits(&mut self, now: Instant) -> bool {
        while self.restarts.front().is_some_and(|&oldest| now - oldest > self.period) {
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        self.restarts.len() <= self.limit
    }
}

#[derive(Debug, thiserror::Error)]
#[error("too many restarts; the last because of: {0}")]
struct TooManyRestarts(BoxError);

struct Supervisor {
    children: Vec<Start>,
    one_for_all: bool,
    window: Window,
    stop: CancellationToken,
    /// That of the children, new for each restart of all.
    current: CancellationToken,
    tasks: JoinSet<Result<(), BoxError>>,
    places: HashMap<Id, usize>,
}

impl Supervisor {
    fn new((limit, period): (u32, Duration), stop: CancellationToken) -> Self {
        let window = Window { limit: limit as usize, period, restarts: VecDeque::new() };
        let (current, children) = (stop.child_token(), Vec::new());
        let (tasks, places) = (JoinSet::new(), HashMap::new());
        Self { children, one_for_all: false, window, stop, current, tasks, places }
    }

    fn child<F>(&mut self, start: impl Fn(CancellationToken) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.children.push(Box::new(move |stop| start(stop).boxed()));
    }

    async fn run(mut self) -> Result<(), BoxError> {
        self.start_all();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let (id, outcome) = match ended {
                Ok((id, outcome)) => (id, outcome),
                Err(crash) => (crash.id(), Err(crash.into())),
            };
            let place = self.places.remove(&id).expect("each task has its place");
            if self.stop.is_cancelled() {
                continue;
            }
            if let Err(error) = outcome {
                tracing::warn!(child = place, error, "a child failed and is restarted");
                self.restart(place, error).await?;
            } else {
                self.restart(place, "it ended".into()).await?;
            }
        }
        Ok(())
    }

    async fn restart(&mut self, place: usize, error: BoxError) -> Result<(), BoxError> {
        if !self.window.admits(Instant::now()) {
            self.stop_all().await;
            return Err(TooManyRestarts(error).into());
        }
        if self.one_for_all {
            self.stop_all().await;
            self.start_all();
        } else {
            self.start(place);
        }
        Ok(())
    }

    fn start_all(&mut self) {
        self.current = self.stop.child_token();
        (0..self.children.len()).for_each(|place| self.start(place));
    }

    fn start(&mut self, place: usize) {
        let task = self.tasks.spawn(self.children[place](self.current.clone()));
        self.places.insert(task.id(), place);
    }

    async fn stop_all(&mut self) {
        self.current.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.places.clear();
    }
}

async fn idle(stop: CancellationToken) -> Result<(), BoxError> {
    stop.cancelled().await;
    Ok(())
}

pub(super) fn crashing(plan: Arc<Plan>) -> BoxFuture<'static, ()> {
    let stop = CancellationToken::new();
    let mut supervisor = Supervisor::new(plan.limit(), stop.clone());
    supervisor.one_for_all = plan.siblings > 0;
    (0..plan.siblings).for_each(|_| supervisor.child(idle));
    let crashes = Arc::clone(&plan);
    supervisor.child(move |stop| {
        let plan = Arc::clone(&crashes);
        async move {
            plan.run().await?;
            idle(stop).await
        }
    });
    run(supervisor, stop, async move { plan.over.notified().await }).boxed()
}

/// Runs the supervisor until the other future is over.
async fn run(supervisor: Supervisor, stop: CancellationToken, over: impl Future<Output = ()>) {
    let until = async move {
        over.await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(supervisor.run(), until);
    ended.expect("the limit is never reached");
}

pub(super) fn recovering(laps: Arc<Laps>, panics: usize) -> BoxFuture<'static, ()> {
    let stop = CancellationToken::new();
    let mut supervisor = Supervisor::new((u32::MAX, Duration::from_secs(3_600)), stop.clone());
    let (sender, receiver) = mpsc::channel(64);
    // The mailbox outlives the task that a panic ends.
    let mailbox = Arc::new(Mutex::new(receiver));
    let served = Arc::clone(&laps);
    supervisor.child(move |stop| serve(Arc::clone(&mailbox), Arc::clone(&served), stop));
    let over = async move {
        for _ in 0..panics {
            sender.send(Word::Crash).await.expect("the mailbox stays");
            sender.send(Word::Next).await.expect("the mailbox stays");
            laps.next.notified().await;
        }
    };
    run(supervisor, stop, over).boxed()
}

async fn serve(
    mailbox: Arc<Mutex<mpsc::Receiver<Word>>>,
    laps: Arc<Laps>,
    stop: CancellationToken,
) -> Result<(), BoxError> {
    let mut mailbox = mailbox.lock().await;
    while let Some(Some(word)) = stop.run_until_cancelled(mailbox.recv()).await {
        laps.hear(word);
    }
    Ok(())
}

pub(super) fn tree() -> BoxFuture<'static, ()> {
    let (stop, up) = (CancellationToken::new(), Arc::new(Up::default()));
    let mut root = Supervisor::new(LIMIT, stop.clone());
    for _ in 0..WIDTH {
        let up = Arc::clone(&up);
        root.child(move |stop| branch(stop, Arc::clone(&up)));
    }
    run(root, stop, async move { up.all.notified().await }).boxed()
}

const LIMIT: (u32, Duration) = (3, Duration::from_secs(5));

/// Counts those that run.
#[derive(Default)]
struct Up {
    count: std::sync::atomic::AtomicUsize,
    all: Notify,
}

async fn branch(stop: CancellationToken, up: Arc<Up>) -> Result<(), BoxError> {
    let mut branch = Supervisor::new(LIMIT, stop);
    for _ in 0..WIDTH {
        let up = Arc::clone(&up);
        branch.child(move |stop| leaf(stop, Arc::clone(&up)));
    }
    branch.run().await
}

async fn leaf(stop: CancellationToken, up: Arc<Up>) -> Result<(), BoxError> {
    if up.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 == WIDTH * WIDTH {
        up.all.notify_one();
    }
    idle(stop).await
}
