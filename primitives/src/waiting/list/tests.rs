//! The list's order, which everybody's fairness stands on.

use super::{KEPT, Key, WaitList};

const HERE: usize = 0;
const THERE: usize = 1;

fn list(waiters: impl IntoIterator<Item = u32>) -> (WaitList<u32, 2>, Vec<Key>) {
    let mut list = WaitList::new();
    let keys = waiters.into_iter().map(|waiter| list.join(HERE, waiter)).collect();
    (list, keys)
}

fn lane(list: &WaitList<u32, 2>, lane: usize) -> Vec<u32> {
    let waiters = std::iter::successors(list.first(lane), |key| list.next(*key));
    let waiters: Vec<u32> = waiters.map(|key| list[key]).collect();
    assert_eq!(waiters.len(), list.len(lane));
    assert_eq!(waiters.last().copied(), list.last(lane).map(|key| list[key]));
    waiters
}

mod trio_parking_lot {
    use super::*;

    #[test]
    fn parking_lot_repark_with_count() {
        let (mut list, _keys) = list(1..=5);
        let already_there = list.join(THERE, 0);
        for _ in 0..3 {
            let first = list.first(HERE).unwrap();
            list.move_to_back(first, THERE);
        }
        assert_eq!((lane(&list, HERE), lane(&list, THERE)), (vec![4, 5], vec![0, 1, 2, 3]));
        list.leave(already_there);
        assert_eq!(lane(&list, THERE), [1, 2, 3]);
    }
}

#[test]
fn whoever_leaves_the_others_keep_their_order() {
    for leaver in 0..4 {
        let (mut list, keys) = list(0..4);
        let index = usize::try_from(leaver).unwrap();
        assert_eq!(list.leave(keys[index]), leaver);
        let left: Vec<u32> = (0..4).filter(|waiter| *waiter != leaver).collect();
        assert_eq!(lane(&list, HERE), left);
    }
}

#[test]
fn who_is_moved_to_the_front_is_first() {
    let (mut list, keys) = list(1..=3);
    list.move_to_front(keys[2], HERE);
    assert_eq!(lane(&list, HERE), [3, 1, 2]);
}

#[test]
fn who_was_taken_out_keeps_its_place_and_a_place_that_was_left_is_used_again() {
    let (mut list, keys) = list([7, 8]);
    list.take_out(keys[0]);
    assert_eq!((list[keys[0]], list.lane(keys[0]), lane(&list, HERE)), (7, None, vec![8]));
    list.leave(keys[0]);
    assert_eq!(list.join(THERE, 9), keys[0]);
    assert_eq!((lane(&list, HERE), lane(&list, THERE)), (vec![8], vec![9]));
}

#[test]
fn a_list_that_a_crowd_has_left_holds_no_place_for_it_and_can_be_joined_again() {
    let crowd = 0..u32::try_from(KEPT).unwrap() + 1;
    let (mut list, keys) = list(crowd.clone());
    let (last, others) = keys.split_last().unwrap();
    others.iter().for_each(|key| list.vacate(*key));
    assert_eq!((lane(&list, HERE), list.nodes.len()), (vec![crowd.end - 1], KEPT + 1));
    list.leave(*last);
    assert_eq!(list.nodes.capacity(), 0);
    let key = list.join(THERE, 7);
    assert_eq!((lane(&list, HERE), lane(&list, THERE), list[key]), (vec![], vec![7], 7));
}

#[test]
fn a_list_that_a_few_have_left_keeps_their_places() {
    let (mut list, keys) = list(0..u32::try_from(KEPT).unwrap());
    keys.iter().for_each(|key| list.vacate(*key));
    assert_eq!(list.nodes.len(), KEPT);
}
