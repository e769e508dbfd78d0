//! The cloneable handle to an actor: tell and ask, stop and watch.

use super::Actor;
use super::ask::Ask;
use super::blocking::BlockingAddress;
use super::diagnostics::{Waiting, is_watched};
use super::envelope::Envelope;
use super::error::{AskError, Circle, Progress, TellError};
use super::mailbox::{Mailbox, Overflow, Undelivered};
use super::monitor::{Down, Monitor, Watch};
use super::own;
use super::reply::{PendingReply, Reply, request};
use super::slot::{Slot, Stopper};
use super::status::ActorStatus;
use super::tell::{Tell, stopped};
use super::weak::WeakAddress;
use crate::CallError;
use crate::stream::{Capacity, Permit, SendStream, Statistics, TrySendError};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The way to an actor: the sending end of its mailbox. Cheap to clone.
///
/// Of a supervised actor it outlives every crash. An actor that nobody supervises ends when its last
/// address is gone.
pub struct Address<A: Actor> {
    pub(super) slot: Arc<Slot<A::Message>>,
    pub(super) mailbox: SendStream<Envelope<A::Message>>,
}

/// Why an actor was not stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// It was the actor itself that asked, and would have waited for itself: it ends by [`Context::stop`](super::Context::stop).
    #[error("an actor that waits for its own end waits for ever: it ends by `cx.stop()`")]
    WouldDeadlock,
    /// Its supervisor has not started it yet.
    #[error("the actor has not been started by its supervisor yet")]
    NotStarted,
    /// Its supervisor refused.
    #[error(transparent)]
    Refused(#[from] CallError),
}

