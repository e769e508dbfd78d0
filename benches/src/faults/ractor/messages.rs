//! What becomes of messages: how many there may be, who may share them, whether they outlive a crash.

use super::actors::{Child, Order, Parent};
use super::{Finding, Journal};
use ractor::{Actor, MessagingErr};
use std::cell::Cell;
use std::marker::PhantomData;
use std::time::Duration;
use tokio::time::sleep;

/// R2.
pub(super) async fn a_mailbox_has_no_bound() -> Finding {
    const MESSAGES: usize = 1_000_000;
    let (child, _) = Actor::spawn(None, Child(Journal::new()), ()).await.expect("it starts");
    let _ = child.cast(Order::Slow(Duration::from_secs(3_600)));
    sleep(Duration::from_millis(10)).await;
    let taken = (0..MESSAGES).take_while(|_| child.cast(Order::Note).is_ok()).count();
    child.kill();
    Finding::new(
        taken == MESSAGES,
        format!("{taken} of {MESSAGES} casts to an actor inside one long handler were accepted"),
    )
}

/// Whether a type may be shared between threads, decided by the compiler.
struct Probe<T>(PhantomData<T>);

trait Unshared {
    const SHARED: bool = false;
}

impl<T> Unshared for Probe<T> {}

impl<T: Sync> Probe<T> {
    const SHARED: bool = true;
}

/// R3.
pub(super) async fn an_error_shares_what_cannot_be_shared() -> Finding {
    let (cell, error) = (Probe::<Cell<u32>>::SHARED, Probe::<MessagingErr<Cell<u32>>>::SHARED);
    Finding::new(
        !cell && error,
        format!("Cell<u32>: Sync is {cell}, MessagingErr<Cell<u32>>: Sync is {error}, from safe code"),
    )
}

/// R4.
pub(super) async fn a_queue_is_lost_with_its_actor() -> Finding {
    let journal = Journal::new();
    let (parent, _) = Actor::spawn(None, Parent(journal.clone()), ()).await.expect("it starts");
    let linked = Actor::spawn_linked(None, Child(journal.clone()), (), parent.get_cell());
    let (child, _) = linked.await.expect("it starts");
    for order in [Order::Note, Order::Panic, Order::Note, Order::Note] {
        let _ = child.cast(order);
    }
    sleep(Duration::from_secs(1)).await;
    let (handled, heard) = (journal.count("handled"), journal.count("heard"));
    Finding::new(
        handled == 1 && heard == 1,
        format!(
            "one message, a panic, two messages: {handled} of 3 handled, the parent heard of {heard} \
             failure, the actor is {:?}",
            child.get_status()
        ),
    )
}
