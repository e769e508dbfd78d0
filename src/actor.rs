//! Actors: a value that handles messages one at a time, behind an address that outlives a crash.
//!
//! An actor is a plain trait over one typed message. Its mailbox is a memory object stream; its
//! [`Address`] is the cloneable sending end. Supervised, name, address and mailbox belong to the
//! slot: when a handler fails or panics, the incarnation ends, the next one is made, and goes on
//! with the mailbox where the last one stopped.

mod address;
mod agenda;
mod ask;
mod blocking;
mod by_hand;
mod context;
mod diagnostics;
mod envelope;
mod error;
mod inbox;
mod listed;
mod loan;
mod mailbox;
mod many;
mod monitor;
mod own;
mod recipient;
mod redelivery;
mod reply;
mod run;
mod slot;
mod spec;
mod status;
mod tell;
mod timers;
mod weak;

pub use address::{Address, StopError};
pub use blocking::BlockingAddress;
pub use by_hand::run_actor;
pub use context::Context;
#[cfg(feature = "diagnostics")]
pub use diagnostics::{report_deep_mailboxes_at, report_slow_handlers_after};
pub use error::{AskError, Circle, Progress, TellError};
pub use mailbox::{Mailbox, OnRestart, Overflow, Undelivered};
pub use many::{AskMany, NoQuorum, ask_many};
pub use monitor::{Down, Monitor};
pub use recipient::Recipient;
pub use redelivery::Redelivery;
pub use reply::{PendingReply, Reply};
pub use run::StopReason;
pub use spec::{ActorSpec, spawn_actor};
pub use status::ActorStatus;
pub use tell::Tell;
pub use timers::{Interval, MissedTicks};
pub use weak::WeakAddress;

pub(crate) use listed::Listed;

use crate::Failure;
use std::any::type_name;
use std::fmt;

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
///     async fn handle(&mut self, message: Message, _: &mut Context<Self>) -> Result<(), Failure> {
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
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Runs before the first message; the actor is ready when it has returned. An error, or a panic,
    /// is a failed start. Default: nothing.
    fn started(&mut self, cx: &mut Context<Self>) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Runs between two messages when the actor is asked to stop: from then on new messages are refused, and what is
    /// queued is handled. Default: nothing.
    fn stopping(&mut self, cx: &mut Context<Self>) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Runs at the end, for whichever reason, but after a panic or a cancellation: what must be done then too is
    /// [deferred](crate::defer). An error is the actor's exit, unless it had failed before. Default: nothing.
    fn stopped(
        &mut self,
        why: StopReason,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = (why, cx);
        async { Ok(()) }
    }

    /// What a message is called in reports. Default: the name of the message's type.
    #[must_use]
    fn kind(message: &Self::Message) -> &'static str {
        let _ = message;
        type_name::<Self::Message>()
    }

    /// Describes the state, for reports of crashes and for [`Address::status`]. Default: the name of the actor's type.
    ///
    /// # Errors
    ///
    /// Those of the formatter.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(type_name::<Self>())
    }
}
