//! The driver: the future that a simulated runtime blocks on. It polls the body and gives the turns.

use super::deadlock::{Deadlock, Waiting};
use super::task::{Life, Task};
use super::{Simulation, Turn};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::{Sleep, sleep};

/// Longer than anything waits for in earnest. With paused time it passes only when nothing else can
/// happen ever again.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Simulation {
    /// Runs `body`, and by turns the tasks that it spawns, until it has ended; on a runtime of its own,
    /// of one thread and with the clock paused; once.
    ///
    /// # Errors
    ///
    /// [`Deadlock`] as soon as nobody can ever be woken.
    ///
    /// # Panics
    ///
    /// With a panic of the body.
    pub fn block_on<F: Future>(&self, runtime: &Runtime, body: F) -> Result<F::Output, Deadlock> {
        let _entered = self.enter();
        runtime.block_on(self.drive(body))
    }

    async fn drive<F: Future>(&self, body: F) -> Result<F::Output, Deadlock> {
        let life = Life(Task::spawned(self, "the body".to_owned()));
        let mut body = pin!(body);
        let mut driver = Driver { simulation: self, body: &life.0, standstill: None };
        let mut horizon = pin!(sleep(NEVER));
        poll_fn(|cx| driver.poll(body.as_mut(), horizon.as_mut(), cx)).await
    }
}

struct Driver<'a> {
    simulation: &'a Simulation,
    body: &'a Arc<Task>,
    standstill: Option<Standstill>,
}

/// Nobody can be woken any more: one task after the other is asked what it waits for.
struct Standstill {
    left: VecDeque<Arc<Task>>,
    asked: Option<Arc<Task>>,
    waiting: Vec<Waiting>,
}

impl Driver<'_> {
    fn poll<F: Future>(
        &mut self,
        body: Pin<&mut F>,
        horizon: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Deadlock>> {
        self.listen(cx);
        if self.standstill.is_none() && horizon.poll(cx).is_ready() {
            self.standstill = Some(Standstill::of(self.simulation));
        }
        match self.standstill {
            Some(_) => self.ask(body).map(Err),
            None => self.next_turn(body, cx).map(Ok),
        }
    }

    fn listen(&self, cx: &Context<'_>) {
        let before = self.simulation.state().driver.replace(cx.waker().clone());
        drop(before);
    }

    /// Gives the turn to one of the ready tasks, unless somebody has it. The body is polled here.
    fn next_turn<F: Future>(&self, body: Pin<&mut F>, cx: &Context<'_>) -> Poll<F::Output> {
        let Some(chosen) = self.choose() else { return Poll::Pending };
        chosen.no_longer_ready();
        if !Arc::ptr_eq(&chosen, self.body) {
            chosen.call();
            return Poll::Pending;
        }
        let polled = self.body.poll(|cx| body.poll(cx));
        self.simulation.state().turn = Turn::Nobody;
        // The next turn is given in a poll of its own: what has yielded to the runtime is ready by then.
        cx.waker().wake_by_ref();
        polled
    }

    fn choose(&self) -> Option<Arc<Task>> {
        let mut state = self.simulation.state();
        if state.turn != Turn::Nobody {
            return None;
        }
        let chosen = state.choose()?;
        state.turn = Turn::Of(chosen.number);
        Some(chosen)
    }

    /// Asks the tasks that are left; ready when all have told.
    fn ask<F: Future>(&mut self, mut body: Pin<&mut F>) -> Poll<Deadlock> {
        let Some(standstill) = &mut self.standstill else { return Poll::Pending };
        loop {
            if self.simulation.state().turn != Turn::Nobody {
                return Poll::Pending;
            }
            standstill.hear();
            let Some(task) = standstill.left.pop_front() else {
                return Poll::Ready(Deadlock { waiting: std::mem::take(&mut standstill.waiting) });
            };
            if Arc::ptr_eq(&task, self.body) {
                // What a body gives now comes too late; that it was ready is told.
                let _ = task.inspect(|cx| body.as_mut().poll(cx).map(drop));
                standstill.asked = Some(task);
                continue;
            }
            self.simulation.state().turn = Turn::Inspected(task.number);
            task.call();
            standstill.asked = Some(task);
        }
    }
}

impl Standstill {
    fn of(simulation: &Simulation) -> Self {
        let tasks: Vec<Arc<Task>> = simulation.state().tasks.iter().filter_map(Weak::upgrade).collect();
        let left = tasks.into_iter().filter(|task| !task.has_ended()).collect();
        Self { left, asked: None, waiting: Vec::new() }
    }

    fn hear(&mut self) {
        self.waiting.extend(self.asked.take().and_then(|task| task.take_told()));
    }
}
