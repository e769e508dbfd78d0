//! Where our actors live: in a task group, or below a supervisor that runs in it.

use arbour::{
    Actor, ActorSpec, Address, Restart, Supervisor, SupervisorHandle, TaskGroup, spawn_actor, task_group,
};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many messages a mailbox holds: as many as when nothing is said.
pub(super) const MAILBOX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Unsupervised,
    Supervised,
}

pub(super) struct Home {
    group: TaskGroup,
    supervisor: Option<SupervisorHandle>,
    /// How many a supervisor has started: no two of its children have one name.
    started: AtomicU64,
}

impl Home {
    /// Runs `guest` at a home that ends, with all its actors, when `guest` has returned.
    pub(super) async fn live(life: Life, guest: impl AsyncFnOnce(Self)) {
        let ended = task_group(async |group: TaskGroup| {
            let supervisor = (life == Life::Supervised).then(|| supervise(&group));
            guest(Self { group: group.clone(), supervisor, started: AtomicU64::new(0) }).await;
            group.cancel("the scenario is over");
        });
        ended.await.expect("no actor fails");
    }

    /// Starts an actor. A supervised one is temporary, so that it leaves nothing behind when it stops.
    pub(super) async fn start<A: Actor>(&self, mut make: impl FnMut() -> A + Send + 'static) -> Address<A> {
        let Some(supervisor) = &self.supervisor else {
            return spawn_actor(&self.group, "actor", make(), MAILBOX);
        };
        let name = format!("actor {}", self.started.fetch_add(1, Ordering::Relaxed));
        let (address, child) = ActorSpec::new(name, make).build();
        supervisor.start_child(child.restart(Restart::Temporary)).await.expect("every name is another");
        address
    }

    /// Lets go of actors, as is usual where they live.
    pub(super) fn stop<A: Actor>(&self, addresses: Vec<Address<A>>) {
        drop(addresses);
        if let Some(supervisor) = &self.supervisor {
            supervisor.request_stop();
        }
    }

    /// Runs some tasks to their end.
    pub(super) async fn join(&self, tasks: impl Iterator<Item = impl Future<Output = ()> + Send + 'static>) {
        let tasks: Vec<_> = tasks.map(|task| self.group.spawn_value(task)).collect();
        for task in tasks {
            task.await.expect("no task fails");
        }
    }
}

fn supervise(group: &TaskGroup) -> SupervisorHandle {
    let supervisor = Supervisor::builder("app").build().expect("no child is refused");
    let handle = supervisor.handle();
    drop(group.spawn(supervisor.run()));
    handle
}
