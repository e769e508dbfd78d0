//! The testing tools themselves: seeded orders of tasks, standstills, waiting until all is blocked.
#![forbid(unsafe_code)]

mod blocked;
mod chaos;
mod ledger;
mod orders;
mod promises;
mod races;
mod sequences;
mod standstills;
mod wrapped;
