//! Which branch is asked first.
//!
//! An order that never changed would let an early branch starve the later ones: one that spends the
//! task's units in each poll, or one that wins each race of a loop. So the first place goes round.

use core::cell::Cell;

#[cfg(not(arbour_loom))]
std::thread_local! {
    static TURN: Cell<usize> = const { Cell::new(0) };
}
#[cfg(arbour_loom)]
loom::thread_local! {
    static TURN: Cell<usize> = Cell::new(0);
}

/// The order in which branches are polled.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    /// As they were given, always.
    Biased,
    /// Each poll begins with another branch: with this one next, counted round.
    Fair(usize),
}

impl Order {
    /// Begins at the first branch.
    pub(super) const FAIR: Self = Self::Fair(0);

    /// Begins at another branch than the last such order of this thread did.
    pub(super) fn next_of_thread() -> Self {
        let turn = TURN.try_with(|turn| turn.replace(turn.get().wrapping_add(1)));
        Self::Fair(turn.unwrap_or(0))
    }

    /// The first place of this poll among `count`.
    pub(super) fn first(&mut self, count: usize) -> usize {
        match self {
            Self::Biased => 0,
            Self::Fair(turn) => {
                let first = turn.checked_rem(count).unwrap_or(0);
                *turn = turn.wrapping_add(1);
                first
            }
        }
    }
}

/// Sets which branch the next race of this thread begins with. A schedule that is to be repeated
/// exactly begins with the same number.
pub fn set_turn(turn: usize) {
    let _ = TURN.try_with(|slot| slot.set(turn));
}
