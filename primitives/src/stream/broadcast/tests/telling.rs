//! What a stream tells about itself, and what its errors say.

use super::super::{BroadcastStatistics, SlowReceiver, ZeroCapacity};
use super::{Task, lagged, now, stream};

#[test]
fn statistics_are_exact_at_every_step_and_the_same_from_either_end() {
    let tx = stream(1, SlowReceiver::Wait);
    let mut rx = tx.subscribe();
    let watch = rx.clone();
    let told = |queued, open: (usize, usize), waiting: (usize, usize), is_closed| {
        let expected = BroadcastStatistics {
            queued,
            capacity: 1,
            slow_receiver: SlowReceiver::Wait,
            open_senders: open.0,
            open_receivers: open.1,
            waiting_senders: waiting.0,
            waiting_receivers: waiting.1,
            is_closed,
        };
        assert_eq!((tx.statistics(), watch.statistics()), (expected, expected));
    };
    told(0, (1, 2), (0, 0), false);
    let receive = Task::waiting(rx.recv());
    told(0, (1, 2), (0, 1), false);
    tx.try_send('a').unwrap();
    told(1, (1, 2), (0, 0), false);
    receive.finish().unwrap();
    let other = tx.clone();
    let send = Task::waiting(other.send('b'));
    told(1, (2, 2), (1, 0), false);
    drop(send);
    drop((other, rx));
    told(1, (1, 1), (0, 0), false);
    tx.close();
    told(1, (1, 1), (0, 0), true);
}

#[test]
fn what_is_queued_is_what_the_slowest_has_to_take() {
    for slow in super::ALL {
        let tx = stream(3, slow);
        let (mut quick, _slow) = (tx.subscribe(), tx.subscribe());
        (0..3).for_each(|n| tx.try_send(n).unwrap());
        quick.try_recv().unwrap();
        assert_eq!(tx.statistics().queued, 3, "{slow:?}");
    }
}

#[test]
fn everything_shows_itself_without_asking_it_of_the_item() {
    #[derive(Clone)]
    struct Opaque;
    let tx = stream(1, SlowReceiver::Wait);
    let mut rx = tx.subscribe();
    assert!(format!("{tx:?}").starts_with("BroadcastSender { statistics: BroadcastStatistics { queued: 0"));
    assert!(format!("{rx:?}").starts_with("BroadcastReceiver { statistics:"));
    assert!(format!("{:?}", tx.send(Opaque)).starts_with("BroadcastSend {"));
    assert!(format!("{:?}", rx.recv()).starts_with("BroadcastRecv {"));
}

#[test]
fn errors_say_what_happened() {
    assert_eq!(
        lagged(3).to_string(),
        "this receiver was too slow and missed 3 items; the next receive goes on after them"
    );
    assert!(ZeroCapacity.to_string().starts_with("a broadcast stream of capacity 0 was asked for"));
}

#[test]
fn a_pending_await_tells_what_it_waits_for() {
    let tx = stream::<u8>(1, SlowReceiver::Wait);
    let mut rx = tx.subscribe();
    let mut receive = Task::waiting(rx.recv());
    let (polled, told) = crate::standstill::inspect(|| receive.poll());
    assert!(polled.is_pending());
    assert_eq!(
        told,
        [
            "an item of a broadcast stream of u8 (capacity 1, a slow receiver: Wait, 0 queued, senders: 1, receivers: 1)"
        ]
    );
}

#[test]
fn ends_know_their_stream() {
    let (tx, other) = (stream::<u8>(1, SlowReceiver::Lag), stream::<u8>(1, SlowReceiver::Lag));
    assert!(tx.same_stream(&tx.clone()) && !tx.same_stream(&other));
    assert!(tx.subscribe().same_stream(&tx.subscribe()) && !tx.subscribe().same_stream(&other.subscribe()));
}

#[test]
fn ends_and_futures_of_shareable_items_are_sendable() {
    fn assert_send<S: Send + Unpin>(_sendable: S) {}
    let tx = stream::<String>(1, SlowReceiver::Lag);
    assert_send(tx.send(String::new()));
    assert_send(tx.subscribe().recv());
    assert_send((tx.subscribe(), tx));
}

#[test]
#[should_panic(expected = "`BroadcastRecv` was polled after it was ready")]
fn a_receive_that_is_polled_again_after_it_was_ready_panics() {
    let tx = stream(1, SlowReceiver::Lag);
    let mut rx = tx.subscribe();
    tx.try_send(1).unwrap();
    let mut receive = rx.recv();
    now(&mut receive).unwrap();
    let _again = now(&mut receive);
}
