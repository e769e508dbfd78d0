//! Which branches were woken since they were last polled.
//!
//! # Invariants
//!
//! 1. A bell is in `woken` once at most: `is_rung` says whether it is.
//! 2. The task's waker is in place before the list is taken, under one lock: a bell that rings later
//!    wakes it.
//!
//! Lock order: this lock is the last. No waker is woken or dropped under it.

use crate::loom::{Mutex, WakeArc};
use core::task::Waker;
use std::task::Wake;

/// The bells of a number of branches.
pub(crate) struct Bells {
    board: WakeArc<Board>,
    wakers: Vec<Waker>,
}

struct Board {
    state: Mutex<State>,
}

struct State {
    woken: Vec<usize>,
    is_rung: Vec<bool>,
    task: Option<Waker>,
}

/// The waker of one branch.
struct Bell {
    board: WakeArc<Board>,
    index: usize,
}

impl Bells {
    /// All of them rung, so that each branch is polled first of all.
    pub(crate) fn all_rung(count: usize) -> Self {
        let state = State { woken: (0..count).collect(), is_rung: vec![true; count], task: None };
        let board = WakeArc::new(Board { state: Mutex::new(state) });
        let bell = |index| Waker::from(WakeArc::new(Bell { board: WakeArc::clone(&board), index }));
        let wakers = (0..count).map(bell).collect();
        Self { board, wakers }
    }

    /// Rings all of them, and wakes nobody.
    pub(crate) fn ring_all(&self) {
        let mut state = self.board.state.lock();
        state.woken = (0..self.wakers.len()).collect();
        state.is_rung.fill(true);
    }

    pub(crate) fn waker(&self, index: usize) -> &Waker {
        &self.wakers[index]
    }

    /// Puts those that rang since the last call into `woken`, in the order in which they did; from now
    /// on they wake `task`.
    pub(crate) fn answer(&self, task: &Waker, woken: &mut Vec<usize>) {
        woken.clear();
        if crate::loom::fault("branch_answers_before_it_listens") {
            self.board.state.lock().take(woken);
            let _old = self.board.state.lock().task.replace(task.clone());
            return;
        }
        let mut state = self.board.state.lock();
        state.take(woken);
        let old = match &state.task {
            Some(same) if same.will_wake(task) => None,
            _ => state.task.replace(task.clone()),
        };
        drop(state);
        drop(old);
    }
}

impl State {
    fn take(&mut self, woken: &mut Vec<usize>) {
        core::mem::swap(&mut self.woken, woken);
        for &index in &*woken {
            self.is_rung[index] = false;
        }
    }
}

impl Drop for Bells {
    fn drop(&mut self) {
        // Somebody may keep a bell for long; the task is none of its business any more.
        let _task = self.board.state.lock().task.take();
    }
}

impl Wake for Bell {
    fn wake(self: WakeArc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &WakeArc<Self>) {
        let task = {
            let mut state = self.board.state.lock();
            if core::mem::replace(&mut state.is_rung[self.index], true) {
                return;
            }
            state.woken.push(self.index);
            state.task.clone()
        };
        task.into_iter().for_each(Waker::wake);
    }
}
