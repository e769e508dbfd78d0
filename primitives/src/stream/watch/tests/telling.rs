//! What a watch tells about itself.

use super::super::WatchStatistics;
use super::{Task, WatchClosed, now, watch};

#[test]
fn statistics_are_exact_and_the_same_from_either_end() {
    let (tx, mut rx) = watch(0);
    let other = (tx.clone(), rx.clone());
    let changed = Task::waiting(rx.changed());
    let told = |changes, open, waiting_receivers| {
        let expected =
            WatchStatistics { changes, open_senders: open, open_receivers: open, waiting_receivers };
        assert_eq!(tx.statistics(), expected);
    };
    told(0, 2, 1);
    assert_eq!(other.1.statistics(), tx.statistics());
    drop(other);
    told(0, 1, 1);
    drop(changed);
    told(0, 1, 0);
    tx.send(1);
    told(1, 1, 0);
}

#[test]
fn everything_shows_itself_without_asking_it_of_the_value() {
    struct Opaque;
    let (tx, mut rx) = watch(Opaque);
    assert!(format!("{tx:?}").starts_with("WatchSender { statistics: WatchStatistics { changes: 0"));
    assert!(format!("{rx:?}").starts_with("WatchReceiver { statistics:"));
    assert!(format!("{:?}", rx.changed()).starts_with("Changed {"));
    assert!(format!("{:?}", rx.wait_for(|_| true)).starts_with("WaitFor {"));
    assert!(WatchClosed.to_string().starts_with("the value will not change any more"));
}

#[test]
fn a_pending_await_tells_what_it_waits_for() {
    let (_tx, mut rx) = watch(0_u8);
    let mut changed = Task::waiting(rx.changed());
    let (polled, told) = crate::standstill::inspect(|| changed.poll());
    assert!(polled.is_pending());
    assert_eq!(told, ["a change of a watch of u8 (senders: 1, receivers: 1)"]);
}

#[test]
fn ends_know_their_watch() {
    let ((tx, rx), (other_tx, other_rx)) = (watch(0), watch(0));
    assert!(tx.same_watch(&tx.clone()) && !tx.same_watch(&other_tx));
    assert!(rx.same_watch(&rx.clone()) && !rx.same_watch(&other_rx));
}

#[test]
fn ends_and_futures_of_shareable_values_are_sendable() {
    fn assert_send<S: Send + Unpin>(_sendable: S) {}
    let (tx, mut rx) = watch(String::new());
    assert_send(rx.changed());
    assert_send(rx.wait_for(String::is_empty));
    assert_send((tx, rx));
}

#[test]
#[should_panic(expected = "`Changed` was polled after it was ready")]
fn a_wait_that_is_polled_again_after_it_was_ready_panics() {
    let (tx, mut rx) = watch(0);
    tx.send(1);
    let mut changed = rx.changed();
    now(&mut changed).unwrap();
    let _again = now(&mut changed);
}
