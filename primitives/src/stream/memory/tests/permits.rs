//! Room that is reserved.

use super::super::{Permit, RecvError, SendError, TryRecvError, TrySendError, memory_stream};
use super::{Task, check, now};

#[test]
fn a_permit_holds_a_place() {
    let (tx, rx) = memory_stream(1);
    let permit = now(tx.reserve()).unwrap();
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    permit.send(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_dropped_permit_gives_its_place_to_who_waits_longest() {
    let (tx, rx) = memory_stream(1);
    let permit = tx.try_reserve().unwrap();
    let (first, second) = (Task::waiting(tx.send(1)), Task::waiting(tx.send(2)));
    let receive = Task::waiting(rx.recv());
    drop(permit);
    check(&tx);
    assert_eq!((first.wakes(), second.wakes(), receive.wakes()), (1, 0, 1));
    assert_eq!(receive.finish(), Ok(1));
    assert_eq!((first.finish(), second.finish()), (Ok(()), Ok(())));
}

#[test]
fn a_reservation_dropped_after_it_was_granted_hands_its_place_on() {
    let (tx, rx) = memory_stream(1);
    tx.try_send(0).unwrap();
    let granted = Task::waiting(tx.reserve());
    let next = Task::waiting(tx.reserve());
    rx.try_recv().unwrap();
    assert_eq!((granted.wakes(), next.wakes()), (1, 0));
    drop(granted);
    assert_eq!(next.wakes(), 1);
    next.finish().unwrap().send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn the_stream_does_not_end_while_a_permit_is_left() {
    let (tx, rx) = memory_stream(1);
    let permit = tx.try_reserve().unwrap();
    drop(tx);
    let receive = Task::waiting(rx.recv());
    permit.send('a').unwrap();
    assert_eq!(receive.finish(), Ok('a'));
    assert_eq!(now(rx.recv()), Err(RecvError::EndOfStream));
}

#[test]
fn the_last_permit_that_is_dropped_ends_the_stream() {
    let (tx, rx) = memory_stream::<()>(1);
    let permit = tx.try_reserve().unwrap();
    tx.close();
    let receive = Task::waiting(rx.recv());
    drop(permit);
    assert_eq!(receive.finish(), Err(RecvError::EndOfStream));
}

#[test]
fn a_permit_stays_good_when_the_stream_is_closed() {
    let (tx, rx) = memory_stream(1);
    let permit = tx.try_reserve().unwrap();
    rx.close();
    permit.send('a').unwrap();
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok('a'), Err(TryRecvError::EndOfStream)));
}

#[test]
fn a_permit_hands_the_item_back_without_receivers() {
    let (tx, rx) = memory_stream(1);
    let permit = tx.try_reserve().unwrap();
    drop(rx);
    assert_eq!(permit.send('a'), Err(SendError::Broken('a')));
}

#[test]
fn a_permit_outlives_its_end_and_moves_between_threads() {
    fn assert_free<P: Send + Sync + 'static>(_permit: P) {}
    let (tx, _rx) = memory_stream::<u8>(1);
    assert_free::<Permit<u8>>(tx.try_reserve().unwrap());
}
