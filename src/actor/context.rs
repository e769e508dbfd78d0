//! What an actor knows of itself while it runs, and what it can have done.

use super::Actor;
use super::address::Address;
use super::agenda::Agenda;
use super::envelope::{Envelope, Fate, Witness};
use super::slot::{Flight, Slot};
use super::timers::Interval;
use super::weak::WeakAddress;
use crate::stream::{Permit, SendStream, TrySendError};
use crate::{Failure, ScopeHandle, TaskGroup, TaskHandle, stopping};
use futures::Stream;
use futures::future::{Either, join, select};
use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tracing::Span;

/// What an actor knows of itself, and of the message it handles; what it can have done while it lives.
///
/// Timers and tasks belong to the incarnation: they end with it.
pub struct Context<A: Actor> {
    pub(super) slot: Arc<Slot<A::Message>>,
    /// Behind a lock that nobody waits for: so a context may be looked at across awaits, whatever its messages are.
    agenda: Option<Box<Mutex<Agenda<A::Message>>>>,
    incarnation: u64,
    pub(super) ending: bool,
    /// Whether it has heard that it is asked to stop.
    pub(super) heard: bool,
    /// Whether a message is being handled: the one that the rest is about.
    handling: bool,
    attempt: u32,
    sequence: u64,
    kind: &'static str,
    witness: Option<Witness>,
}

impl<A: Actor> Context<A> {
    pub(super) fn new(slot: Arc<Slot<A::Message>>, incarnation: u64) -> Self {
        let sequence = slot.taken();
        Self {
            slot,
            agenda: None,
            incarnation,
            ending: false,
            heard: false,
            handling: false,
            attempt: 0,
            sequence,
            kind: "",
            witness: None,
        }
    }

