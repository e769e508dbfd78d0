//! Who gets what, in which order, and who goes first.

use super::super::{BroadcastTryRecvError, SlowReceiver};
use super::{ALL, Task, check, drain, now, stream};
use crate::stream::TrySendError;

#[test]
fn every_receiver_gets_every_item_once_in_order() {
    for slow in ALL {
        let tx = stream(3, slow);
        let (mut one, mut other) = (tx.subscribe(), tx.subscribe());
        for n in 0..3 {
            tx.try_send(n).unwrap();
            check(&tx, &[&one, &other]);
        }
        assert_eq!(drain(&mut one), [0, 1, 2], "{slow:?}");
        check(&tx, &[&one, &other]);
        assert_eq!(drain(&mut other), [0, 1, 2], "{slow:?}");
        assert_eq!(tx.statistics().queued, 0);
        assert_eq!(one.try_recv(), Err(BroadcastTryRecvError::Empty));
    }
}

#[test]
fn who_subscribes_gets_what_is_sent_from_then_on() {
    for slow in ALL {
        let tx = stream(3, slow);
        let mut first = tx.subscribe();
        tx.try_send(1).unwrap();
        let mut second = tx.subscribe();
        tx.try_send(2).unwrap();
        check(&tx, &[&first, &second]);
        assert_eq!((drain(&mut first), drain(&mut second)), (vec![1, 2], vec![2]), "{slow:?}");
    }
}

#[test]
fn a_clone_has_to_take_what_the_original_has_to_take() {
    for slow in ALL {
        let tx = stream(3, slow);
        let mut original = tx.subscribe();
        (0..3).for_each(|n| tx.try_send(n).unwrap());
        assert_eq!(original.try_recv(), Ok(0));
        let mut clone = original.clone();
        check(&tx, &[&original, &clone]);
        tx.try_send(3).unwrap();
        assert_eq!((drain(&mut original), drain(&mut clone)), (vec![1, 2, 3], vec![1, 2, 3]), "{slow:?}");
    }
}

#[test]
fn a_clone_has_missed_what_the_original_has_missed() {
    for slow in [SlowReceiver::Lag, SlowReceiver::Drop] {
        let tx = stream(1, slow);
        let mut original = tx.subscribe();
        (0..3).for_each(|n| tx.try_send(n).unwrap());
        let mut clone = original.clone();
        check(&tx, &[&original, &clone]);
        let mut told = || [&mut original, &mut clone].map(|rx| rx.try_recv());
        for _ in 0..2 {
            let [one, other] = told();
            assert_eq!(one, other, "{slow:?}");
        }
        assert_eq!(told(), [Err(BroadcastTryRecvError::Empty); 2]);
    }
}

#[test]
fn an_item_wakes_all_who_wait_and_stays_for_who_is_dropped() {
    for slow in ALL {
        let tx = stream(1, slow);
        let (mut one, mut other, mut third) = (tx.subscribe(), tx.subscribe(), tx.subscribe());
        let (waiting, also, dropped) =
            (Task::waiting(one.recv()), Task::waiting(other.recv()), Task::waiting(third.recv()));
        tx.try_send('a').unwrap();
        assert_eq!((waiting.wakes(), also.wakes(), dropped.wakes()), (1, 1, 1));
        drop(dropped);
        assert_eq!((waiting.finish(), also.finish()), (Ok('a'), Ok('a')));
        assert_eq!(third.try_recv(), Ok('a'), "{slow:?}: a dropped receive has taken nothing");
    }
}

#[test]
fn waiting_senders_go_in_the_order_of_waiting_and_nobody_overtakes() {
    let tx = stream(1, SlowReceiver::Wait);
    let mut rx = tx.subscribe();
    tx.try_send(0).unwrap();
    let (first, second) = (Task::waiting(tx.send(1)), Task::waiting(tx.send(2)));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)), "the room was the first's before it ran");
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
    assert_eq!((first.finish(), second.finish()), (Ok(()), Ok(())));
    check(&tx, &[&rx]);
}

#[test]
fn a_send_that_is_dropped_while_it_waits_withdraws_its_item() {
    let tx = stream(1, SlowReceiver::Wait);
    let mut rx = tx.subscribe();
    tx.try_send(0).unwrap();
    let (first, second) = (Task::waiting(tx.send(1)), Task::waiting(tx.send(2)));
    drop(first);
    check(&tx, &[&rx]);
    assert_eq!(drain(&mut rx), [0, 2]);
    assert_eq!(second.finish(), Ok(()));
}

#[test]
fn a_send_that_is_dropped_after_its_item_entered_has_sent_it() {
    let tx = stream(1, SlowReceiver::Wait);
    let mut rx = tx.subscribe();
    tx.try_send(0).unwrap();
    let send = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    drop(send);
    assert_eq!(rx.try_recv(), Ok(1));
}

/// The item of a waiting send enters later than the subscription was made.
#[test]
fn a_newcomer_gets_what_was_waiting_to_be_sent() {
    let tx = stream(1, SlowReceiver::Wait);
    let mut rx = tx.subscribe();
    tx.try_send(0).unwrap();
    let send = Task::waiting(tx.send(1));
    let mut newcomer = tx.subscribe();
    assert_eq!((drain(&mut rx), drain(&mut newcomer)), (vec![0, 1], vec![1]));
    assert_eq!(send.finish(), Ok(()));
}

#[test]
fn the_last_one_to_take_an_item_gets_the_item_itself() {
    struct Counting(std::rc::Rc<std::cell::Cell<usize>>);
    impl Clone for Counting {
        fn clone(&self) -> Self {
            self.0.set(self.0.get() + 1);
            Self(self.0.clone())
        }
    }
    for slow in ALL {
        let clones = std::rc::Rc::default();
        let tx = stream(1, slow);
        let mut receivers = [tx.subscribe(), tx.subscribe(), tx.subscribe()];
        assert!(now(tx.send(Counting(std::rc::Rc::clone(&clones)))).is_ok());
        let taken = receivers.each_mut().map(|rx| rx.try_recv().is_ok());
        assert_eq!((taken, clones.get()), ([true; 3], 2), "{slow:?}");
    }
}
