//! What belongs to an actor from its first incarnation to its end: its name, who runs in it, who watches it.
//!
//! # States
//!
//! | stage | meaning |
//! |---|---|
//! | `Vacant` | nobody runs: not yet, or not just now |
//! | `Running` | an incarnation runs, in this scope |
//! | `Over` | nobody will run any more |
//!
//! # Invariants
//!
//! 1. At most one incarnation at a time takes from a mailbox; the supervisor keeps that.
//! 2. `Over` is final. Who watches is told of each end after nothing of the incarnation is left, and of `Over` once.
//! 3. With redelivery, a message that is being handled has its copy in `flight`, until its handler has returned. A
//!    copy that is found there when an incarnation begins is of a handler that failed or panicked: one that was
//!    cancelled takes its copy with it.
//! 4. What the actor tells itself beyond what its mailbox holds stands in `line`, and outlives an incarnation as the
//!    mailbox does. Each has with it how many messages of the mailbox come first.
//! 5. Who asks how the actor is has an answer, or a refusal: questions are answered between two messages, and refused
//!    when the incarnation ends.
//!
//! One lock, under which no foreign code runs: what is the user's is carried out, and called or dropped after.

use super::diagnostics::{self, Waiting, begin_to_wait};
use super::envelope::{Envelope, Fate, Witness};
use super::error::Circle;
use super::listed::{Listed, Listings};
use super::mailbox::{Overflow, Undelivered};
use super::monitor::{Down, Watch, Watcher};
use super::own;
use super::redelivery::Redelivery;
use super::reply::Reply;
use super::status::ActorStatus;
use crate::stream::WeakSendStream;
use crate::{ChildRef, Exit, Failure, ScopeHandle, SupervisorHandle, TaskGroup};
use arbour_primitives::scope::{panic_message, put_away};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many messages an actor may tell itself beyond what its mailbox holds.
const RESERVE: usize = 16;

/// What is called for messages that are not delivered.
pub(super) type Hook<M> = Arc<dyn Fn(M, Undelivered) + Send + Sync>;

pub(super) struct Slot<M> {
    pub(super) name: Arc<str>,
    pub(super) overflow: Overflow,
    pub(super) redelivery: Redelivery<M>,
    /// The mailbox, which this keeps nothing open of.
    pub(super) queue: WeakSendStream<Envelope<M>>,
    pub(super) is_supervised: bool,
    /// The group that fails with the actor, if it has one and no supervisor.
    around: Option<TaskGroup>,
    /// Whether somebody stands in `line`. Only the actor's own task changes it.
    tells_itself: AtomicBool,
    /// How many messages were taken by the incarnations that have ended.
    taken: AtomicU64,
    life: Mutex<Life<M>>,
}

struct Life<M> {
    stage: Stage,
    /// Somebody asked it to stop before it ran.
    stop_asked: bool,
    /// What few actors have.
    extra: Option<Box<Extra<M>>>,
}

enum Stage {
    Vacant(Last),
    Running { scope: ScopeHandle, incarnation: u64 },
    Over(Last),
}

/// Which incarnation ended last, and how.
type Last = Option<(u64, Exit<Failure>)>;

struct Extra<M> {
    watchers: Vec<Watcher>,
    /// About how many of them nobody hears any more.
    abandoned: usize,
    hook: Option<Hook<M>>,
    questions: Vec<Reply<ActorStatus>>,
    line: VecDeque<(usize, Envelope<M>)>,
    home: Option<Home>,
    group: Option<TaskGroup>,
    flight: Option<Flight<M>>,
    listed: Listings,
}

/// What an incarnation leaves behind in its slot.
struct Left {
    watchers: Vec<Watcher>,
    group: Option<TaskGroup>,
    _unanswered: Vec<Reply<ActorStatus>>,
}

/// The supervisor of an actor, and its place there.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) supervisor: SupervisorHandle,
    pub(super) child_id: Arc<str>,
    pub(super) child: ChildRef,
}

/// The copy of the message that is being handled.
pub(super) struct Flight<M> {
    pub(super) message: M,
    pub(super) witness: Option<Witness>,
    pub(super) attempt: u32,
}

