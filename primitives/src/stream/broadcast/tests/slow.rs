//! What becomes of receivers that are too slow.

use super::super::{BroadcastRecvError, BroadcastTryRecvError, SlowReceiver};
use super::{Task, check, drain, lagged, now, stream};
use crate::stream::{SendError, TrySendError};

const CUT: BroadcastTryRecvError = BroadcastTryRecvError::Refused(BroadcastRecvError::Disconnected);

#[test]
fn a_sender_waits_for_the_slowest_and_for_nobody_else() {
    let tx = stream(2, SlowReceiver::Wait);
    let (mut quick, mut slow) = (tx.subscribe(), tx.subscribe());
    (0..2).for_each(|n| tx.try_send(n).unwrap());
    let send = Task::waiting(tx.send(2));
    assert_eq!(drain(&mut quick), [0, 1]);
    assert_eq!((send.wakes(), tx.try_send(9)), (0, Err(TrySendError::Full(9))));
    assert_eq!(slow.try_recv(), Ok(0));
    assert_eq!(send.finish(), Ok(()));
    check(&tx, &[&quick, &slow]);
    assert_eq!((drain(&mut quick), drain(&mut slow)), (vec![2], vec![1, 2]));
}

#[test]
fn when_the_slowest_leaves_who_waited_for_it_goes_on() {
    let tx = stream(1, SlowReceiver::Wait);
    let (mut quick, slow) = (tx.subscribe(), tx.subscribe());
    tx.try_send(0).unwrap();
    assert_eq!(quick.try_recv(), Ok(0));
    let send = Task::waiting(tx.send(1));
    drop(slow);
    assert_eq!((send.wakes(), send.finish()), (1, Ok(())));
    check(&tx, &[&quick]);
    assert_eq!(quick.try_recv(), Ok(1));
}

#[test]
fn who_lags_is_told_once_per_gap_and_goes_on_with_the_oldest_that_is_left() {
    let tx = stream(2, SlowReceiver::Lag);
    let (mut quick, mut slow) = (tx.subscribe(), tx.subscribe());
    for n in 0..5 {
        now(tx.send(n)).unwrap();
        assert_eq!(quick.try_recv(), Ok(n));
        check(&tx, &[&quick, &slow]);
    }
    assert_eq!((slow.try_recv(), slow.try_recv()), (Err(lagged(3)), Ok(3)));
    (5..7).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!((slow.try_recv(), drain(&mut slow)), (Err(lagged(1)), vec![5, 6]));
    assert_eq!(drain(&mut quick), [5, 6]);
}

#[test]
fn a_gap_that_grows_before_it_is_told_is_one_gap() {
    let tx = stream(1, SlowReceiver::Lag);
    let mut rx = tx.subscribe();
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    (3..10).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Err(lagged(9)), Ok(9)));
}

#[test]
fn who_leaves_while_it_lags_leaves_nothing_behind() {
    let tx = stream(2, SlowReceiver::Lag);
    let (rx, other) = (tx.subscribe(), tx.subscribe());
    (0..5).for_each(|n| tx.try_send(n).unwrap());
    drop(rx);
    check(&tx, &[&other]);
    drop(other);
    assert_eq!(tx.statistics().queued, 0);
}

#[test]
fn what_is_withheld_from_the_slow_goes_to_the_others() {
    let tx = stream(2, SlowReceiver::Drop);
    let (mut quick, mut slow) = (tx.subscribe(), tx.subscribe());
    for n in 0..5 {
        now(tx.send(n)).unwrap();
        assert_eq!(quick.try_recv(), Ok(n));
        check(&tx, &[&quick, &slow]);
    }
    assert_eq!(slow.try_recv(), Ok(0));
    tx.try_send(5).unwrap();
    assert_eq!((slow.try_recv(), slow.try_recv(), slow.try_recv()), (Ok(1), Err(lagged(3)), Ok(5)));
    assert_eq!(slow.try_recv(), Err(BroadcastTryRecvError::Empty));
}

#[test]
fn each_gap_stands_in_its_place() {
    let tx = stream(2, SlowReceiver::Drop);
    let mut rx = tx.subscribe();
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!(rx.try_recv(), Ok(0));
    (3..6).for_each(|n| tx.try_send(n).unwrap());
    let told: Vec<_> = (0..5).map(|_| rx.try_recv()).collect();
    assert_eq!(told, [Ok(1), Err(lagged(1)), Ok(3), Err(lagged(2)), Err(BroadcastTryRecvError::Empty)]);
}

#[test]
fn a_gap_at_the_end_of_the_stream_is_told_before_the_end() {
    for (slow, order) in [
        (SlowReceiver::Lag, [Err(BroadcastRecvError::Lagged { missed: 1 }), Ok(1)]),
        (SlowReceiver::Drop, [Ok(0), Err(BroadcastRecvError::Lagged { missed: 1 })]),
    ] {
        let tx = stream(1, slow);
        let mut rx = tx.subscribe();
        (0..2).for_each(|n| tx.try_send(n).unwrap());
        drop(tx);
        assert_eq!([now(rx.recv()), now(rx.recv())], order);
        assert_eq!(now(rx.recv()), Err(BroadcastRecvError::EndOfStream));
    }
}

#[test]
fn what_is_withheld_from_everybody_was_sent_all_the_same() {
    let tx = stream(1, SlowReceiver::Drop);
    let mut rx = tx.subscribe();
    assert_eq!((tx.try_send(0), tx.try_send(1)), (Ok(()), Ok(())));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Err(lagged(1))));
}

#[test]
fn who_is_too_slow_is_cut_off_and_the_others_go_on() {
    let tx = stream(2, SlowReceiver::Disconnect);
    let (mut quick, mut slow) = (tx.subscribe(), tx.subscribe());
    (0..2).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!(quick.try_recv(), Ok(0));
    tx.try_send(2).unwrap();
    check(&tx, &[&quick, &slow]);
    assert_eq!(tx.statistics().open_receivers, 1);
    assert_eq!((slow.try_recv(), slow.try_recv()), (Err(CUT), Err(CUT)));
    assert_eq!(drain(&mut quick), [1, 2]);
    drop(slow);
    check(&tx, &[&quick]);
}

#[test]
fn a_clone_of_who_was_cut_off_is_cut_off() {
    let tx = stream(1, SlowReceiver::Disconnect);
    let rx = tx.subscribe();
    assert_eq!((tx.try_send(0), tx.try_send(1)), (Ok(()), Err(TrySendError::Broken(1))));
    let mut clone = rx.clone();
    check(&tx, &[&rx, &clone]);
    assert_eq!((clone.try_recv(), tx.statistics().open_receivers), (Err(CUT), 0));
}

#[test]
fn where_the_last_receiver_is_cut_off_the_item_comes_back() {
    let tx = stream(1, SlowReceiver::Disconnect);
    let rx = tx.subscribe();
    now(tx.send(0)).unwrap();
    assert_eq!(now(tx.send(1)), Err(SendError::Broken(1)));
    assert_eq!(tx.statistics().queued, 0);
    drop(rx);
    let mut rx = tx.subscribe();
    assert_eq!((now(tx.send(2)), rx.try_recv()), (Ok(()), Ok(2)));
}
