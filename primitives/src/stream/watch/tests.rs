//! The watch's promises, one situation a test, polled by hand.

mod foreign;
mod seeing;
mod telling;

use super::{WatchClosed, watch};
use crate::tests::{StdArc, Task, now};
