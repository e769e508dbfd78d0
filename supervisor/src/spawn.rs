//! The one place where tasks are spawned: on the runtime, or by turns in a simulation.

use crate::simulation::{Simulated, Simulation};
use arbour_primitives::scope::BoxFuture;
use std::pin::Pin;
use tokio::runtime::{Handle, TryCurrentError};
use tokio::task::JoinHandle;

/// Where a group was opened, and where its children therefore run.
#[derive(Debug)]
pub(crate) struct Spawner {
    runtime: Handle,
    simulation: Option<Simulation>,
}

impl Spawner {
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub(crate) fn current() -> Self {
        Self { runtime: Handle::current(), simulation: Simulation::current() }
    }

    fn try_current() -> Result<Self, TryCurrentError> {
        Ok(Self { runtime: Handle::try_current()?, simulation: Simulation::current() })
    }

    pub(crate) fn spawn<F>(&self, name: &impl ToString, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match &self.simulation {
            None => spawn_on(&self.runtime, name, future),
            Some(simulation) => {
                // Boxed, so that only programs that simulate pay for a second kind of task.
                let boxed: Pin<Box<dyn Future<Output = F::Output> + Send>> = Box::pin(future);
                self.runtime.spawn(Simulated::new(simulation, name.to_string(), boxed))
            }
        }
    }
}

#[cfg(not(all(tokio_unstable, feature = "console")))]
fn spawn_on<F>(runtime: &Handle, _name: &impl ToString, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    runtime.spawn(future)
}

/// Tells tokio the task's name, which tokio-console shows.
#[cfg(all(tokio_unstable, feature = "console"))]
fn spawn_on<F>(runtime: &Handle, name: &impl ToString, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let name = name.to_string();
    let spawned = tokio::task::Builder::new().name(&name).spawn_on(future, runtime);
    spawned.expect("a task is spawned without a thread or any other means that could be missing")
}

/// Spawns what has no scope left, or hands it back where there is no runtime.
pub(crate) fn spawn_stray(future: BoxFuture) -> Result<(), BoxFuture> {
    match Spawner::try_current() {
        Ok(spawner) => {
            drop(spawner.spawn(&"clean-up without a scope", future));
            Ok(())
        }
        Err(_) => Err(future),
    }
}