/// How an actor can be stopped.
pub(super) enum Stopper {
    Supervised(Home),
    Alone(ScopeHandle),
    /// It does not run yet: it ends as soon as it does, or, supervised, is not known to its supervisor yet.
    NotYet,
    Over,
}

impl<M> Slot<M> {
    pub(super) fn new(
        name: Arc<str>,
        overflow: Overflow,
        redelivery: Redelivery<M>,
        queue: WeakSendStream<Envelope<M>>,
        is_supervised: bool,
        around: Option<TaskGroup>,
    ) -> Self {
        let life = Mutex::new(Life { stage: Stage::Vacant(None), stop_asked: false, extra: None });
        let tells_itself = AtomicBool::new(false);
        Self {
            name,
            overflow,
            redelivery,
            queue,
            is_supervised,
            around,
            tells_itself,
            taken: AtomicU64::new(0),
            life,
        }
    }

    /// A number that no other slot has as long as this one lives.
    pub(super) fn identity(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self) as *const () as usize
    }

    /// Whether it is not this actor's own code that runs here.
    pub(super) fn is_not_own(self: &Arc<Self>) -> Result<(), Circle> {
        if own::is_polled(self.identity()) { Err(Circle::new([Arc::clone(&self.name)])) } else { Ok(()) }
    }

    /// Whoever runs here is about to wait for this actor.
    ///
    /// # Errors
    ///
    /// It would wait for itself: it is the actor's own code, or, where that is watched, of one that the actor waits for.
    pub(super) fn may_be_waited_for(self: &Arc<Self>) -> Result<Waiting, Circle> {
        self.is_not_own()?;
        // Whoever gives the reply ends the wait.
        begin_to_wait(self.identity(), || true)
    }

    /// Whoever runs here is about to wait for room in this actor's mailbox.
    ///
    /// # Errors
    ///
    /// As for [`may_be_waited_for`](Self::may_be_waited_for).
    pub(super) fn may_be_told(self: &Arc<Self>) -> Result<Waiting, Circle>
    where
        M: Send + 'static,
    {
        let slot = Arc::downgrade(self);
        begin_to_wait(self.identity(), move || slot.upgrade().is_some_and(|slot| slot.has_senders_waiting()))
    }

    fn has_senders_waiting(&self) -> bool {
        self.queue.upgrade().is_some_and(|queue| queue.statistics().waiting_senders > 0)
    }

    pub(super) fn set_hook(&self, hook: Hook<M>) {
        self.life().extra().hook = Some(hook);
    }

    /// Gives a message to the hook for those that are not delivered, if there is one; else it is dropped. A panic of
    /// the hook is reported and goes no further.
    pub(super) fn undelivered(&self, envelope: Envelope<M>, why: Undelivered) {
        let Envelope { message, witness } = envelope;
        if let Some(witness) = &witness {
            witness.became(match why {
                Undelivered::Stopped | Undelivered::Restarted => Fate::Stopped,
                Undelivered::Displaced | Undelivered::Refused => Fate::Refused,
            });
        }
        let hook = self.life().extra.as_ref().and_then(|extra| extra.hook.clone());
        let given = catch_unwind(AssertUnwindSafe(|| match hook {
            Some(hook) => hook(message, why),
            None => drop(message),
        }));
        if let Err(panic) = given {
            let (actor, panicked) = (&*self.name, panic_message(&panic));
            tracing::error!(
                actor,
                panic = panicked,
                "what becomes of an undelivered message panicked; it is lost"
            );
            put_away(panic);
        }
    }

    /// The place that the next incarnation has in its supervisor.
    pub(super) fn set_home(&self, home: Home) {
        let before = self.life().extra().home.replace(home);
        drop(before);
    }

    /// An incarnation begins in this scope.
    pub(super) fn begin(self: &Arc<Self>, scope: ScopeHandle, incarnation: u64) {
        diagnostics::know(self.identity(), &self.name);
        let mut life = self.life();
        if life.stop_asked && !self.is_supervised {
            scope.drain();
        }
        life.stage = Stage::Running { scope, incarnation };
    }

    /// An incarnation has ended, with everything that belongs to it. The failure of one of its own tasks is its own.
    pub(super) fn end(&self, exit: Exit<Failure>) -> Exit<Failure> {
        let mut life = self.life();
        let incarnation = match &life.stage {
            Stage::Running { incarnation, .. } => *incarnation,
            // It ended before its first poll, or there is nothing to tell any more.
            Stage::Vacant(_) | Stage::Over(_) => return exit,
        };
        let left = life.extra.as_mut().map(|extra| Left {
            watchers: Watcher::take(&mut extra.watchers, Watch::Incarnation),
            group: extra.group.take(),
            _unanswered: std::mem::take(&mut extra.questions),
        });
        let failed = left.as_ref().and_then(|left| left.group.as_ref()?.take_failure());
        let exit = failed.map_or(exit, Exit::Failed);
        let before = std::mem::replace(&mut life.stage, Stage::Vacant(Some((incarnation, exit.clone()))));
        drop(life);
        drop(before);
        if let Some(left) = left {
            Watcher::tell(left.watchers, &self.down(Some((incarnation, exit.clone()))));
        }
        exit
    }

    /// Nobody will run any more.
    pub(super) fn over(self: &Arc<Self>) {
        diagnostics::forget(self.identity());
        let mut life = self.life();
        let last = match &life.stage {
            Stage::Vacant(last) => last.clone(),
            Stage::Running { .. } => None,
            Stage::Over(_) => return,
        };
        let before = std::mem::replace(&mut life.stage, Stage::Over(last.clone()));
        let extra = life.extra.take();
        drop(life);
        drop(before);
        let Some(extra) = extra else { return };
        let Extra { watchers, listed, .. } = *extra;
        Watcher::tell(watchers, &self.down(last));
        listed.strike();
    }

    /// How it ended last.
    pub(super) fn last_down(&self) -> Down {
        let last = match &self.life().stage {
            Stage::Vacant(last) | Stage::Over(last) => last.clone(),
            Stage::Running { .. } => None,
        };
        self.down(last)
    }

    fn down(&self, last: Last) -> Down {
        let (incarnation, exit) = last.map_or((0, None), |(incarnation, exit)| (incarnation, Some(exit)));
        Down { actor: Arc::clone(&self.name), incarnation, exit }
    }

    /// Has an entry struck off its list when nobody will run any more; at once, if that is so.
    pub(super) fn list(&self, entry: &Arc<impl Listed>) {
        let mut life = self.life();
        if matches!(life.stage, Stage::Over(_)) {
            drop(life);
            return entry.strike();
        }
        life.extra().listed.add(entry);
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.life().stage, Stage::Over(_))
    }

    /// Tells `watcher` of the next end, or of the last one, if there will be no other.
    pub(super) fn watch(&self, watcher: Watcher) {
        let mut life = self.life();
        match &life.stage {
            Stage::Over(last) => {
                let last = last.clone();
                drop(life);
                Watcher::tell(vec![watcher], &self.down(last));
            }
            Stage::Vacant(_) | Stage::Running { .. } => life.extra().watchers.push(watcher),
        }
    }

    /// A watcher watches no more. They are forgotten when they are half of all: each costs the same, however many there are.
    pub(super) fn forget_watcher(&self) {
        let mut life = self.life();
        let Some(extra) = &mut life.extra else { return };
        extra.abandoned += 1;
        if 2 * extra.abandoned < extra.watchers.len() {
            return;
        }
        extra.abandoned = 0;
        let gone = Watcher::take_abandoned(&mut extra.watchers);
        drop(life);
        drop(gone);
    }

    pub(super) fn stopper(&self) -> Stopper {
        let mut life = self.life();
        let home = life.extra.as_ref().and_then(|extra| extra.home.clone());
        match (&life.stage, home) {
            (Stage::Over(_), _) => Stopper::Over,
            (_, Some(home)) => Stopper::Supervised(home),
            (Stage::Running { scope, .. }, None) => Stopper::Alone(scope.clone()),
            (Stage::Vacant(_), None) => {
                life.stop_asked = true;
                Stopper::NotYet
            }
        }
    }

    /// The group of the actor's own tasks, in the scope of the incarnation that runs.
    ///
    /// # Panics
    ///
    /// When none runs: only its own code asks.
    pub(super) fn group(&self) -> TaskGroup {
        let mut life = self.life();
        let Stage::Running { scope, .. } = &life.stage else {
            panic!("only the actor's own code asks for its group")
        };
        let scope = scope.clone();
        let around = self.around.clone();
        life.extra().group.get_or_insert_with(|| TaskGroup::within(scope, around)).clone()
    }

    /// The scope of the incarnation that runs.
    pub(super) fn scope(&self) -> Option<ScopeHandle> {
        match &self.life().stage {
            Stage::Running { scope, .. } => Some(scope.clone()),
            Stage::Vacant(_) | Stage::Over(_) => None,
        }
    }

    /// Asks how the actor is; the answer comes between two messages.
    pub(super) fn ask_how(&self, reply: Reply<ActorStatus>) -> Result<(), Reply<ActorStatus>> {
        let mut life = self.life();
        let Stage::Running { scope, .. } = &life.stage else { return Err(reply) };
        let scope = scope.clone();
        life.extra().questions.push(reply);
        drop(life);
        scope.nudge();
        Ok(())
    }

    pub(super) fn take_questions(&self) -> Vec<Reply<ActorStatus>> {
        self.life().extra.as_mut().map(|extra| std::mem::take(&mut extra.questions)).unwrap_or_default()
    }

    /// Whether the actor has told itself something for which there was no room.
    #[inline]
    pub(super) fn tells_itself(&self) -> bool {
        self.tells_itself.load(Ordering::Relaxed)
    }

    /// How many messages have been taken. Incarnations follow each other, so nobody else writes.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    pub(super) fn note_taken(&self, taken: u64) {
        self.taken.store(taken, Ordering::Relaxed);
    }

    /// Whether an actor whose mailbox has room for so many may tell itself one more.
    pub(super) fn has_reserve(&self, room: usize) -> bool {
        self.in_line() < RESERVE.saturating_add(room)
    }

    /// What the actor tells itself stands in line behind so many messages of the mailbox.
    pub(super) fn stand_in_line(&self, ahead: usize, envelope: Envelope<M>) {
        self.life().extra().line.push_back((ahead, envelope));
        self.tells_itself.store(true, Ordering::Relaxed);
    }

    /// A message of the mailbox is taken: those who stand in line move up.
    pub(super) fn move_up(&self) {
        if self.tells_itself() {
            self.life().extra().line.iter_mut().for_each(|(ahead, _)| *ahead = ahead.saturating_sub(1));
        }
    }

    /// The first in line, if nothing in the mailbox comes before it.
    pub(super) fn next_in_line(&self) -> Option<Envelope<M>> {
        let is_next = |(ahead, _): &mut (usize, Envelope<M>)| *ahead == 0;
        if self.tells_itself() { self.pop_line(is_next) } else { None }
    }

    /// The first in line, if the mailbox is empty: who was to come before it may have given up.
    pub(super) fn first_in_line(&self) -> Option<Envelope<M>> {
        if self.tells_itself() { self.pop_line(|_| true) } else { None }
    }

    fn pop_line(&self, takes: impl FnOnce(&mut (usize, Envelope<M>)) -> bool) -> Option<Envelope<M>> {
        let mut life = self.life();
        let line = &mut life.extra.as_mut()?.line;
        let popped = line.pop_front_if(takes);
        self.tells_itself.store(!line.is_empty(), Ordering::Relaxed);
        popped.map(|(_, envelope)| envelope)
    }

    /// How many stand in line.
    pub(super) fn in_line(&self) -> usize {
        self.life().extra.as_ref().map_or(0, |extra| extra.line.len())
    }

    pub(super) fn keep_flight(&self, flight: Flight<M>) {
        let before = self.life().extra().flight.replace(flight);
        drop(before);
    }

    pub(super) fn take_flight(&self) -> Option<Flight<M>> {
        self.life().extra.as_mut()?.flight.take()
    }

    fn life(&self) -> MutexGuard<'_, Life<M>> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Life<M> {
    fn extra(&mut self) -> &mut Extra<M> {
        self.extra.get_or_insert_with(|| {
            Box::new(Extra {
                watchers: Vec::new(),
                abandoned: 0,
                hook: None,
                questions: Vec::new(),
                line: VecDeque::new(),
                home: None,
                group: None,
                flight: None,
                listed: Listings::default(),
            })
        })
    }
}
