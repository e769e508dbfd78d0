//! Closing, the end, and streams that nobody receives from.

use super::super::{BroadcastRecvError, SlowReceiver, ZeroCapacity, broadcast};
use super::{ALL, Task, check, drain, now, stream};
use crate::stream::{SendError, TrySendError};

#[test]
fn a_stream_without_room_is_refused() {
    for slow in ALL {
        assert_eq!(broadcast::<u8>(0, slow).map(drop), Err(ZeroCapacity));
    }
}

#[test]
fn without_receivers_the_item_comes_back_until_somebody_subscribes() {
    for slow in ALL {
        let tx = stream(1, slow);
        assert_eq!(now(tx.send(1)), Err(SendError::Broken(1)));
        assert_eq!(tx.try_send(2), Err(TrySendError::Broken(2)));
        let mut rx = tx.subscribe();
        assert_eq!((now(tx.send(3)), rx.try_recv()), (Ok(()), Ok(3)), "{slow:?}");
    }
}

#[test]
fn when_the_last_receiver_leaves_waiting_senders_get_their_items_back() {
    let tx = stream(1, SlowReceiver::Wait);
    let rx = tx.subscribe();
    tx.try_send(0).unwrap();
    let (first, second) = (Task::waiting(tx.send(1)), Task::waiting(tx.send(2)));
    drop(rx);
    assert_eq!((first.wakes(), second.wakes()), (1, 1));
    assert_eq!((first.finish(), second.finish()), (Err(SendError::Broken(1)), Err(SendError::Broken(2))));
    check(&tx, &[]);
}

#[test]
fn the_end_is_announced_after_the_last_item_was_taken() {
    for slow in ALL {
        let tx = stream(2, slow);
        let (mut one, mut other) = (tx.subscribe(), tx.subscribe());
        let copy = tx.clone();
        tx.try_send(1).unwrap();
        drop(tx);
        assert_eq!(now(one.recv()), Ok(1));
        let waiting = Task::waiting(one.recv());
        drop(copy);
        assert_eq!((waiting.wakes(), waiting.finish()), (1, Err(BroadcastRecvError::EndOfStream)));
        assert_eq!((now(other.recv()), now(other.recv())), (Ok(1), Err(BroadcastRecvError::EndOfStream)));
    }
}

#[test]
fn close_refuses_senders_and_lets_receivers_go_on_to_the_end() {
    let tx = stream(1, SlowReceiver::Wait);
    let (mut rx, mut quick) = (tx.subscribe(), tx.subscribe());
    tx.try_send(0).unwrap();
    assert_eq!(quick.try_recv(), Ok(0));
    let (send, waiting) = (Task::waiting(tx.send(1)), Task::waiting(quick.recv()));
    rx.close();
    assert_eq!((send.wakes(), waiting.wakes()), (1, 1));
    assert_eq!((send.finish(), tx.try_send(2)), (Err(SendError::Closed(1)), Err(TrySendError::Closed(2))));
    assert_eq!(waiting.finish(), Err(BroadcastRecvError::EndOfStream));
    assert_eq!((now(rx.recv()), now(rx.recv())), (Ok(0), Err(BroadcastRecvError::EndOfStream)));
    check(&tx, &[&rx, &quick]);
}

#[test]
fn who_subscribes_to_a_closed_stream_finds_the_end() {
    let tx = stream::<u8>(1, SlowReceiver::Lag);
    tx.close();
    tx.close();
    assert_eq!(now(tx.subscribe().recv()), Err(BroadcastRecvError::EndOfStream));
    assert_eq!(drain(&mut tx.subscribe()), []);
}
