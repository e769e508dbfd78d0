//! Does what a tree says, with Arbour's tools, and keeps a journal. It can be given bad habits, which the
//! checker must see.

use super::checker::{Event, ScopeId, WorkId};
use super::tree::{Step, Tree};
use arbour::bridge::cancel_on;
use arbour::{
    CancelScope, Failure, Ready, ScopeHandle, TaskGroup, catch_cancel, clean_up, defer, move_on_after,
    shield, task_group,
};
use futures::FutureExt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::{JoinSet, yield_now};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Habit {
    Right,
    ForgetsFinalizers,
    /// Spawns on the bare runtime what it should hand over as clean-up.
    DetachesCleanUp,
    /// Spawns on the bare runtime what should be a child.
    DetachesChildren,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    events: Arc<Mutex<Vec<Event>>>,
    last: Arc<AtomicU64>,
}

impl Journal {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    fn note(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn fresh(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Where a step is taken.
#[derive(Clone)]
struct Place {
    journal: Journal,
    habit: Habit,
    scope: ScopeId,
    group: Option<(ScopeId, TaskGroup)>,
}

/// Does what `tree` says in a scope of its own; returns how many tasks are left afterwards.
pub(crate) async fn run(tree: Tree, journal: Journal, habit: Habit) -> usize {
    let place = Place { journal: journal.clone(), habit, scope: 0, group: None };
    let whole = CancelScope::new().run(body(tree, place));
    // A failure, a panic or a cancellation may come out; what matters is what happened before.
    drop(AssertUnwindSafe(whole).catch_unwind().await);
    journal.note(Event::Left(0));
    yield_now().await;
    Handle::current().metrics().num_alive_tasks()
}

fn body(tree: Tree, place: Place) -> Boxed<Result<(), Failure>> {
    Box::pin(async move {
        for step in tree.0 {
            take(step, &place).await?;
        }
        Ok(())
    })
}

async fn take(step: Step, place: &Place) -> Result<(), Failure> {
    match step {
        Step::Yield(turns) => yields(turns).await,
        Step::Sleep(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Step::Defer(turns) => place.defer(turns),
        Step::CleanUp(turns) => place.clean_up(turns),
        Step::CancelGroup => place.group.iter().for_each(|(_, group)| group.cancel("a step says so")),
        Step::CancelGroupWithin(ms) => {
            place.hurry(|scope| scope.cancel_within("a step says so", Duration::from_millis(ms)));
        }
        Step::AbortGroup => place.hurry(|scope| scope.abort("a step says so")),
        Step::Fail => return Err(Failure::message("a planted failure")),
        Step::Panic => resume_unwind(Box::new("a planted panic")),
        Step::Scope(tree) => {
            let inner = place.enter();
            // A scope that nobody cancels gives the outcome of its body.
            let outcome = CancelScope::new().run(body(tree, inner.clone())).await;
            inner.leave();
            outcome.unwrap_or(Ok(()))?;
        }
        Step::Shield(tree) => {
            let inner = place.enter();
            let outcome = shield(body(tree, inner.clone())).await;
            inner.leave();
            outcome?;
        }
        Step::Catch(tree) => {
            let inner = place.enter();
            let outcome = catch_cancel(body(tree, inner.clone())).await;
            inner.leave();
            outcome.unwrap_or(Ok(()))?;
        }
        Step::Deadline(ms, tree) => {
            let inner = place.enter();
            let outcome = move_on_after(Duration::from_millis(ms), body(tree, inner.clone())).await;
            inner.leave();
            outcome.unwrap_or(Ok(()))?;
        }
        Step::DroppedAfter(turns, tree) => {
            let inner = place.enter();
            let scope = CancelScope::new().run(body(tree, inner));
            tokio::select! {
                biased;
                () = yields(turns) => {}
                outcome = scope => outcome.unwrap_or(Ok(()))?,
            }
        }
        Step::Start(turns, tree) => start(turns, tree, place).await?,
        Step::Bridged(ms, tree) => {
            let inner = place.enter();
            let token = CancellationToken::new();
            let timed = token.clone();
            // A task of others, which goes when the body is dropped however.
            let mut timer = JoinSet::new();
            timer.spawn(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                timed.cancel();
            });
            let outcome = cancel_on(token, body(tree, inner.clone())).await;
            inner.leave();
            outcome.unwrap_or(Ok(()))?;
        }
        Step::Group(tree, children) => group(tree, children, place).await?,
    }
    Ok(())
}

/// Starts a child in the nearest group and waits until it is ready.
async fn start(turns: u64, tree: Tree, place: &Place) -> Result<(), Failure> {
    let Some((around, group)) = &place.group else { return Ok(()) };
    let of_child = place.enter_in(*around);
    let child = async move |ready: Ready<()>| {
        yields(turns).await;
        ready.started(());
        body(tree, of_child).await
    };
    drop(group.start(child).await);
    Ok(())
}

async fn group(tree: Tree, children: Vec<Tree>, place: &Place) -> Result<(), Failure> {
    let mut inner = place.enter();
    let outcome = task_group(async |group| {
        inner.group = Some((inner.scope, group.clone()));
        for child in children {
            let of_child = inner.enter();
            let work = body(child, of_child.clone());
            if place.habit == Habit::DetachesChildren {
                tokio::spawn(CancelScope::new().run(work));
            } else {
                group.spawn(work);
            }
        }
        body(tree, inner.clone()).await
    })
    .await;
    inner.leave();
    outcome.map_err(|error| Failure::message(error.to_string()))?
}

impl Place {
    /// A place in a new scope inside this one.
    fn enter(&self) -> Self {
        self.enter_in(self.scope)
    }

    fn enter_in(&self, around: ScopeId) -> Self {
        let scope = self.journal.fresh();
        self.journal.note(Event::Entered(scope, around));
        Self { scope, ..self.clone() }
    }

    fn hurry(&self, how: impl FnOnce(&ScopeHandle)) {
        let Some((scope, group)) = &self.group else { return };
        self.journal.note(Event::Hurried(*scope));
        how(&group.scope());
    }

    fn leave(&self) {
        self.journal.note(Event::Left(self.scope));
    }

    fn defer(&self, turns: u64) {
        let work = self.register();
        if self.habit != Habit::ForgetsFinalizers {
            defer(self.work(work, turns));
        }
    }

    fn clean_up(&self, turns: u64) {
        let work = self.register();
        if self.habit == Habit::DetachesCleanUp {
            tokio::spawn(self.work(work, turns));
        } else {
            clean_up(self.work(work, turns));
        }
    }

    fn register(&self) -> WorkId {
        let work = self.journal.fresh();
        self.journal.note(Event::Registered(work, self.scope));
        work
    }

    fn work(&self, work: WorkId, turns: u64) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut unfinished = Unfinished { journal: self.journal.clone(), work: Some(work) };
        async move {
            yields(turns).await;
            unfinished.finish();
        }
    }
}

/// Work that was handed over and has not ended.
struct Unfinished {
    journal: Journal,
    work: Option<WorkId>,
}

impl Unfinished {
    fn finish(&mut self) {
        self.work.take().into_iter().for_each(|work| self.journal.note(Event::Finished(work)));
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.work.take().into_iter().for_each(|work| self.journal.note(Event::Dropped(work)));
    }
}

async fn yields(turns: u64) {
    for _ in 0..turns {
        yield_now().await;
    }
}
