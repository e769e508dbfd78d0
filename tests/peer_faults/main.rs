//! The faults of our peers that `COMPARE.md` lists, each as a sentence about Arbour that holds.

mod kameo;
mod ractor;
mod support;
