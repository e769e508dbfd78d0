//! Who is told, and what becomes of a notice that is not taken.

use super::{Notice, Notices};
use crate::tests::Task;
use core::future::poll_fn;

/// Waits until it is told; the notice goes with the task unless the task is finished.
fn told(mut notice: Notice) -> Task<'static, ()> {
    Task::waiting(async move {
        poll_fn(|cx| notice.poll_told(cx)).await;
        notice.take();
    })
}

fn wakes(tasks: &[Task<'_, ()>]) -> Vec<usize> {
    tasks.iter().map(Task::wakes).collect()
}

#[test]
fn those_who_wait_longest_are_told_first() {
    let notices = Notices::new();
    let tasks: Vec<_> = (0..4).map(|_| told(notices.join())).collect();
    notices.tell(1);
    assert_eq!((wakes(&tasks), notices.waiting()), (vec![1, 0, 0, 0], 3));
    notices.tell(2);
    assert_eq!((wakes(&tasks), notices.waiting()), (vec![1, 1, 1, 0], 1));
    notices.tell(5);
    assert_eq!((wakes(&tasks), notices.waiting()), (vec![1, 1, 1, 1], 0));
    tasks.into_iter().for_each(Task::finish);
    let _late = told(notices.join());
}

#[test]
fn a_notice_for_one_goes_to_the_next_when_who_was_told_is_dropped() {
    let notices = Notices::new();
    let (first, second, third) = (told(notices.join()), told(notices.join()), told(notices.join()));
    notices.tell(1);
    drop(first);
    assert_eq!((second.wakes(), third.wakes()), (1, 0));
    second.finish();
    assert_eq!(third.wakes(), 0, "it was taken");
}

#[test]
fn a_notice_to_all_is_not_handed_on_to_who_came_later() {
    let notices = Notices::new();
    let early = told(notices.join());
    notices.tell_all();
    let late = told(notices.join());
    drop(early);
    assert_eq!((late.wakes(), notices.waiting()), (0, 1));
}

#[test]
fn who_is_dropped_before_it_was_told_only_leaves() {
    let notices = Notices::new();
    let (first, second) = (told(notices.join()), told(notices.join()));
    drop(first);
    assert_eq!((second.wakes(), notices.waiting()), (0, 1));
}

#[test]
fn a_notice_before_the_first_poll_is_not_missed() {
    let notices = Notices::new();
    let mut notice = notices.join();
    notices.tell(1);
    Task::new(poll_fn(|cx| notice.poll_told(cx))).finish();
    notice.take();
}
