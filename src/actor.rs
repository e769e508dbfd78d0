//! Actors: a value that handles messages one at a time, behind an address that outlives a crash.
//!
//! An actor is a plain trait over one typed message. Its mailbox is a memory object stream; its
//! [`Address`] is the cloneable sending end. Supervised, name, address and mailbox belong to the
//! slot: when a handler fails or panics, the incarnation ends, the next one is made, and goes on
//! with the mailbox where the last one stopped.

mod address;
mod context;
mod error;
mod mailbox;
mod redelivery;
mod reply;
mod run;
mod spec;

pub use address::Address;
pub use context::Context;
pub use error::{AskError, TellError, TryTellError};
pub use redelivery::Redelivery;
pub use reply::Reply;
pub use run::spawn_actor;
pub use spec::ActorSpec;

use crate::Failure;

/// A value that handles messages, one at a time.
///
/// Users write `async fn` for the methods.
///
/// # Cancel safety
///
/// A handler is dropped at an await when the actor is cancelled; its message is then gone, and an
/// asker learns it. Drained, the actor handles what is queued first.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, ActorSpec, Context, Failure, Reply, Supervisor};
///
/// struct Counter {
///     total: u64,
/// }
///
/// enum Message {
///     Add(u64),
///     Total(Reply<u64>),
/// }
///
/// impl Actor for Counter {
///     type Message = Message;
///
///     async fn handle(&mut self, message: Message, _: &mut Context) -> Result<(), Failure> {
///         match message {
///             Message::Add(n) => self.total += n,
///             Message::Total(reply) => reply.send(self.total),
///         }
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// let (counter, child) = ActorSpec::new("counter", || Counter { total: 0 }).build();
/// let supervisor = Supervisor::builder("app").child(child).build().unwrap();
/// arbour::task_group(async |group| {
///     group.spawn(supervisor.run());
///     counter.tell(Message::Add(2)).await.unwrap();
///     counter.tell(Message::Add(3)).await.unwrap();
///     assert_eq!(counter.ask(Message::Total).await, Ok(5));
///     group.cancel("done");
/// })
/// .await
/// .unwrap();
/// # });
/// ```
pub trait Actor: Sized + Send + 'static {
    /// What it is sent: one enum, as a rule.
    type Message: Send + 'static;

    /// Handles one message. An error, or a panic, ends the incarnation.
    fn handle(
        &mut self,
        message: Self::Message,
        cx: &mut Context,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Runs before the first message; the actor is ready when it has returned. An error, or a panic,
    /// is a failed start. Default: nothing.
    fn started(&mut self, cx: &mut Context) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Runs after the last message, when the actor ends by itself or was drained; not after a failure
    /// and not when it is cancelled. Default: nothing.
    fn stopped(&mut self, cx: &mut Context) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = cx;
        async { Ok(()) }
    }
}
