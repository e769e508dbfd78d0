//! Several futures in one task, each a node of its own: `join!`, `try_join!`, `race`, and their forms
//! for collections.
//!
//! A body is held as a whole: where foreign combinators hold several futures in one body, a shield in
//! one of them keeps all of them going after a cancellation. Here each future is a **branch**, which is
//! a frame like a scope's: cancelled from outside, the branch that is held lives on, the others are
//! dropped (C6).
//!
//! # States of a combinator
//!
//! *Open* (branches run) → *closing* (something decided the outcome: the branches that still run are
//! cancelled, and waited for) → resolved. A combinator whose branches all end by themselves is never
//! closing. Where a branch was *lost*, which is that a cancellation ended it without a value, and no
//! other branch decided the outcome, there is nothing to resolve to: the cancellation goes on to the
//! scope around.
//!
//! # Invariants
//!
//! 1. Each branch is polled at least once before it is dropped by us, closing or not (C3).
//! 2. A combinator resolves only when all its branches have ended, with their children, clean-ups and
//!    finalizers; so none outlives it.
//! 3. A value that a branch gave is handed on, never dropped by us; so is the first panic.
//! 4. In one poll each branch that was woken before it is polled once, and once more if the combinator
//!    began to close in it; no other is polled. A waiting combinator costs what its woken branches do.
//!
//! That branches are polled only when woken follows `FuturesUnordered`, which however yields after two
//! branches that wake themselves: there a node inside may miss its turn in the last poll.

mod arm;
mod bells;
mod drive;
mod first_ok;
mod fixed;
mod join_all;
mod many;
mod order;
mod race;
mod try_join_all;

pub use arm::{Arm, Branch, End};
pub(crate) use bells::Bells;
pub use drive::Drive;
pub use first_ok::{AllFailed, FirstOk, first_ok};
pub use join_all::{JoinAll, join_all};
pub use order::set_turn;
pub use race::{NothingToRace, Race, Raced, race};
pub use try_join_all::{TryJoinAll, try_join_all};
