//! Merged streams: order, fairness, the end, and who is polled.

use super::super::{RecvError, memory_stream, merge, merge_two, objects};
use super::{Script, Task, now};
use core::task::Poll;
use futures::stream::{self, Empty};
use futures::{FutureExt, StreamExt};
use std::cell::Cell;

#[test]
fn a_source_that_is_always_ready_leaves_every_other_one_its_turn() {
    let sources = ["a", "b", "c"].map(stream::repeat);
    let merged = now(merge(sources).take(300).collect::<Vec<_>>());
    for turn in merged.chunks(3) {
        assert_eq!(turn, ["a", "b", "c"]);
    }
    let merged = now(merge_two(stream::repeat('a'), stream::repeat('b')).take(100).collect::<String>());
    assert_eq!(merged, "ab".repeat(50));
}

#[test]
fn a_source_that_comes_late_is_not_kept_waiting_by_one_that_is_always_ready() {
    let (tx, rx) = memory_stream(8);
    let mut merged = merge([stream::repeat(0).boxed_local(), rx.boxed_local()]);
    for _ in 0..10 {
        assert_eq!(now(merged.next()), Some(0));
    }
    (1..=4).for_each(|item| tx.try_send(item).unwrap());
    let items = now(merged.by_ref().take(8).collect::<Vec<_>>());
    assert_eq!(items.iter().filter(|item| **item > 0).copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(items[..2].contains(&1), "{items:?}");
}

#[test]
fn a_source_keeps_its_order_and_the_merge_ends_with_the_last() {
    let mut merged = merge([stream::iter(vec![1, 3, 5]), stream::iter(vec![2]), stream::iter(vec![])]);
    assert_eq!(now(merged.by_ref().collect::<Vec<_>>()), [1, 2, 3, 5]);
    assert_eq!(now(merged.next()), None, "an end is for ever, and no source is asked again");

    let mut merged = merge_two(stream::iter([1, 3, 5]), stream::iter([2]));
    assert_eq!(now(merged.by_ref().collect::<Vec<_>>()), [1, 2, 3, 5]);
    assert_eq!(now(merged.next()), None);
}

#[test]
fn a_merge_of_nothing_has_ended() {
    assert_eq!(now(merge(Vec::<Empty<u8>>::new()).next()), None);
}

#[test]
fn a_source_that_has_ended_is_not_polled_again() {
    let count = Cell::new(0);
    let ended = || Script::new([Poll::Ready(None)], &count);
    let mut merged = merge([ended().boxed_local(), stream::repeat(1).boxed_local()]);
    assert_eq!(now(merged.by_ref().take(3).collect::<Vec<_>>()), [1; 3]);
    let mut merged = merge_two(ended(), stream::repeat(1));
    assert_eq!(now(merged.by_ref().take(3).collect::<Vec<_>>()), [1; 3]);
    assert_eq!(count.get(), 2);
}

#[test]
fn only_the_sources_that_were_woken_are_polled() {
    let count = Cell::new(0);
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..100).map(|_| memory_stream(1)).unzip();
    let counted = receivers.into_iter().map(|mut rx| {
        let count = &count;
        stream::poll_fn(move |cx| {
            count.set(count.get() + 1);
            rx.poll_next_unpin(cx)
        })
    });
    let mut merged = merge(counted);
    let mut next = Task::waiting(merged.next());
    assert_eq!(count.replace(0), 100, "each is asked once to begin with");
    assert!(next.poll().is_pending());
    assert_eq!(count.get(), 0);
    senders[70].try_send('a').unwrap();
    assert_eq!(next.wakes(), 1);
    assert_eq!(next.finish(), Some('a'));
    assert_eq!(count.replace(0), 1);
    assert!(merged.next().now_or_never().is_none());
    assert_eq!(count.get(), 1, "who gave an item is asked for another");
}

#[test]
fn a_dropped_next_takes_nothing_and_a_dropped_merge_leaves_the_items_with_the_sources() {
    let (tx, mut rx) = memory_stream(4);
    let (other_tx, mut other) = memory_stream(4);
    {
        let mut merged = merge([&mut rx, &mut other]);
        drop(Task::waiting(merged.next()));
        (0..3).for_each(|item| tx.try_send(item).unwrap());
        other_tx.try_send(10).unwrap();
        assert_eq!(now(merged.next()), Some(0));
    }
    assert_eq!((rx.len(), other.len()), (2, 1));
    {
        let mut merged = merge_two(&mut rx, &mut other);
        assert_eq!(now(merged.next()), Some(1));
    }
    assert_eq!((now(rx.next()), now(other.next())), (Some(2), Some(10)));
}

#[test]
fn the_sources_come_back_in_their_order_also_the_ended_ones() {
    let ((tx, rx), (_idle, other)) = (memory_stream::<u8>(1), memory_stream(1));
    drop(tx);
    let mut merged = merge([rx, other]);
    drop(Task::waiting(merged.next()));
    let sources = merged.into_sources();
    assert_eq!(sources.iter().map(|rx| rx.statistics().open_senders).collect::<Vec<_>>(), [0, 1]);
    let (left, right) = merge_two(stream::iter([1]), stream::iter([2])).into_sources();
    assert_eq!(now(left.chain(right).collect::<Vec<_>>()), [1, 2]);
}

#[test]
fn a_source_that_wakes_itself_is_polled_in_the_next_poll_and_starves_nobody() {
    let (tx, rx) = memory_stream(1);
    let restless = stream::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::<Option<u8>>::Pending
    });
    let mut merged = merge([restless.boxed_local(), rx.boxed_local()]);
    let mut next = Task::waiting(merged.next());
    assert_eq!(next.wakes(), 1);
    tx.try_send(1).unwrap();
    assert_eq!(next.poll(), Poll::Ready(Some(1)));
}

#[test]
fn errors_pass_through_and_end_an_object_stream_but_not_the_merge() {
    let ((tx, rx), (idle, other)) = (memory_stream(1), memory_stream(1));
    rx.close_end();
    idle.try_send('a').unwrap();
    drop((tx, idle));
    let merged = merge([rx, other].map(|end| Box::pin(objects(end))));
    assert_eq!(now(merged.collect::<Vec<_>>()), [Err(RecvError::Closed), Ok('a')]);
}

#[test]
fn merges_of_sendable_sources_are_sendable_and_show_themselves() {
    fn shown<M: Send + core::fmt::Debug>(merged: &M) -> String {
        format!("{merged:?}")
    }
    struct Opaque;
    let ((_tx, rx), (_other_tx, other)) = (memory_stream::<Opaque>(1), memory_stream(1));
    assert_eq!(shown(&merge([rx.clone(), other.clone()])), "Merge { sources: 2, running: 2, .. }");
    assert_eq!(shown(&merge_two(rx, other)), "MergeTwo { ended: [false, false], .. }");
}
