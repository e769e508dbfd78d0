//! Actors, as their users see them: one module per subject, nearly all in virtual time.

mod asking;
mod attaching;
mod bodies;
mod by_hand;
mod crashing;
mod doer;
mod draining;
mod dropping;
mod hooks;
mod keeping;
mod lines;
mod macros;
mod overflowing;
mod own_tasks;
mod piping;
mod process_groups;
mod redelivering;
mod registry;
mod slot;
mod storm;
mod support;
mod telling;
mod telling_itself;
mod ticking;
mod unsupervised;
