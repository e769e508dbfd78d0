//! What an actor is to be: its name, how it is made, its mailbox, what becomes of its messages.

use super::Actor;
use super::address::Address;
use super::inbox::Inbox;
use super::loan;
use super::mailbox::{Mailbox, OnRestart, Overflow, Undelivered};
use super::redelivery::Redelivery;
use super::run::run;
use super::slot::{Home, Hook, Slot};
use crate::stream::{SendStream, memory_stream_for_one};
use crate::{ChildContext, ChildSpec, Failure, TaskGroup, TaskKind};
use std::fmt;
use std::sync::Arc;

/// An actor that is to be run, as a rule by a supervisor: its name, how each incarnation is made, its mailbox.
///
/// What `make` owns belongs to the slot: it is where state lives that outlasts a crash.
#[must_use = "an actor does nothing until it is built and a supervisor runs it"]
pub struct ActorSpec<A: Actor> {
    name: Arc<str>,
    make: Make<A>,
    mailbox: Mailbox,
    redelivery: Redelivery<A::Message>,
    on_restart: OnRestart,
    undelivered: Option<Hook<A::Message>>,
}

impl<A: Actor> ActorSpec<A> {
    /// An actor with the default mailbox and no redelivery. `make` is called for each
    /// incarnation, in the actor's own task.
    pub fn new(name: impl Into<Arc<str>>, make: impl FnMut() -> A + Send + 'static) -> Self {
        Self {
            name: name.into(),
            make: Box::new(make),
            mailbox: Mailbox::default(),
            redelivery: Redelivery::none(),
            on_restart: OnRestart::Keep,
            undelivered: None,
        }
    }

    /// How many messages the mailbox holds, and what becomes of one that finds it full. Default: 64, and whoever sends
    /// waits.
    pub fn mailbox(mut self, mailbox: impl Into<Mailbox>) -> Self {
        self.mailbox = mailbox.into();
        self
    }

    /// Whether a message that crashed its handler is delivered again. Default: no.
    pub fn redelivery(mut self, redelivery: Redelivery<A::Message>) -> Self {
        self.redelivery = redelivery;
        self
    }

    /// What becomes of the messages in the mailbox when the actor is restarted. Default: the next incarnation handles
    /// them.
    pub fn on_restart(mut self, on_restart: OnRestart) -> Self {
        self.on_restart = on_restart;
        self
    }

    /// Has this function called for each message that the mailbox took, or would not take, and that will not be handled:
    /// because the actor ended for good, was restarted and does not keep its mailbox, or the mailbox was full and drops
    /// what is too much. A message that was handed back to whoever sent it is none of them, nor is one that its handler
    /// crashed on. Default: they are dropped.
    ///
    /// It is called where the message is given up, and must not block; if it panics, that is reported, and the message is
    /// lost. It is dropped when the actor has ended for good.
    pub fn undelivered(mut self, hook: impl Fn(A::Message, Undelivered) + Send + Sync + 'static) -> Self {
        self.undelivered = Some(Arc::new(hook));
        self
    }

    /// The actor's address, and the child for a supervisor, whose policies may still be set.
    ///
    /// Messages may be sent before the supervisor runs; they wait in the mailbox. When the slot is
    /// gone, because it was deleted or the supervisor has ended, the address says so.
    pub fn build(self) -> (Address<A>, ChildSpec) {
        let name = Arc::clone(&self.name);
        let (address, inbox, mut make) = self.open(true, None);
        // The slot's own sending end: the mailbox does not end with the last address.
        let slot = Tenure { slot: Arc::clone(&address.slot), _own: address.mailbox.clone() };
        let (own, inbox) = (Arc::clone(&address.slot), loan::Home::new(inbox));
        let queue = address.mailbox.downgrade();
        let child = ChildSpec::new(name, move |child: ChildContext| {
            own.set_home(Home {
                supervisor: child.supervisor().clone(),
                child_id: Arc::from(child.id()),
                child: child.child(),
            });
            run(inbox.lend(), make(), child.incarnation(), move || child.ready())
        });
        // A weak end: what is counted keeps nothing open.
        let depth = move || queue.upgrade().map(|queue| queue.statistics().queued);
        let child = child.refine_exits(move |exit| slot.slot.end(exit));
        (address, child.reports_ready().mailbox_depth(depth))
    }

    /// Runs the actor as a child of `group`, without a supervisor; see [`spawn_actor`].
    #[must_use = "without its address nobody reaches the actor, and it ends"]
    pub fn spawn(self, group: &TaskGroup) -> Address<A> {
        let (address, inbox, mut make) = self.open(false, Some(group.clone()));
        spawn(group, &address, async move { run(inbox, make(), 1, || {}).await });
        address
    }

    fn open(
        self,
        is_supervised: bool,
        around: Option<TaskGroup>,
    ) -> (Address<A>, Inbox<A::Message>, Make<A>) {
        let Self { name, make, mailbox, redelivery, on_restart, undelivered } = self;
        let (address, inbox) = open(name, mailbox, redelivery, on_restart, is_supervised, around);
        if let Some(hook) = undelivered {
            address.slot.set_hook(hook);
        }
        (address, inbox, make)
    }
}

/// What makes each incarnation.
type Make<A> = Box<dyn FnMut() -> A + Send>;

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
///     async fn handle(&mut self, (n, reply): Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
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
    mailbox: impl Into<Mailbox>,
) -> Address<A> {
    let around = Some(group.clone());
    let (address, inbox) =
        open(name.into(), mailbox.into(), Redelivery::none(), OnRestart::Keep, false, around);
    spawn(group, &address, run(inbox, actor, 1, || {}));
    address
}

fn spawn<A: Actor>(
    group: &TaskGroup,
    address: &Address<A>,
    living: impl Future<Output = Result<(), Failure>> + Send + 'static,
) {
    let slot = Arc::clone(&address.slot);
    let task = group.task().name(Arc::clone(&slot.name)).kind(TaskKind::Actor);
    task.spawn_telling(living, move |exit| {
        slot.end(exit);
        slot.over();
    });
}

/// The mailbox and the slot of an actor that does not run yet.
pub(super) fn open<A: Actor>(
    name: Arc<str>,
    mailbox: Mailbox,
    redelivery: Redelivery<A::Message>,
    on_restart: OnRestart,
    is_supervised: bool,
    around: Option<TaskGroup>,
) -> (Address<A>, Inbox<A::Message>) {
    let (sender, reader) = memory_stream_for_one(mailbox.capacity);
    // The oldest must be where a newer one can take its place.
    let reader = if mailbox.overflow == Overflow::DropOldest { reader.one_by_one() } else { reader };
    let slot =
        Arc::new(Slot::new(name, mailbox.overflow, redelivery, sender.downgrade(), is_supervised, around));
    let inbox = Inbox::new(Arc::clone(&slot), reader, on_restart);
    (Address { slot, mailbox: sender }, inbox)
}

/// The slot's hold on its mailbox, as long as a supervisor may start the actor.
struct Tenure<M> {
    slot: Arc<Slot<M>>,
    _own: SendStream<super::envelope::Envelope<M>>,
}

impl<M> Drop for Tenure<M> {
    fn drop(&mut self) {
        self.slot.over();
    }
}

impl<A: Actor> fmt::Debug for ActorSpec<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorSpec")
            .field("name", &self.name)
            .field("mailbox", &self.mailbox)
            .field("redelivery", &self.redelivery)
            .field("on_restart", &self.on_restart)
            .finish_non_exhaustive()
    }
}
