//! A task of a simulation: polled when it has the turn.

use super::deadlock::Waiting;
use super::{Shared, Simulation, Turn};
use arbour_primitives::scope::set_allowance;
use arbour_primitives::standstill::inspect;
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// What stands among the ready ones and is woken.
pub(super) struct Task {
    pub(super) number: u32,
    pub(super) name: String,
    /// How soon it gets the turn, compared with others.
    pub(super) weight: u32,
    simulation: Arc<Shared>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Stands among the ready ones.
    ready: bool,
    ended: bool,
    /// Wakes the task of tokio in which this one lives.
    host: Option<Waker>,
    /// What it said when it was inspected.
    told: Option<Waiting>,
}

impl Task {
    /// A new task among the ready ones.
    pub(super) fn spawned(simulation: &Simulation, name: String) -> Arc<Self> {
        let task = {
            let mut state = simulation.state();
            let weight = [1, 2, 6][usize::try_from(state.random.below(3)).unwrap_or(0)];
            Arc::new_cyclic(|task| {
                let number = state.admit(task, &name);
                let inner = Mutex::default();
                Self { number, name, weight, simulation: Arc::clone(&simulation.shared), inner }
            })
        };
        task.wake_by_ref();
        task
    }

    pub(super) fn has_ended(&self) -> bool {
        self.inner().ended
    }

    /// Calls the task of tokio to take its turn.
    pub(super) fn call(&self) {
        let host = self.inner().host.clone();
        host.into_iter().for_each(Waker::wake);
    }

    pub(super) fn no_longer_ready(&self) {
        self.inner().ready = false;
    }

    pub(super) fn take_told(&self) -> Option<Waiting> {
        self.inner().told.take()
    }

    /// Polls once and keeps what it waits for; `poll` is given a waker that wakes this task.
    pub(super) fn inspect<T>(self: &Arc<Self>, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        set_allowance(None);
        let (polled, waits_for) = inspect(|| self.poll_with_waker(poll));
        let task = self.name.clone();
        self.inner().told = Some(Waiting { task, waits_for, was_ready: polled.is_ready() });
        polled
    }

    /// Polls once, with as many units as the generator grants.
    pub(super) fn poll<T>(self: &Arc<Self>, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let units = {
            let mut state = self.simulation.state();
            state.trace.push(self.number);
            allowance(state.random.next())
        };
        set_allowance(units);
        let _usual = UsualAllowance;
        self.poll_with_waker(poll)
    }

    fn poll_with_waker<T>(self: &Arc<Self>, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn this task has, if it has one.
    fn turn(&self) -> Option<Turn> {
        let turn = self.simulation.state().turn;
        matches!(turn, Turn::Of(number) | Turn::Inspected(number) if number == self.number).then_some(turn)
    }

    /// Gives the turn back, if this task has it.
    fn give_back(&self) {
        let driver = {
            let mut state = self.simulation.state();
            match state.turn {
                Turn::Of(number) | Turn::Inspected(number) if number == self.number => {
                    state.turn = Turn::Nobody;
                    state.driver.clone()
                }
                _ => None,
            }
        };
        driver.into_iter().for_each(Waker::wake);
    }
}

/// Most polls may make few awaits of ours that are ready, so that they yield at each of them in some
/// order or other: an await that has begun takes no unit, so that with none it is the last. Some may make as many as they like: more awaits than a few, side by side in one task,
/// would else never all begin.
fn allowance(random: u64) -> Option<u32> {
    match random % 16 {
        0 => None,
        1 => Some(8),
        2..=3 => Some(2),
        4..=9 => Some(1),
        _ => Some(0),
    }
}

/// Puts the usual allowance back, after a panic too.
struct UsualAllowance;

impl Drop for UsualAllowance {
    fn drop(&mut self) {
        set_allowance(None);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        {
            let mut inner = self.inner();
            if inner.ended || std::mem::replace(&mut inner.ready, true) {
                return;
            }
        }
        let driver = {
            let mut state = self.simulation.state();
            state.ready.push(Arc::clone(self));
            (state.turn == Turn::Nobody).then(|| state.driver.clone()).flatten()
        };
        driver.into_iter().for_each(Waker::wake);
    }
}

pin_project! {
    /// The future of a simulated task: pending until it has the turn.
    pub(crate) struct Simulated<F> {
        #[pin]
        future: F,
        life: Life,
    }
}

impl<F> Simulated<F> {
    /// `future` as a task of `simulation`.
    pub(crate) fn new(simulation: &Simulation, name: String, future: F) -> Self {
        Self { future, life: Life(Task::spawned(simulation, name)) }
    }
}

impl<F: Future> Future for Simulated<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let task = &this.life.0;
        let before = task.inner().host.replace(cx.waker().clone());
        drop(before);
        let Some(turn) = task.turn() else { return Poll::Pending };
        let _given = GiveBack(task);
        match turn {
            Turn::Inspected(_) => task.inspect(|cx| this.future.poll(cx)),
            Turn::Of(_) | Turn::Nobody => task.poll(|cx| this.future.poll(cx)),
        }
    }
}

/// Gives the turn back when the poll is over, however.
struct GiveBack<'a>(&'a Task);

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// The life of a task's future: when it is dropped the task has ended.
pub(super) struct Life(pub(super) Arc<Task>);

impl Drop for Life {
    fn drop(&mut self) {
        let host = {
            let mut inner = self.0.inner();
            inner.ended = true;
            inner.host.take()
        };
        drop(host);
        let mut state = self.0.simulation.state();
        let at = state.ready.iter().position(|task| Arc::ptr_eq(task, &self.0));
        let gone = at.map(|at| state.ready.remove(at));
        drop(state);
        drop(gone);
        self.0.give_back();
    }
}
