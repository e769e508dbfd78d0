//! An actor as a supervised child.

use super::Actor;
use super::address::Address;
use super::context::Context;
use super::mailbox::Mailbox;
use super::redelivery::Redelivery;
use super::run::run;
use crate::stream::{Capacity, memory_stream};
use crate::{ChildSpec, Failure};
use std::fmt;
use std::sync::Arc;

/// How many messages a mailbox holds unless something else is asked for.
const MAILBOX: usize = 64;

/// An actor that a supervisor is to run: its name, how each incarnation is made, its mailbox.
///
/// What `make` owns belongs to the slot: it is where state lives that outlasts a crash.
#[must_use = "an actor does nothing until it is built and a supervisor runs it"]
pub struct ActorSpec<A: Actor> {
    name: Arc<str>,
    make: Box<dyn FnMut() -> A + Send>,
    mailbox: Capacity,
    redelivery: Redelivery<A::Message>,
}

impl<A: Actor> ActorSpec<A> {
    /// An actor with a mailbox of 64 messages and no redelivery. `make` is called for each
    /// incarnation, in the actor's own task.
    pub fn new(name: impl Into<Arc<str>>, make: impl FnMut() -> A + Send + 'static) -> Self {
        Self {
            name: name.into(),
            make: Box::new(make),
            mailbox: Capacity::from(MAILBOX),
            redelivery: Redelivery::none(),
        }
    }

    /// How many messages the mailbox holds; 0 is a rendezvous. Default: 64.
    pub fn mailbox(mut self, capacity: impl Into<Capacity>) -> Self {
        self.mailbox = capacity.into();
        self
    }

    /// Whether a message that crashed its handler is delivered again. Default: no.
    pub fn redelivery(mut self, redelivery: Redelivery<A::Message>) -> Self {
        self.redelivery = redelivery;
        self
    }

    /// The actor's address, and the child for a supervisor, whose policies may still be set.
    ///
    /// Messages may be sent before the supervisor runs; they wait in the mailbox. When the slot is
    /// gone, because it was deleted or the supervisor has ended, the address says so.
    pub fn build(self) -> (Address<A>, ChildSpec) {
        let Self { name, mut make, mailbox, redelivery } = self;
        let (sender, receiver) = memory_stream(mailbox);
        let address = Address { name: Arc::clone(&name), mailbox: sender.clone() };
        let mailbox = Arc::new(Mailbox::new(Arc::clone(&name), receiver, redelivery));
        // A weak end: what is counted keeps nothing open.
        let queue = sender.downgrade();
        let child = ChildSpec::new(Arc::clone(&name), move |child| {
            // The slot's own sending end: the mailbox does not end with the last address.
            let _slot = &sender;
            let mailbox = Arc::clone(&mailbox);
            let actor = make();
            async move {
                mailbox.reopen();
                let mut cx = Context::new(child.id(), child.incarnation());
                run(&mailbox, actor, &mut cx, || child.ready()).await?;
                Ok::<(), Failure>(())
            }
        });
        let depth = move || queue.upgrade().map(|queue| queue.statistics().queued);
        (address, child.reports_ready().mailbox_depth(depth))
    }
}

impl<A: Actor> fmt::Debug for ActorSpec<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorSpec")
            .field("name", &self.name)
            .field("mailbox", &self.mailbox)
            .field("redelivery", &self.redelivery)
            .finish_non_exhaustive()
    }
}
