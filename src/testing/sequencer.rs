//! Steps across tasks in a fixed order.

use arbour_primitives::scope::Gate;
use arbour_primitives::standstill;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

/// Lets tasks take steps in a fixed order, whatever order they run in: step 0 first, step 1 when that is
/// over, and so on. Clones are one sequence.
///
/// # Examples
///
/// ```
/// use arbour::task_group;
/// use arbour::testing::{Sequencer, block_on};
/// use std::sync::Mutex;
///
/// static SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());
///
/// async fn take(sequencer: Sequencer, steps: [usize; 2], notes: [u32; 2]) {
///     for (step, note) in steps.into_iter().zip(notes) {
///         let _step = sequencer.step(step).await.unwrap();
///         SEEN.lock().unwrap().push(note);
///     }
/// }
///
/// block_on(async {
///     let sequencer = Sequencer::new();
///     let group = task_group(async |group| {
///         group.spawn_value(take(sequencer.clone(), [1, 3], [10, 30]));
///         group.spawn_value(take(sequencer.clone(), [0, 2], [0, 20]));
///     });
///     group.await.unwrap();
/// });
/// assert_eq!(*SEEN.lock().unwrap(), [0, 10, 20, 30]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sequencer {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The step that is on, or is next.
    now: usize,
    /// The step that was given up: no later one can come.
    broken: Option<usize>,
    /// Who waits, by the step; `None` where somebody has come and does not wait: the step is on.
    taken: BTreeMap<usize, Option<Waker>>,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SequenceError {
    /// It was taken before, or is awaited by somebody else.
    #[error("step {step} is taken already")]
    #[non_exhaustive]
    Taken {
        /// The step asked for.
        step: usize,
    },
    /// Somebody who waited for an earlier step has gone: it will never be over.
    #[error("step {step} can never come: whoever waited for step {gone} has gone")]
    #[non_exhaustive]
    Broken {
        /// The step asked for.
        step: usize,
        /// The step that was given up.
        gone: usize,
    },
}

impl Sequencer {
    /// A sequence that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until all earlier steps are over. The step lasts until what this gives is dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it breaks the sequence: the steps after it can never come, and whoever
    /// waits for one is told.
    ///
    /// # Errors
    ///
    /// [`SequenceError`] when the step is taken already, or the sequence is broken before it.
    pub fn step(&self, step: usize) -> NextStep {
        NextStep { sequencer: self.clone(), step, gate: Gate::new(), stage: Stage::New }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on to the next step.
    fn over(&self) {
        let next = {
            let mut state = self.state();
            state.now += 1;
            let now = state.now;
            state.taken.get_mut(&now).and_then(Option::take)
        };
        next.into_iter().for_each(Waker::wake);
    }

    fn give_up(&self, step: usize) {
        let later: Vec<Waker> = {
            let mut state = self.state();
            state.broken = Some(state.broken.map_or(step, |before| before.min(step)));
            state.taken.range_mut(step..).filter_map(|(_, waker)| waker.take()).collect()
        };
        later.into_iter().for_each(Waker::wake);
    }
}

/// The future of [`Sequencer::step`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct NextStep {
    sequencer: Sequencer,
    step: usize,
    gate: Gate,
    stage: Stage,
}

#[derive(Debug, PartialEq)]
enum Stage {
    New,
    Waiting,
    Over,
}

impl Future for NextStep {
    type Output = Result<CurrentStep, SequenceError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.gate.poll_enter(cx));
        let taken = self.poll_step(cx);
        let (step, stage) = (self.step, &mut self.stage);
        if taken.is_ready() {
            *stage = Stage::Over;
        }
        standstill::tell(taken, || format!("step {step} of a sequence"))
    }
}

impl NextStep {
    fn poll_step(&mut self, cx: &Context<'_>) -> Poll<Result<CurrentStep, SequenceError>> {
        let (step, sequencer) = (self.step, self.sequencer.clone());
        let waker = cx.waker().clone();
        let mut state = sequencer.state();
        if let Some(gone) = state.broken.filter(|gone| *gone < step) {
            return Poll::Ready(Err(SequenceError::Broken { step, gone }));
        }
        if self.stage == Stage::New {
            if step < state.now || state.taken.contains_key(&step) {
                return Poll::Ready(Err(SequenceError::Taken { step }));
            }
            self.stage = Stage::Waiting;
        }
        let waits = step > state.now;
        let before = state.taken.insert(step, waits.then_some(waker));
        drop(state);
        drop(before);
        if waits { Poll::Pending } else { Poll::Ready(Ok(CurrentStep { sequencer })) }
    }
}

impl Drop for NextStep {
    fn drop(&mut self) {
        if self.stage == Stage::Waiting {
            self.sequencer.give_up(self.step);
        }
    }
}

/// A step that is on; the next one begins when this is dropped.
#[derive(Debug)]
#[must_use = "the step is over when this is dropped"]
pub struct CurrentStep {
    sequencer: Sequencer,
}

impl Drop for CurrentStep {
    fn drop(&mut self) {
        self.sequencer.over();
    }
}
