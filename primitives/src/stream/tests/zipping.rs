//! Zipped streams: pairs in order, half pairs kept, the end.

use super::super::{Half, memory_stream, zip};
use super::{Script, Task, now};
use core::task::Poll;
use futures::{StreamExt, stream};
use std::cell::Cell;

#[test]
fn items_are_paired_in_their_order_until_either_ends() {
    let mut pairs = zip(stream::iter([1, 2, 3]), stream::iter(['a', 'b']));
    assert_eq!(now(pairs.by_ref().collect::<Vec<_>>()), [(1, 'a'), (2, 'b')]);
    assert_eq!(now(pairs.next()), None, "an end is for ever");
    assert_eq!(pairs.into_parts().2, Some(Half::Left(3)));
}

#[test]
fn nothing_is_taken_of_the_second_when_the_first_has_ended() {
    let (pairs, mut right) = (stream::iter([1]), stream::iter(['a', 'b']));
    assert_eq!(now(zip(pairs, &mut right).collect::<Vec<_>>()), [(1, 'a')]);
    assert_eq!(now(right.next()), Some('b'));
}

#[test]
fn a_half_pair_survives_a_dropped_next_on_either_side() {
    let ((left, from_left), (right, from_right)) = (memory_stream(1), memory_stream(1));
    let mut pairs = zip(from_left, from_right);
    left.try_send(1).unwrap();
    drop(Task::waiting(pairs.next()));
    assert_eq!(left.len(), 0, "both are asked at the same time");
    right.try_send('a').unwrap();
    assert_eq!(now(pairs.next()), Some((1, 'a')));

    right.try_send('b').unwrap();
    drop(Task::waiting(pairs.next()));
    assert_eq!(right.len(), 0);
    left.try_send(2).unwrap();
    assert_eq!(now(pairs.next()), Some((2, 'b')));
}

#[test]
fn a_half_pair_comes_back_with_the_sources() {
    let ((_left, from_left), (right, from_right)) = (memory_stream::<u8>(1), memory_stream(2));
    let mut pairs = zip(from_left, from_right);
    right.try_send('a').unwrap();
    right.try_send('b').unwrap();
    drop(Task::waiting(pairs.next()));
    let (from_left, from_right, held) = pairs.into_parts();
    assert_eq!(held, Some(Half::Right('a')));
    assert_eq!((from_left.statistics().open_senders, from_right.try_recv()), (1, Ok('b')));
}

#[test]
fn the_end_of_one_side_is_told_while_the_other_is_waited_for() {
    for ends_right in [false, true] {
        let ((left, from_left), (right, from_right)) = (memory_stream::<u8>(1), memory_stream::<u8>(1));
        let mut pairs = zip(from_left, from_right);
        let next = Task::waiting(pairs.next());
        let _rest = if ends_right {
            drop(right);
            left
        } else {
            drop(left);
            right
        };
        assert_eq!(next.wakes(), 1);
        assert_eq!(next.finish(), None);
    }
}

#[test]
fn a_source_whose_item_is_held_or_that_has_ended_is_not_polled() {
    let (left, right) = (Cell::new(0), Cell::new(0));
    let mut pairs = zip(
        Script::new([Poll::Ready(Some(1)), Poll::Pending, Poll::Ready(None)], &left),
        Script::new([Poll::Pending, Poll::Pending, Poll::Ready(Some(2)), Poll::Ready(Some(3))], &right),
    );
    let mut next = Task::new(pairs.next());
    assert_eq!((next.poll(), next.poll()), (Poll::Pending, Poll::Pending));
    assert_eq!((left.get(), right.get()), (1, 2));
    assert_eq!(next.finish(), Some((1, 2)));
    let mut next = Task::waiting(pairs.next());
    assert_eq!(next.poll(), Poll::Ready(None));
    drop(next);
    assert_eq!(now(pairs.next()), None);
    assert_eq!((left.get(), right.get()), (3, 4));
    assert_eq!(pairs.into_parts().2, Some(Half::Right(3)));
}

#[test]
fn errors_pass_through_in_their_half() {
    let pairs = zip(stream::iter([Ok(1), Err("worm")]), stream::iter(['a', 'b']));
    assert_eq!(now(pairs.collect::<Vec<_>>()), [(Ok(1), 'a'), (Err("worm"), 'b')]);
}

#[test]
fn a_zip_of_sendable_sources_is_sendable_and_shows_what_it_holds() {
    fn shown<Z: Send + core::fmt::Debug>(pairs: &Z) -> String {
        format!("{pairs:?}")
    }
    struct Opaque;
    let ((left, from_left), (_right, from_right)) = (memory_stream(1), memory_stream::<Opaque>(1));
    let mut pairs = zip(from_left, from_right);
    assert!(left.try_send(Opaque).is_ok());
    drop(Task::waiting(pairs.next()));
    assert_eq!(shown(&pairs), "Zip { holds_left: true, holds_right: false, over: false, .. }");
}
