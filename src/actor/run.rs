//! The loop of one incarnation: take a message, handle it, until the mailbox ends or a handler fails.

use super::Actor;
use super::address::Address;
use super::context::Context;
use super::mailbox::Mailbox;
use super::redelivery::Redelivery;
use crate::stream::{Capacity, memory_stream};
use crate::{Cause, Failure, ScopeHandle, TaskGroup, TaskKind, stopping};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;

/// Runs an actor that nobody supervises as a child of `group`. A failure of the actor fails the
/// group. It ends when the last address is gone, when it stops itself, or when it is drained.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, Context, Failure, Reply, spawn_actor, task_group};
///
/// struct Echo;
///
/// impl Actor for Echo {
///     type Message = (u32, Reply<u32>);
///
///     async fn handle(&mut self, (n, reply): Self::Message, _: &mut Context) -> Result<(), Failure> {
///         reply.send(n);
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// let answer = task_group(async |group| {
///     let echo = spawn_actor(&group, "echo", Echo, 16);
///     echo.ask(|reply| (7, reply)).await
/// });
/// assert_eq!(answer.await.unwrap(), Ok(7));
/// # });
/// ```
pub fn spawn_actor<A: Actor>(
    group: &TaskGroup,
    name: impl Into<Arc<str>>,
    actor: A,
    mailbox: impl Into<Capacity>,
) -> Address<A> {
    let name = name.into();
    let (sender, receiver) = memory_stream(mailbox);
    let mailbox = Mailbox::new(Arc::clone(&name), receiver, Redelivery::none());
    let mut cx = Context::new(&name, 1);
    group
        .task()
        .name(Arc::clone(&name))
        .kind(TaskKind::Actor)
        .spawn(async move { run(&mailbox, actor, &mut cx, || {}).await });
    Address { name, mailbox: sender }
}

/// Runs one incarnation to its end.
pub(super) async fn run<A: Actor>(
    mailbox: &Mailbox<A::Message>,
    mut actor: A,
    cx: &mut Context,
    ready: impl FnOnce(),
) -> Result<(), Failure> {
    actor.started(cx).await?;
    ready();
    let mut stopping = Some(stopping());
    let mut life = pin!(live(mailbox, &mut actor, cx));
    poll_fn(|poll| {
        // Looked at beside the handler: new work is refused at once, however long a message takes.
        if stopping.as_mut().is_some_and(|asked| Pin::new(asked).poll(poll).is_ready()) {
            stopping = None;
            if is_to_stop() {
                mailbox.close();
            }
        }
        life.as_mut().poll(poll)
    })
    .await
}

/// Handles one message after the other, what the last incarnation failed on first.
async fn live<A: Actor>(
    mailbox: &Mailbox<A::Message>,
    actor: &mut A,
    cx: &mut Context,
) -> Result<(), Failure> {
    let scope = ScopeHandle::current();
    let mut redelivered = mailbox.redeliver();
    while !cx.ending {
        // Messages that are there need not pend: a drain asked for by the last one is heard here.
        if scope.as_ref().is_some_and(ScopeHandle::is_draining) {
            mailbox.close();
        }
        let taken = match redelivered.take() {
            Some(delivery) => Some(delivery),
            None => mailbox.next().await,
        };
        let Some(mut delivery) = taken else { break };
        let Some(message) = delivery.message() else { continue };
        (cx.sequence, cx.attempt) = (delivery.sequence, delivery.attempt);
        let outcome = actor.handle(message, cx).await;
        delivery.handled(outcome.is_ok());
        outcome?;
    }
    actor.stopped(cx).await
}

/// Whether it is drained, or stopped by its supervisor. Cancelled by somebody else it may well come back, and its
/// mailbox waits for that.
fn is_to_stop() -> bool {
    let scope = ScopeHandle::current();
    scope.is_some_and(|scope| scope.is_draining() || scope.cause() == Some(Cause::Shutdown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, task_group};
    use std::sync::OnceLock;

    /// Asks its own scope to drain at the first message; notes at each whether its mailbox still takes one.
    struct Draining {
        own: Arc<OnceLock<Address<Self>>>,
        takes: tokio::sync::mpsc::UnboundedSender<bool>,
    }

    impl Actor for Draining {
        type Message = ();

        async fn handle(&mut self, (): (), cx: &mut Context) -> Result<(), Failure> {
            let own = self.own.get().expect("it was sent this message");
            self.takes.send(own.try_tell(()).is_ok()).map_err(|_| Failure::message("nobody listens"))?;
            if cx.sequence() == 1 {
                ScopeHandle::current().expect("an actor has a scope").drain();
            }
            Ok(())
        }
    }

    #[test]
    fn a_request_to_drain_is_heard_between_two_messages_that_are_there() {
        let (takes, mut took) = tokio::sync::mpsc::unbounded_channel();
        crate::testing::block_on(async move {
            task_group(async |group| {
                let own = Arc::new(OnceLock::new());
                let address = spawn_actor(&group, "draining", Draining { own: Arc::clone(&own), takes }, 8);
                let _ = own.set(address.clone());
                for () in [(), ()] {
                    address.try_tell(()).expect("there is room");
                }
            })
            .await
            .expect("a drained actor ends well");
        });
        let took: Vec<bool> = std::iter::from_fn(|| took.blocking_recv()).collect();
        assert_eq!(took, [true, false, false]);
    }
}
