//! Tells of tasks that do not yield: one thread for all roots of the process looks once in a while.
//!
//! Which reports are due is decided by [`Vigil`], which is pure.

use arbour_primitives::scope::{Beats, Polling};
use arbour_supervisor::{TaskInfo, TaskTree, tasks};
use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How long a task may stay in one poll before it is reported.
const LIMIT: Duration = Duration::from_secs(5);

/// The thread that looks; it ends when the last root that keeps this has.
#[derive(Debug)]
pub(super) struct Watchdog {
    /// Dropped, it lets the thread end.
    _until: mpsc::Sender<()>,
}

impl Watchdog {
    /// The watchdog of this process. A thread that cannot be had is reported: the program runs without.
    pub(super) fn of_the_process() -> Option<Arc<Self>> {
        static RUNNING: Mutex<Weak<Watchdog>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watchdog) = running.upgrade() {
            return Some(watchdog);
        }
        match Self::start(LIMIT) {
            Ok(watchdog) => {
                let watchdog = Arc::new(watchdog);
                *running = Arc::downgrade(&watchdog);
                Some(watchdog)
            }
            Err(error) => {
                tracing::warn!(%error, "no thread for the watchdog: tasks that do not yield will not be reported");
                None
            }
        }
    }

    fn start(limit: Duration) -> io::Result<Self> {
        let (until, ended) = mpsc::channel::<()>();
        // What is reported goes to the subscriber of whoever started the first root.
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let beats = Beats::new();
        let watch = move || {
            let mut vigil = Vigil::new(limit);
            while ended.recv_timeout(limit / 5) == Err(RecvTimeoutError::Timeout) {
                let overdue = vigil.look(&beats.polling(), Instant::now());
                if !overdue.is_empty() {
                    tracing::dispatcher::with_default(&dispatch, || report(&overdue, limit, &tasks()));
                }
            }
        };
        thread::Builder::new().name("arbour-watchdog".to_owned()).spawn(watch)?;
        Ok(Self { _until: until })
    }
}

fn report(overdue: &[u64], limit: Duration, tree: &TaskTree) {
    for scope in overdue {
        let task = tree.iter().find(|task| task.id == *scope);
        let task = task.map_or_else(|| "a task that is ending".to_owned(), |task| describe(task, tree));
        tracing::error!(
            task,
            scope,
            "a task has not yielded for {limit:?}: until it does it cannot be cancelled, and what else its \
             thread would run waits; look for a loop without an await, or a blocking call for `thread::run_sync`"
        );
    }
}

/// Its kind, with the names around it and its own, or the place where it was spawned.
fn describe(task: &TaskInfo, tree: &TaskTree) -> String {
    let mut path: Vec<&str> = task.name.as_deref().into_iter().collect();
    let mut parent = task.parent;
    while let Some(around) = parent.and_then(|id| tree.iter().find(|task| task.id == id)) {
        path.extend(around.name.as_deref());
        parent = around.parent;
    }
    path.reverse();
    let path = path.join("/");
    match task.place.filter(|_| task.name.is_none()) {
        Some(place) => format!("{} {path} spawned at {}:{}", task.kind, place.file(), place.line()),
        None => format!("{} {path}", task.kind),
    }
}

/// Since when each thread has been in the poll that it is in.
struct Vigil {
    limit: Duration,
    threads: HashMap<usize, Seen>,
}

struct Seen {
    polling: Polling,
    since: Instant,
    reported: bool,
}

impl Vigil {
    fn new(limit: Duration) -> Self {
        Self { limit, threads: HashMap::new() }
    }