impl<A: Actor> Address<A> {
    /// Sends a message. Messages of one sender are handled in their order.
    ///
    /// While the mailbox is full, it does as the [`Mailbox`] was declared: by default it waits for room. From the
    /// actor's own code it never waits: the message stands in line, beyond the mailbox's capacity, up to 16 of them.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropped before it returns, the message is dropped unsent, and the place in the line of
    /// those who wait is given up.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message when the actor takes no messages any more, when the mailbox is full and
    /// [refuses](Overflow::Refuse), and when the actor itself has told itself too much.
    #[inline]
    pub fn tell(&self, message: A::Message) -> Tell<'_, A> {
        Tell::new(self, message)
    }

    /// Sends a message if there is room at once. A mailbox that drops what is too much has always room.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message.
    pub fn try_tell(&self, message: A::Message) -> Result<(), TellError<A::Message>> {
        let delivered = match self.slot.overflow {
            Overflow::DropOldest | Overflow::DropNewest => self.deliver_or_drop(Envelope::telling(message)),
            Overflow::Wait | Overflow::Refuse => self.try_deliver(Envelope::telling(message)),
        };
        delivered.map_err(|refused| refused.map(|envelope| envelope.message))
    }

    /// Sends a message with a way back, and waits for the reply: `ask(Message::Total)` for a variant
    /// `Total(Reply<u64>)`.
    ///
    /// # Cancel safety
    ///
    /// Dropped before the message is handled, it is skipped. Dropped while it is handled, the handler
    /// goes on, and [`Reply::is_abandoned`] tells.
    ///
    /// # Errors
    ///
    /// [`AskError`] says why there is no reply.
    pub fn ask<R: Send + 'static>(
        &self,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> impl Future<Output = Result<R, AskError>> {
        Ask::new(self, message)
    }

    /// Like [`ask`](Self::ask), for at most so long; the actor is told by when the reply is wanted.
    ///
    /// # Cancel safety
    ///
    /// As for [`ask`](Self::ask).
    ///
    /// # Errors
    ///
    /// [`AskError::TimedOut`] says whether the message may have been handled; else as for [`ask`](Self::ask).
    pub async fn ask_within<R: Send + 'static>(
        &self,
        time: Duration,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<R, AskError> {
        let Some(deadline) = Instant::now().checked_add(time) else { return self.ask(message).await };
        let requesting = self.request_by(Some(deadline.into_std()), self.slot.may_be_waited_for(), message);
        let Ok(sent) = timeout_at(deadline, requesting).await else {
            return Err(AskError::TimedOut(Progress::NotHandled));
        };
        let mut pending = sent?;
        match timeout_at(deadline, &mut pending).await {
            Ok(replied) => replied,
            Err(_) => Err(pending.give_up()),
        }
    }

    /// Sends a message with a way back, as [`ask`](Self::ask) does, and gives the wait for the reply: to do something
    /// else meanwhile, or to wait for several at a time.
    ///
    /// # Cancel safety
    ///
    /// As for [`tell`](Self::tell).
    ///
    /// # Errors
    ///
    /// [`AskError`] when the message was not taken.
    ///
    /// # Examples
    ///
    /// ```
    /// # use arbour::{Actor, Context, Failure, Reply, spawn_actor, task_group};
    /// # struct Echo;
    /// # impl Actor for Echo {
    /// #     type Message = (u32, Reply<u32>);
    /// #     async fn handle(&mut self, (n, reply): Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
    /// #         reply.send(n);
    /// #         Ok(())
    /// #     }
    /// # }
    /// # arbour::testing::block_on(async {
    /// # task_group(async |group| {
    /// # let echo = spawn_actor(&group, "echo", Echo, 16);
    /// let one = echo.request(|reply| (1, reply)).await?;
    /// let two = echo.request(|reply| (2, reply)).await?;
    /// assert_eq!((two.await?, one.await?), (2, 1));
    /// # Ok::<_, arbour::AskError>(())
    /// # }).await.unwrap().unwrap();
    /// # });
    /// ```
    pub async fn request<R: Send + 'static>(
        &self,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<PendingReply<R>, AskError> {
        // What is waited for later holds nobody up now.
        let waiting = self.slot.is_not_own().map(|()| Waiting::of_nobody());
        self.request_by(None, waiting, message).await
    }

    /// Asks, with the wait that this is for the actor whose code runs here.
    async fn request_by<R: Send + 'static>(
        &self,
        deadline: Option<std::time::Instant>,
        waiting: Result<Waiting, Circle>,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<PendingReply<R>, AskError> {
        let (pending, envelope) = self.prepare(deadline, waiting, message)?;
        self.deliver(envelope).await.map_err(AskError::unsent)?;
        Ok(pending)
    }

    /// A message with a way back that is yet to be [delivered](Self::deliver).
    pub(super) fn prepare<R: Send + 'static>(
        &self,
        deadline: Option<std::time::Instant>,
        waiting: Result<Waiting, Circle>,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<(PendingReply<R>, Envelope<A::Message>), AskError> {
        let waiting = waiting.map_err(AskError::WouldDeadlock)?;
        let (reply, witness, awaited) = request(deadline, waiting);
        let pending = PendingReply::new(awaited, &self.slot.name);
        Ok((pending, Envelope::asking(message(reply), witness)))
    }

    /// Passes a reply on: this actor answers in the place of the one that was asked. Whoever asked hears what becomes
    /// of the message here.
    ///
    /// # Cancel safety
    ///
    /// As for [`tell`](Self::tell).
    ///
    /// # Errors
    ///
    /// As for [`tell`](Self::tell), with the message, and in it the reply.
    pub async fn forward<R: Send + 'static>(
        &self,
        reply: Reply<R>,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<(), TellError<A::Message>> {
        let witness = reply.witness();
        let envelope = Envelope::asking(message(reply), witness);
        self.deliver(envelope).await.map_err(|refused| refused.map(|envelope| envelope.message))
    }

    /// Brings a message into the mailbox as its policy says.
    pub(super) async fn deliver(
        &self,
        envelope: Envelope<A::Message>,
    ) -> Result<(), TellError<Envelope<A::Message>>> {
        match self.slot.overflow {
            Overflow::Wait if own::is_polled(self.slot.identity()) => self.deliver_to_oneself(envelope),
            Overflow::Wait if is_watched() => self.deliver_watched(envelope).await,
            Overflow::Wait => self.mailbox.send(envelope).await.map_err(stopped),
            Overflow::Refuse => self.try_deliver(envelope),
            Overflow::DropOldest | Overflow::DropNewest => self.deliver_or_drop(envelope),
        }
    }

    /// Whether a message goes straight into the mailbox where there is room: the mailbox has others wait, and it is not
    /// the actor's own code that runs here.
    #[inline]
    pub(super) fn takes_straight(&self) -> bool {
        self.slot.overflow == Overflow::Wait && !own::is_polled(self.slot.identity())
    }

    /// An actor that has to wait for room waits for this one.
    async fn deliver_watched(
        &self,
        envelope: Envelope<A::Message>,
    ) -> Result<(), TellError<Envelope<A::Message>>> {
        let full = match self.try_deliver(envelope) {
            Err(TellError::Full(envelope)) => envelope,
            delivered => return delivered,
        };
        match self.slot.may_be_told() {
            Ok(_waiting) => self.mailbox.send(full).await.map_err(stopped),
            Err(circle) => Err(TellError::WouldDeadlock { message: full, circle }),
        }
    }

    fn try_deliver(&self, envelope: Envelope<A::Message>) -> Result<(), TellError<Envelope<A::Message>>> {
        if self.would_overtake() {
            return Err(self.full_or_stopped(envelope));
        }
        self.mailbox.try_send(envelope).map_err(|refused| match refused {
            TrySendError::Full(envelope) => TellError::Full(envelope),
            other => TellError::Stopped(other.into_item()),
        })
    }

    fn deliver_or_drop(&self, envelope: Envelope<A::Message>) -> Result<(), TellError<Envelope<A::Message>>> {
        let displaced = if self.slot.overflow == Overflow::DropOldest {
            self.mailbox.force_send(envelope).map_err(stopped)?.map(|oldest| (oldest, Undelivered::Displaced))
        } else {
            match self.try_deliver(envelope) {
                Err(TellError::Full(newest)) => Some((newest, Undelivered::Refused)),
                delivered => return delivered,
            }
        };
        if let Some((envelope, why)) = displaced {
            self.slot.undelivered(envelope, why);
        }
        Ok(())
    }

    /// Brings a message of another type into the mailbox: it is made one of the actor's only when it has a place, so that
    /// it can be handed back.
    pub(super) async fn deliver_converted<M>(
        &self,
        envelope: Envelope<M>,
    ) -> Result<(), TellError<Envelope<M>>>
    where
        A::Message: From<M>,
    {
        if self.slot.overflow != Overflow::Wait {
            return self.try_deliver_converted(envelope);
        }
        if own::is_polled(self.slot.identity()) {
            return self.deliver_to_oneself(envelope);
        }
        let envelope = match self.try_deliver_converted(envelope) {
            Err(TellError::Full(envelope)) => envelope,
            delivered => return delivered,
        };
        let _waiting = match self.slot.may_be_told() {
            Ok(waiting) => waiting,
            Err(circle) => return Err(TellError::WouldDeadlock { message: envelope, circle }),
        };
        match self.mailbox.reserve().await {
            Ok(place) => put(place, envelope),
            Err(_) => Err(TellError::Stopped(envelope)),
        }
    }

    /// The same, at once or not at all.
    pub(super) fn try_deliver_converted<M>(&self, envelope: Envelope<M>) -> Result<(), TellError<Envelope<M>>>
    where
        A::Message: From<M>,
    {
        if self.would_overtake() {
            return Err(self.full_or_stopped(envelope));
        }
        match (self.mailbox.try_reserve(), self.slot.overflow) {
            (Ok(place), _) => put(place, envelope),
            (Err(TrySendError::Full(())), Overflow::Wait | Overflow::Refuse) => {
                Err(TellError::Full(envelope))
            }
            // A message that is dropped is dropped as the actor's own.
            (Err(TrySendError::Full(())), _) if !self.mailbox.is_closed() => {
                let _ = self.deliver_or_drop(envelope.map(A::Message::from));
                Ok(())
            }
            (Err(_), _) => Err(TellError::Stopped(envelope)),
        }
    }

    /// The actor tells itself something, and would wait for itself if it waited for room: that stands in line instead.
    fn deliver_to_oneself<M>(&self, envelope: Envelope<M>) -> Result<(), TellError<Envelope<M>>>
    where
        A::Message: From<M>,
    {
        let full = match self.try_deliver_converted(envelope) {
            Err(TellError::Full(envelope)) => envelope,
            delivered => return delivered,
        };
        let Statistics { queued, waiting_senders, .. } = self.mailbox();
        let room = match self.mailbox.capacity() {
            Capacity::Bounded(limit) => limit.saturating_sub(queued),
            Capacity::Unbounded => usize::MAX,
        };
        if !self.slot.has_reserve(room) {
            let circle = Circle::new([Arc::clone(&self.slot.name)]);
            return Err(TellError::WouldDeadlock { message: full, circle });
        }
        self.slot.stand_in_line(queued + waiting_senders, full.map(A::Message::from));
        Ok(())
    }

    fn full_or_stopped<M>(&self, message: M) -> TellError<M> {
        if self.mailbox.is_closed() { TellError::Stopped(message) } else { TellError::Full(message) }
    }

    /// Whether it is the actor that tells itself something while an earlier one stands in line.
    fn would_overtake(&self) -> bool {
        self.slot.tells_itself() && own::is_polled(self.slot.identity())
    }

    /// Asks the actor to stop and waits for its end: it refuses new messages, handles what is queued, and ends. A
    /// supervised one is stopped by its supervisor, stays down, and can be started again there.
    ///
    /// # Cancel safety
    ///
    /// Once it has been polled the actor is asked to stop; dropping the wait changes nothing about that.
    ///
    /// # Errors
    ///
    /// [`StopError`] when the actor itself asks, and what the supervisor refuses with.
    pub async fn stop(&self) -> Result<Down, StopError> {
        if own::is_polled(self.slot.identity()) {
            return Err(StopError::WouldDeadlock);
        }
        match self.slot.stopper() {
            Stopper::Supervised(home) => {
                let mut ended = self.monitor();
                home.supervisor.stop_either(home.child_id, home.child).await?;
                Ok(ended.told().unwrap_or_else(|| self.slot.last_down()))
            }
            Stopper::Alone(scope) => {
                scope.drain();
                Ok(self.ended().await)
            }
            Stopper::NotYet if self.slot.is_supervised => Err(StopError::NotStarted),
            Stopper::NotYet | Stopper::Over => Ok(self.ended().await),
        }
    }

    /// Watches the actor: a future of the end of the incarnation that runs now, or of the next one if none does. If the
    /// actor has ended for good, it tells the last end.
    ///
    /// A restart begins after it was told. It does not keep the actor alive.
    ///
    /// # Examples
    ///
    /// ```
    /// # use arbour::{Actor, Context, ExitKind, Failure, spawn_actor, task_group};
    /// # struct Job;
    /// # impl Actor for Job {
    /// #     type Message = ();
    /// #     async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> { Ok(()) }
    /// # }
    /// # arbour::testing::block_on(async {
    /// # task_group(async |group| {
    /// let job = spawn_actor(&group, "job", Job, 16);
    /// let monitor = job.monitor();
    /// drop(job); // the last address
    /// let down = monitor.await;
    /// assert_eq!(down.to_string(), "the actor job ended normally (incarnation 1)");
    /// # }).await.unwrap();
    /// # });
    /// ```
    pub fn monitor(&self) -> Monitor {
        Monitor::new(&self.slot, Watch::Incarnation)
    }

    /// Watches for the actor's end for good: its slot is gone, and no restart will follow.
    pub fn ended(&self) -> Monitor {
        Monitor::new(&self.slot, Watch::Slot)
    }

    /// Asks how the actor is. The answer comes between two messages, before what is queued, and needs no room.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it has no effect.
    ///
    /// # Errors
    ///
    /// [`AskError::Stopped`] when it does not run just now, or ends before it answers.
    pub async fn status(&self) -> Result<ActorStatus, AskError> {
        let waiting = self.slot.may_be_waited_for().map_err(AskError::WouldDeadlock)?;
        let (question, witness, answer) = request(None, waiting);
        drop(witness);
        self.slot.ask_how(question).map_err(|_| AskError::Stopped)?;
        PendingReply::new(answer, &self.slot.name).await
    }

    /// The same address for code that does not await.
    pub fn blocking(&self) -> BlockingAddress<A> {
        BlockingAddress::new(self.clone())
    }

    /// An address that does not keep the actor alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakAddress<A> {
        WeakAddress::new(Arc::clone(&self.slot))
    }

    /// The actor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.slot.name
    }

    /// Whether both lead to the same actor.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot)
    }

    /// Whether the actor takes no messages now: it has ended for good, or is being drained, or is down after that.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.mailbox.is_closed()
    }

    /// How full the mailbox is, and who waits.
    #[must_use]
    pub fn mailbox(&self) -> Statistics {
        self.mailbox.statistics()
    }

    /// What the mailbox was declared to be.
    pub fn mailbox_policy(&self) -> Mailbox {
        Mailbox::from(self.mailbox.capacity()).overflow(self.slot.overflow)
    }
}

/// Makes a message the actor's own and puts it where a place was kept for it. That is refused only where nobody is left
/// to take it, and then it goes with the mailbox.
fn put<M, N: From<M>>(
    place: Permit<Envelope<N>>,
    envelope: Envelope<M>,
) -> Result<(), TellError<Envelope<M>>> {
    let _ = place.send(envelope.map(N::from));
    Ok(())
}

impl<A: Actor> Clone for Address<A> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot), mailbox: self.mailbox.clone() }
    }
}

impl<A: Actor> fmt::Debug for Address<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("name", &self.slot.name).field("queued", &self.mailbox.len()).finish()
    }
}
