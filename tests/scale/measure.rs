//! How cost grows with size, and threads with little stack.

use super::ending::{End, Make, time_to};
use arbour::testing::{block_on, simulate};
use std::time::Duration;

/// A sixteenth of what a main thread has, a quarter of what std gives to a thread.
const SMALL_STACK: usize = 512 << 10;

pub(crate) fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    on_a_stack_of(SMALL_STACK, test);
}

pub(crate) fn on_a_stack_of(bytes: usize, test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(bytes).spawn(test);
    thread.unwrap().join().unwrap_or_else(|payload| std::panic::resume_unwind(payload));
}

/// Asserts that the end of `most` takes about four times as long as that of a quarter.
#[track_caller]
pub(crate) fn ends_in_linear_time(end: End, most: usize, make: Make) {
    grows_linearly(most, |size| block_on(time_to(end, size, make)));
}

/// Asserts that `most` cost about four times as much as a quarter, in one of three tries.
#[track_caller]
pub(crate) fn grows_linearly(most: usize, cost: impl Fn(usize) -> Duration) {
    let tries: Vec<_> = (0..3).map(|_| (cost(most / 4), cost(most))).take_while(is_too_much).collect();
    assert!(tries.len() < 3, "a quarter of {most}, and all of them, took {tries:?}");
}

/// Linear is 4 with some noise, quadratic is 16.
fn is_too_much(&(few, many): &(Duration, Duration)) -> bool {
    many > few * 8
}

/// Asserts that a whole run of 800 takes about four times the polls of one of 200, in a simulation.
#[track_caller]
pub(crate) fn ends_in_linear_polls(end: End, make: Make) {
    let polls = |size| {
        let run = simulate(7, time_to(end, size, make));
        run.result.unwrap();
        run.trace.len()
    };
    let (few, many) = (polls(200), polls(800));
    assert!(many < few * 5, "{end:?}: {few} polls for 200, but {many} for 800");
}