    /// The actor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.slot.name
    }

    /// Which run of the actor this is: 1 for the first.
    #[must_use]
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// The number of this message among all that the slot has taken: 1 for the first. A message that
    /// is delivered again keeps its number.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Which delivery of this message this is: 1 for the first.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The actor's own address; `None` if it is not supervised and its last address is gone, so that it will end.
    #[must_use]
    pub fn address(&self) -> Option<Address<A>> {
        self.weak_address().upgrade()
    }

    /// The actor's own address, which does not keep it alive.
    #[must_use]
    pub fn weak_address(&self) -> WeakAddress<A> {
        WeakAddress::new(Arc::clone(&self.slot))
    }

    /// Whether nobody waits for the reply to this message any more; false if nobody asked.
    #[must_use]
    pub fn asker_gone(&self) -> bool {
        self.witness.as_ref().is_some_and(Witness::is_abandoned)
    }

    /// By when the asker of this message wants the reply, if it said so. It is in force in the handler only where the
    /// handler says so, with [`fail_at`](crate::fail_at).
    #[must_use]
    pub fn asker_deadline(&self) -> Option<Instant> {
        self.witness.as_ref()?.deadline()
    }

    /// The scope of this incarnation. Each message has one inside of it, which is the
    /// [current](ScopeHandle::current) one in its handler.
    ///
    /// # Panics
    ///
    /// Never: whoever has a context runs in an incarnation.
    #[must_use]
    pub fn scope(&self) -> ScopeHandle {
        self.slot.scope().expect("whoever has a context runs in an incarnation")
    }

    /// Ends the actor after this message; that is a normal end. What is queued stays in the mailbox.
    pub fn stop(&mut self) {
        self.ending = true;
    }

    /// Has this message handled next, before everything that is queued.
    pub fn handle_next(&mut self, message: A::Message) {
        self.agenda().first(message);
    }

    /// The group of the actor's own tasks. They are cancelled when the actor ends, which waits for them; the failure of
    /// one is a failure of the actor.
    #[must_use]
    pub fn group(&self) -> TaskGroup {
        self.slot.group()
    }

    /// Spawns a task of the actor's own, which outlives this message; see [`group`](Self::group).
    #[track_caller]
    pub fn spawn<F, T, E>(&self, future: F) -> TaskHandle<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        self.group().spawn(future)
    }

    /// Runs `future` as a task of the actor's own, while the actor goes on, and has what it gives handled as a message.
    ///
    /// The place of that message in the mailbox is reserved now, or stood in line for from now on; it may exceed no
    /// bound, and is there when the future is ready. If the actor takes no messages any more by then, the message is not
    /// made. While the task runs, an actor that nobody supervises does not end for want of addresses; if its last one is
    /// gone already, so that it will end, `future` is dropped.
    #[track_caller]
    pub fn pipe<F>(
        &self,
        future: F,
        message: impl FnOnce(F::Output) -> A::Message + Send + 'static,
    ) -> TaskHandle<()>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let own = self.address();
        let reserved = own.as_ref().map(|own| own.mailbox.try_reserve());
        self.group().spawn(async move {
            let Some(own) = own else { return Ok::<_, Failure>(()) };
            let place = async {
                match reserved {
                    Some(Ok(place)) => Ok(place),
                    Some(Err(TrySendError::Full(()))) => own.mailbox.reserve().await.map_err(drop),
                    _ => Err(()),
                }
            };
            let piped = pin!(join(place, future));
            // A place that is kept would hold up the end of an actor that is asked to stop.
            if let Either::Left(((Ok(place), output), _)) = select(piped, pin!(stopping())).await {
                // Refused only where the actor has ended, and with it this task.
                let _ = place.send(Envelope::telling(message(output)));
            }
            Ok(())
        })
    }

    /// Has each item of `stream` handled as a message, until the stream or the actor ends.
    ///
    /// An item is taken from the stream only when there is room for it in the mailbox, where it stands in line like
    /// others. As long as the stream goes on, an actor that nobody supervises does not end for want of addresses; if its
    /// last one is gone already, so that it will end, `stream` is dropped.
    #[track_caller]
    pub fn attach<S>(
        &self,
        stream: S,
        mut message: impl FnMut(S::Item) -> A::Message + Send + 'static,
    ) -> TaskHandle<()>
    where
        S: Stream<Item: Send> + Send + 'static,
    {
        let own = self.address();
        self.group().spawn(async move {
            let Some(own) = own else { return Ok::<_, Failure>(()) };
            let mut stream = pin!(stream);
            while let Some((place, item)) = next_with_place(&own.mailbox, stream.as_mut()).await {
                // Refused only where the actor has ended, and with it this task.
                let _ = place.send(Envelope::telling(message(item)));
            }
            Ok(())
        })
    }

    /// Has `message` handled after this time. A timer of the same key is replaced.
    ///
    /// It takes no place in the mailbox: it is handled, when its time has come, before what is queued there. Time is the
    /// runtime's, which tests may pause. One that was [cancelled](Self::cancel_timer) gives nothing any more, however
    /// late.
    pub fn after(&mut self, key: impl Into<Cow<'static, str>>, time: Duration, message: A::Message) {
        self.agenda().set(key.into(), time, message);
    }

    /// Has a message handled again and again. A timer of the same key is replaced.
    ///
    /// At most one tick waits to be handled, before what is queued in the mailbox; between two ticks, whichever their
    /// timers, a queued message has its turn. See [`after`](Self::after) for the rest.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{Actor, Context, Failure, Interval, MissedTicks, spawn_actor, task_group};
    /// use std::time::Duration;
    ///
    /// struct Clock {
    ///     ticks: u32,
    /// }
    ///
    /// impl Actor for Clock {
    ///     type Message = ();
    ///
    ///     async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
    ///         let second = Interval::new(Duration::from_secs(1)).missed(MissedTicks::Skip);
    ///         cx.every("tick", second, || ());
    ///         Ok(())
    ///     }
    ///
    ///     async fn handle(&mut self, (): (), cx: &mut Context<Self>) -> Result<(), Failure> {
    ///         self.ticks += 1;
    ///         if self.ticks == 3 {
    ///             cx.stop();
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # arbour::testing::block_on(async {
    /// let began = tokio::time::Instant::now();
    /// task_group(async |group| {
    ///     let clock = spawn_actor(&group, "clock", Clock { ticks: 0 }, 1);
    ///     assert_eq!(clock.ended().await.incarnation, 1);
    /// })
    /// .await
    /// .unwrap();
    /// assert_eq!(began.elapsed().as_secs(), 3);
    /// # });
    /// ```
    pub fn every(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        interval: impl Into<Interval>,
        message: impl FnMut() -> A::Message + Send + 'static,
    ) {
        self.agenda().set_interval(key.into(), interval.into(), Box::new(message));
    }

    /// Cancels a timer or an interval: says how long it still had, or `None` if it had been handled or never was.
    pub fn cancel_timer(&mut self, key: &str) -> Option<Duration> {
        self.set_agenda()?.cancel(key)
    }

    /// How long it is until this timer's next message, if there is such a timer.
    #[must_use]
    pub fn timer_left(&self, key: &str) -> Option<Duration> {
        lock(self.agenda.as_ref()?).left(key)
    }

    /// Has `message` handled, once, if no other comes for so long. Whatever is handled before calls it off, and so does
    /// the next call; with a time of zero it comes before what is queued.
    pub fn when_idle(&mut self, time: Duration, message: A::Message) {
        self.agenda().set_idle(time, message);
    }

    /// Calls off [`when_idle`](Self::when_idle); says whether there was something to call off.
    pub fn cancel_idle(&mut self) -> bool {
        self.set_agenda().is_some_and(Agenda::cancel_idle)
    }

    fn agenda(&mut self) -> &mut Agenda<A::Message> {
        let agenda = self.agenda.get_or_insert_with(|| Box::new(Mutex::new(Agenda::new())));
        agenda.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it has set itself to do, if it ever did.
    #[inline]
    pub(super) fn set_agenda(&mut self) -> Option<&mut Agenda<A::Message>> {
        let agenda = self.agenda.as_mut()?;
        Some(agenda.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// A message is given to its handler, if somebody still wants it.
    #[inline(always)]
    pub(super) fn begin(&mut self, envelope: Envelope<A::Message>) -> Option<A::Message> {
        let Envelope { message, witness } = envelope;
        if let Some(witness) = &witness
            && !witness.begin()
        {
            return None;
        }
        self.sequence += 1;
        Some(self.hand_over(message, witness, 1))
    }

    /// A message is given to its handler once more.
    pub(super) fn begin_again(&mut self, flight: Flight<A::Message>) -> A::Message {
        let Flight { message, witness, attempt } = flight;
        self.hand_over(message, witness, attempt + 1)
    }

    #[inline(always)]
    fn hand_over(&mut self, message: A::Message, witness: Option<Witness>, attempt: u32) -> A::Message {
        self.attempt = attempt;
        self.kind = A::kind(&message);
        self.witness = witness;
        self.handling = true;
        if let Some(copy) = self.slot.redelivery.copy {
            let flight = Flight { message: copy(&message), witness: self.witness.clone(), attempt };
            self.slot.keep_flight(flight);
        }
        message
    }

    /// The handler has come to an end.
    #[inline(always)]
    pub(super) fn handled(&mut self, fate: Fate) {
        self.handling = false;
        if let Some(witness) = self.witness.take() {
            witness.became(fate);
        }
        if fate != Fate::Crashed && self.slot.redelivery.copy.is_some() {
            drop(self.slot.take_flight());
        }
    }

    /// What the message is called that is being handled.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    /// The span of this message, which follows from that of whoever sent it; none if nobody traces.
    #[inline(always)]
    pub(super) fn span(&self) -> Option<Box<Span>> {
        self.witness.as_ref().and_then(|witness| self.following(witness))
    }

    fn following(&self, witness: &Witness) -> Option<Box<Span>> {
        let sender = witness.span()?;
        let span = tracing::debug_span!("message", actor = self.name(), kind = self.kind);
        span.follows_from(sender);
        Some(Box::new(span))
    }
}

/// The next item, and a place for it, which is kept from others only while the stream is asked; `None` at the end of
/// the stream, or of the mailbox.
async fn next_with_place<S: Stream, T>(
    mailbox: &SendStream<T>,
    mut stream: Pin<&mut S>,
) -> Option<(Permit<T>, S::Item)> {
    loop {
        let place = mailbox.reserve().await.ok()?;
        match poll_fn(|cx| Poll::Ready(stream.as_mut().poll_next(cx))).await {
            Poll::Ready(item) => return item.map(|item| (place, item)),
            Poll::Pending => drop(place),
        }
        until_woken().await;
    }
}

/// Waits until whatever was polled last wakes this task.
async fn until_woken() {
    let mut waits = true;
    poll_fn(|_| if std::mem::take(&mut waits) { Poll::Pending } else { Poll::Ready(()) }).await;
}

fn lock<M>(agenda: &Mutex<Agenda<M>>) -> MutexGuard<'_, Agenda<M>> {
    agenda.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<A: Actor> Drop for Context<A> {
    fn drop(&mut self) {
        self.slot.note_taken(self.sequence);
        if !self.handling {
            return;
        }
        // A handler that neither returned nor panics was cancelled, which is no failure.
        let fate = if std::thread::panicking() { Fate::Crashed } else { Fate::Stopped };
        if fate == Fate::Crashed {
            let (actor, kind, sequence, attempt) = (&*self.slot.name, self.kind, self.sequence, self.attempt);
            tracing::error!(
                actor,
                kind,
                sequence,
                attempt,
                "the handler of a message panicked: the actor ends"
            );
        }
        self.handled(fate);
    }
}

impl<A: Actor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("name", &self.slot.name)
            .field("incarnation", &self.incarnation)
            .field("sequence", &self.sequence)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
