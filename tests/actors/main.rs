//! Actors, as their users see them: one module per subject, nearly all in virtual time.

mod asking;
mod by_hand;
mod crashing;
mod draining;
mod dropping;
mod hooks;
mod lines;
mod macros;
mod process_groups;
mod redelivering;
mod registry;
mod slot;
mod storm;
mod support;
mod telling;
mod unsupervised;
