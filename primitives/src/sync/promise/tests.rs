//! The promises of a promise, polled by hand.

use super::PromiseCell;
use core::task::{Context, Poll, Waker};

fn poll<T>(cell: &PromiseCell<T>) -> Poll<Result<T, u8>> {
    cell.poll(&Context::from_waker(Waker::noop()))
}

#[test]
fn the_first_value_counts_and_the_second_comes_back() {
    let cell = PromiseCell::new(1);
    assert!(poll(&cell).is_pending());
    assert_eq!(cell.keep(1), Ok(()));
    assert_eq!(cell.keep(2), Err(2));
    cell.leave();
    assert_eq!(poll(&cell), Poll::Ready(Ok(1)));
}

#[test]
fn a_second_value_comes_back_also_when_the_first_was_taken() {
    let cell = PromiseCell::new(1);
    assert_eq!(cell.keep(1), Ok(()));
    assert_eq!(cell.try_take(), Some(Ok(1)));
    assert_eq!(cell.keep(2), Err(2));
}

#[test]
fn nobody_is_given_anything_who_has_gone() {
    let cell = PromiseCell::new(1);
    assert!(!cell.is_abandoned());
    assert!(!cell.give_up(), "nobody had begun");
    assert!(cell.is_abandoned());
    assert_eq!(cell.keep(1), Err(1));
    assert!(!cell.begin());
}

#[test]
fn who_gives_up_hears_whether_somebody_had_begun() {
    let cell = PromiseCell::<()>::new(1);
    assert!(cell.begin());
    assert!(cell.begin(), "it may be begun again, after a crash");
    assert!(cell.give_up());
}

#[test]
fn the_last_giver_to_leave_breaks_it_for_the_last_reason_given() {
    let cell = PromiseCell::<()>::new(1);
    cell.join();
    cell.because(1);
    cell.leave();
    assert_eq!(cell.try_take(), None);
    cell.because(2);
    cell.leave();
    assert_eq!(poll(&cell), Poll::Ready(Err(2)));
}
