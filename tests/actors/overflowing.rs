//! A full mailbox does as it was declared, and what it gives up is told to the hook.

use crate::support::{Journal, Message, puppet, send, settle, supervised};
use arbour::{ActorSpec, AskError, Mailbox, Overflow, TellError, Undelivered};
use std::sync::{Arc, Mutex};

type Puppets = ActorSpec<crate::support::Puppet>;

/// The number of a message that is not delivered, and why.
type Lost = Arc<Mutex<Vec<(u32, Undelivered)>>>;

fn number(message: &Message) -> u32 {
    match message {
        Message::Note(n) => *n,
        _ => 0,
    }
}

/// A puppet with this mailbox, and what is lost of it; any other message than a note counts as 0.
fn losing(journal: &Journal, mailbox: Mailbox) -> (Puppets, Lost) {
    let lost = Lost::default();
    let told = Arc::clone(&lost);
    let hook = move |message: Message, why| told.lock().unwrap().push((number(&message), why));
    (puppet(journal).mailbox(mailbox).undelivered(hook), lost)
}

fn of(lost: &Lost) -> Vec<(u32, Undelivered)> {
    lost.lock().unwrap().clone()
}

#[arbour::test]
async fn one_that_refuses_hands_the_message_back_at_once_and_tells_an_asker_so() {
    let journal = Journal::new();
    let (spec, lost) = losing(&journal, Mailbox::bounded(1).overflow(Overflow::Refuse));
    let (address, child) = spec.build();
    address.tell(Message::Note(1)).await.unwrap();
    let Err(TellError::Full(message)) = address.tell(Message::Note(2)).await else { panic!("it was full") };
    assert_eq!(number(&message), 2);
    assert_eq!(address.ask(Message::Keep).await, Err(AskError::Refused));
    assert_eq!(AskError::Refused.to_string(), "no reply: the actor's mailbox is full");
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.lines(), ["1"]);
    assert_eq!(of(&lost), [], "what is handed back is not lost");
}

#[arbour::test]
async fn one_that_drops_the_oldest_keeps_the_newest_and_takes_every_tell() {
    let journal = Journal::new();
    let (spec, lost) = losing(&journal, Mailbox::bounded(2).overflow(Overflow::DropOldest));
    let (address, child) = spec.build();
    address.tell(Message::Note(1)).await.unwrap();
    send(&address, (2..=5).map(Message::Note));
    address.recipient::<Message>().try_tell(Message::Note(6)).unwrap();
    assert_eq!(of(&lost), [1, 2, 3, 4].map(|n| (n, Undelivered::Displaced)));
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.lines(), ["5", "6"]);
}

#[arbour::test]
async fn one_that_drops_the_newest_keeps_the_oldest_and_takes_every_tell() {
    let journal = Journal::new();
    let (spec, lost) = losing(&journal, Mailbox::bounded(2).overflow(Overflow::DropNewest));
    let (address, child) = spec.build();
    send(&address, (1..=4).map(Message::Note));
    address.tell(Message::Note(5)).await.unwrap();
    address.recipient::<Message>().tell(Message::Note(6)).await.unwrap();
    assert_eq!(of(&lost), [3, 4, 5, 6].map(|n| (n, Undelivered::Refused)));
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.lines(), ["1", "2"]);
}

#[arbour::test]
async fn an_asker_whose_message_is_dropped_by_a_full_mailbox_learns_that_it_was_full() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let (address, _child) =
            puppet(&Journal::new()).mailbox(Mailbox::bounded(1).overflow(overflow)).build();
        let first = address.request(Message::Keep).await.unwrap();
        let second = address.request(Message::Keep).await.unwrap();
        let dropped = if overflow == Overflow::DropOldest { first } else { second };
        assert_eq!(dropped.await, Err(AskError::Refused), "{overflow:?}");
    }
}

#[arbour::test]
async fn a_rendezvous_that_drops_loses_nothing_without_a_word() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let journal = Journal::new();
        let (spec, lost) = losing(&journal, Mailbox::bounded(0).overflow(overflow));
        let (address, child) = spec.build();
        send(&address, (1..=3).map(Message::Note));
        supervised(child, async |_| settle().await).await.1.unwrap();
        assert_eq!(of(&lost).len() + journal.lines().len(), 3, "{overflow:?}");
    }
}

#[arbour::test]
async fn what_is_queued_for_one_that_never_runs_is_told_when_its_slot_is_gone() {
    let (spec, lost) = losing(&Journal::new(), Mailbox::default());
    let (address, child) = spec.build();
    send(&address, [Message::Note(1), Message::Note(2)]);
    let pending = address.request(Message::Keep).await.unwrap();
    drop(child);
    assert_eq!(of(&lost), [1, 2, 0].map(|n| (n, Undelivered::Stopped)));
    assert_eq!(pending.await, Err(AskError::Stopped));
}

#[arbour::test]
async fn what_is_queued_when_a_supervised_one_ends_for_good_is_told() {
    let (spec, lost) = losing(&Journal::new(), Mailbox::default());
    let (address, child) = spec.build();
    send(&address, [Message::Stop, Message::Note(1), Message::Note(2)]);
    supervised(child.restart(arbour::Restart::Temporary), async |_| {
        settle().await;
        assert_eq!(of(&lost), [1, 2].map(|n| (n, Undelivered::Stopped)));
        let Err(TellError::Stopped(message)) = address.tell(Message::Note(3)).await else {
            panic!("it runs")
        };
        assert_eq!(number(&message), 3);
    })
    .await
    .1
    .unwrap();
    assert_eq!(of(&lost).len(), 2);
}

#[arbour::test]
async fn what_is_queued_when_an_unsupervised_one_ends_is_told() {
    let (spec, lost) = losing(&Journal::new(), Mailbox::default());
    arbour::task_group(async |group| {
        let address = spec.spawn(&group);
        send(&address, [Message::Stop, Message::Note(1), Message::Note(2)]);
        address.ended().await;
        assert_eq!(of(&lost), [1, 2].map(|n| (n, Undelivered::Stopped)));
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn what_its_handler_crashed_on_is_not_undelivered() {
    let (spec, lost) = losing(&Journal::new(), Mailbox::default());
    let (address, child) = spec.build();
    send(&address, [Message::Fail(1), Message::Panic(1)]);
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert_eq!(of(&lost), []);
}

#[arbour::test]
async fn a_hook_that_panics_costs_its_message_and_nothing_else() {
    let journal = Journal::new();
    let mailbox = Mailbox::bounded(1).overflow(Overflow::DropNewest);
    let spec = puppet(&journal).mailbox(mailbox).undelivered(|_, why| panic!("{why:?}"));
    let (address, child) = spec.build();
    send(&address, (1..=3).map(Message::Note));
    supervised(child, async |_| {
        settle().await;
        address.tell(Message::Note(4)).await.unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["1", "4"]);
}

#[arbour::test]
async fn a_hook_that_owns_its_actors_address_is_dropped_when_the_actor_has_ended_for_good() {
    let (own, ours) = (Arc::new(std::sync::OnceLock::new()), Arc::new(()));
    let watched = Arc::downgrade(&ours);
    let hook_address = Arc::clone(&own);
    let spec = puppet(&Journal::new()).undelivered(move |_, _| {
        let _ = (&ours, &hook_address);
    });
    let (address, child) = spec.build();
    assert!(own.set(address.clone()).is_ok());
    drop(own);
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert_eq!(watched.strong_count(), 0);
    assert!(address.downgrade().upgrade().is_none());
}