    /// The scopes whose poll has gone on for the limit, each poll once.
    fn look(&mut self, polling: &[Polling], now: Instant) -> Vec<u64> {
        self.threads.retain(|_, seen| polling.contains(&seen.polling));
        let mut overdue = Vec::new();
        for polling in polling {
            let begun = Seen { polling: *polling, since: now, reported: false };
            let seen = self.threads.entry(polling.thread).or_insert(begun);
            if !seen.reported && now.saturating_duration_since(seen.since) >= self.limit {
                seen.reported = true;
                overdue.push(polling.scope);
            }
        }
        overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_group;
    use crate::testing::block_on;
    use std::fmt::Debug;
    use std::sync::mpsc::{Sender, channel};
    use tokio::sync::oneshot;
    use tracing::field::Field;
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    const SECOND: Duration = Duration::from_secs(1);

    fn polling(thread: usize, count: u64, scope: u64) -> Polling {
        let mut polling = Polling::default();
        (polling.thread, polling.count, polling.scope) = (thread, count, scope);
        polling
    }

    #[test]
    fn a_poll_is_overdue_once_when_it_has_been_seen_for_the_limit() {
        let (mut vigil, begin) = (Vigil::new(5 * SECOND), Instant::now());
        let long = [polling(0, 7, 41)];
        for seconds in 0..5 {
            assert!(vigil.look(&long, begin + seconds * SECOND).is_empty(), "after {seconds} s");
        }
        assert_eq!(vigil.look(&long, begin + 5 * SECOND), [41]);
        assert!(vigil.look(&long, begin + 60 * SECOND).is_empty(), "it was reported");
    }

    #[test]
    fn the_same_task_polled_again_and_again_is_never_overdue() {
        let (mut vigil, begin) = (Vigil::new(5 * SECOND), Instant::now());
        for seconds in 0..20 {
            let often = [polling(0, seconds, 41), polling(1, 3 * seconds, 42)];
            assert!(vigil.look(&often, begin + seconds as u32 * SECOND).is_empty());
        }
    }

    #[test]
    fn a_poll_that_was_not_seen_for_a_while_begins_anew() {
        let (mut vigil, begin) = (Vigil::new(5 * SECOND), Instant::now());
        vigil.look(&[polling(0, 1, 41)], begin);
        vigil.look(&[], begin + SECOND);
        assert!(vigil.look(&[polling(0, 1, 41)], begin + 5 * SECOND).is_empty());
        assert_eq!(vigil.look(&[polling(0, 1, 41)], begin + 10 * SECOND), [41]);
    }

    #[test]
    fn each_thread_is_looked_at_by_itself() {
        let (mut vigil, begin) = (Vigil::new(5 * SECOND), Instant::now());
        vigil.look(&[polling(0, 1, 41)], begin);
        vigil.look(&[polling(0, 1, 41), polling(1, 1, 42)], begin + 3 * SECOND);
        let both = [polling(0, 1, 41), polling(1, 1, 42)];
        assert_eq!(vigil.look(&both, begin + 5 * SECOND), [41]);
        assert_eq!(vigil.look(&both, begin + 8 * SECOND), [42]);
    }

    /// Passes on what is reported.
    struct Reports(Mutex<Sender<String>>);

    impl Subscriber for Reports {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::ERROR
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut told = String::new();
            event.record(&mut |field: &Field, value: &dyn Debug| match field.name() {
                "task" => told.insert_str(0, &format!("{value:?}: ")),
                "message" => told.push_str(&format!("{value:?}")),
                _ => {}
            });
            let _ = self.0.lock().unwrap().send(told);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_task_that_blocks_its_thread_is_reported_by_its_path_while_it_blocks() {
        let (tell, told) = channel();
        let limit = Duration::from_millis(50);
        let start = || Watchdog::start(limit).unwrap();
        let watchdog = tracing::subscriber::with_default(Reports(Mutex::new(tell)), start);
        let mut reported = String::new();
        let seen = &mut reported;
        block_on(async move {
            let (give, given) = oneshot::channel();
            let outcome = task_group(async |group| {
                let blocking = async move {
                    let mut reports = std::iter::from_fn(|| told.recv_timeout(60 * SECOND).ok());
                    let ours = reports.find(|report: &String| report.contains("cruncher"));
                    give.send(ours).unwrap();
                };
                group.task().name("cruncher").spawn_value(blocking);
            });
            outcome.await.unwrap();
            *seen = given.await.unwrap().unwrap();
        });
        drop(watchdog);
        assert_eq!(
            reported,
            "\"task cruncher\": a task has not yielded for 50ms: until it does it cannot be cancelled, and what \
             else its thread would run waits; look for a loop without an await, or a blocking call for \
             `thread::run_sync`"
        );
    }

    #[test]
    fn a_task_without_a_name_is_described_by_its_place_and_the_names_around_it() {
        block_on(async {
            let outcome = task_group(async |group| {
                let outer = task_group(async |inner| {
                    let place = line!() + 1;
                    let child = inner.spawn_value(std::future::pending::<()>());
                    let tree = tasks();
                    let is_child = |task: &&TaskInfo| {
                        task.place.is_some_and(|at| at.line() == place && at.file() == file!())
                    };
                    let described = tree.iter().find(is_child).map(|task| describe(task, &tree));
                    child.cancel("seen");
                    described.map(|text| (text, place))
                });
                let named = async { outer.await.unwrap() };
                group.task().name("service").spawn_value(named).await.unwrap()
            });
            let (text, place) = outcome.await.unwrap().unwrap();
            assert_eq!(text, format!("task service spawned at {}:{place}", file!()));
        });
    }
}
