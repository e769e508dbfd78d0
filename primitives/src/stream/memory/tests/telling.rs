//! What a stream tells about itself, and what its errors say.

use super::super::{Capacity, RecvError, SendError, Statistics, TrySendError, memory_stream};
use super::Task;

#[test]
fn statistics_are_exact_at_every_step_and_the_same_from_either_end() {
    let (tx, rx) = memory_stream(1);
    let told = |queued, open: (usize, usize), waiting: (usize, usize)| {
        let expected = Statistics {
            queued,
            capacity: Capacity::Bounded(1),
            open_senders: open.0,
            open_receivers: open.1,
            waiting_senders: waiting.0,
            waiting_receivers: waiting.1,
        };
        assert_eq!((tx.statistics(), rx.statistics()), (expected, expected));
    };
    told(0, (1, 1), (0, 0));
    let (other_tx, other_rx) = (tx.clone(), rx.clone());
    told(0, (2, 2), (0, 0));
    tx.try_send('a').unwrap();
    told(1, (2, 2), (0, 0));
    let send = Task::waiting(other_tx.send('b'));
    let reserve = Task::waiting(tx.reserve());
    told(1, (2, 2), (2, 0));
    rx.try_recv().unwrap();
    told(1, (2, 2), (1, 0));
    drop((send, reserve));
    told(1, (2, 2), (0, 0));
    rx.try_recv().unwrap();
    let receive = Task::waiting(other_rx.recv());
    told(0, (2, 2), (0, 1));
    tx.try_send('c').unwrap();
    told(1, (2, 2), (0, 1));
    receive.finish().unwrap();
    drop((other_tx, other_rx));
    told(0, (1, 1), (0, 0));
}

#[test]
fn a_rendezvous_counts_an_offered_item_as_a_waiting_sender() {
    let (tx, rx) = memory_stream(0);
    let _receive = Task::waiting(rx.recv());
    let _send = Task::waiting(tx.send('a'));
    let told = tx.statistics();
    assert_eq!((told.queued, told.waiting_senders, told.waiting_receivers), (0, 1, 1));
}

#[test]
fn ends_know_their_stream() {
    let (tx, rx) = memory_stream::<()>(1);
    let (other_tx, other_rx) = memory_stream::<()>(1);
    assert!(tx.same_stream(&tx.clone()) && rx.same_stream(&rx.clone()));
    assert!(!tx.same_stream(&other_tx) && !rx.same_stream(&other_rx));
    assert!(tx.is_empty() && rx.is_empty());
    assert_eq!(rx.capacity(), Capacity::Bounded(1));
    assert_eq!(
        (Capacity::Bounded(7).to_string(), Capacity::Unbounded.to_string()),
        ("7".into(), "unbounded".into())
    );
}

#[test]
fn everything_shows_itself_without_asking_it_of_the_item() {
    struct Opaque;
    let (tx, rx) = memory_stream(1);
    assert!(format!("{tx:?}").starts_with("SendStream { statistics: Statistics { queued: 0"));
    assert!(format!("{rx:?}").starts_with("ReceiveStream { statistics:"));
    assert_eq!(format!("{:?}", tx.send(Opaque)), "Send { turn: New, .. }");
    assert!(format!("{:?}", rx.recv()).starts_with("Recv {"));
    let mut ahead = rx.clone().read_ahead(2);
    assert!(format!("{ahead:?}").starts_with("ReadAhead { taken_ahead: 0, statistics:"));
    assert!(format!("{:?}", ahead.recv()).starts_with("RecvAhead {"));
    drop(ahead);
    assert!(format!("{:?}", tx.reserve()).starts_with("Reserve {"));
    assert_eq!(format!("{:?}", tx.closed()), "Closed { waits: false, .. }");
    assert!(format!("{:?}", tx.try_reserve().unwrap()).starts_with("Permit {"));
    tx.try_send(Opaque).unwrap();
    assert_eq!(format!("{:?}", tx.try_send(Opaque)), "Err(Full(..))");
    drop(rx);
    assert_eq!(format!("{:?}", tx.force_send(Opaque).map(drop)), "Err(Broken(..))");
}

#[test]
fn errors_say_what_happened_and_give_the_item_back() {
    assert_eq!(SendError::Closed(7).into_item(), 7);
    assert_eq!(TrySendError::Full(7).into_item(), 7);
    assert_eq!(TrySendError::from(SendError::Broken(7)), TrySendError::Broken(7));
    assert_eq!(TrySendError::Full(()).to_string(), "the item was not sent: the stream is full");
    assert_eq!(
        RecvError::EndOfStream.to_string(),
        "the stream has ended: all items were received and nobody can send any more"
    );
}

#[test]
fn ends_and_futures_of_sendable_items_are_sendable() {
    fn assert_send<S: Send + Unpin>(_sendable: S) {}
    let (tx, rx) = memory_stream::<core::cell::Cell<u8>>(1);
    assert_send(tx.send(core::cell::Cell::new(1)));
    assert_send((rx.recv(), tx.reserve(), tx.closed()));
    assert_send((tx, rx));
}
