//! A task that is there already becomes an actor.

use super::Actor;
use super::address::Address;
use super::mailbox::{Mailbox, OnRestart};
use super::redelivery::Redelivery;
use super::run::run;
use super::slot::Slot;
use super::spec::open;
use crate::{Exit, Failure};
use arbour_supervisor::in_own_scope;
use std::sync::Arc;

/// Runs an actor in the task that calls, to its end; `make` is given its address and makes the actor.
///
/// It is an actor that nobody supervises: it ends when its last address is gone, when it stops itself, or when it is
/// asked to stop. Whoever calls is its supervisor, and hears of its failure.
///
/// # Cancel safety
///
/// Safe: dropped, the actor is cancelled as any other, and its address says that it has stopped.
///
/// # Errors
///
/// The failure of the actor, or of one of its own tasks, a panic included; or that its scope was cancelled.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, Context, Failure, Reply, run_actor, task_group};
/// use tokio::sync::oneshot;
///
/// struct Echo;
///
/// impl Actor for Echo {
///     type Message = (u32, Reply<u32>);
///
///     async fn handle(&mut self, (n, reply): Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
///         reply.send(n);
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// task_group(async |group| {
///     let (here, there) = oneshot::channel();
///     group.spawn(async move {
///         // What a task does before it becomes an actor.
///         run_actor("echo", 16, |address| {
///             let _ = here.send(address);
///             Echo
///         })
///         .await
///     });
///     assert_eq!(there.await.unwrap().ask(|reply| (7, reply)).await, Ok(7));
/// })
/// .await
/// .unwrap();
/// # });
/// ```
pub async fn run_actor<A: Actor>(
    name: impl Into<Arc<str>>,
    mailbox: impl Into<Mailbox>,
    make: impl FnOnce(Address<A>) -> A,
) -> Result<(), Failure> {
    let (address, mut inbox) =
        open(name.into(), mailbox.into(), Redelivery::none(), OnRestart::Keep, false, None);
    let mut end = End { slot: Arc::clone(&address.slot), exit: Some(Exit::Aborted) };
    let actor = make(address);
    let exit = in_own_scope(run(&mut inbox, actor, 1, || {})).await;
    end.exit = None;
    match end.slot.end(exit) {
        Exit::Failed(failure) | Exit::Panicked(failure) => Err(failure),
        exit @ (Exit::Cancelled | Exit::Aborted) => {
            Err(Failure::message(format!("the actor {}", exit.kind())))
        }
        _ => Ok(()),
    }
}

/// Tells the slot that the actor has ended, however that came.
struct End<M> {
    slot: Arc<Slot<M>>,
    /// How it ends if nothing more is said.
    exit: Option<Exit<Failure>>,
}

impl<M> Drop for End<M> {
    fn drop(&mut self) {
        if let Some(exit) = self.exit.take() {
            self.slot.end(exit);
        }
        self.slot.over();
    }
}
