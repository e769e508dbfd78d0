//! The room of messages that an actor has taken many of at a time: exact for newcomers, and given to who waits.

use crate::support::{Journal, Message, ms, puppet, send, settle, supervised};
use arbour::{Address, Backoff, Supervisor, TellError, task_group};

type Puppets = Address<crate::support::Puppet>;

/// Tells all of them in turn, from a task, and notes when the last one was taken.
fn tell_all(address: &Puppets, journal: &Journal, messages: Vec<Message>) {
    let (address, journal) = (address.clone(), journal.clone());
    tokio::spawn(async move {
        for message in messages {
            address.tell(message).await.unwrap();
        }
        journal.note("told");
    });
}

#[arbour::test]
async fn while_a_handler_waits_there_is_room_for_each_message_that_was_handled_and_for_its_own() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(4).build();
    send(&address, [Message::Note(1), Message::Slow(2, ms(100)), Message::Note(3), Message::Note(4)]);
    supervised(child, async |_| {
        settle().await;
        assert_eq!(address.mailbox().queued, 2);
        send(&address, [Message::Note(5), Message::Note(6)]);
        assert!(matches!(address.try_tell(Message::Note(7)), Err(TellError::Full(_))));
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["1", "2", "2 done", "3", "4", "5", "6"]);
}

#[arbour::test]
async fn who_waits_for_room_is_let_in_as_soon_as_a_handler_waits() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(3).build();
    send(&address, [Message::Note(1), Message::Slow(2, ms(100)), Message::Note(3)]);
    tell_all(&address, &journal, vec![Message::Note(4), Message::Note(5)]);
    settle().await;
    assert_eq!(journal.lines(), <[&str; 0]>::default());
    supervised(child, async |_| {
        settle().await;
        assert_eq!((address.mailbox().queued, address.mailbox().waiting_senders), (3, 0));
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["1@1", "2@1", "told@1", "2 done@101", "3@101", "4@101", "5@101"]);
}

#[arbour::test]
async fn who_waits_for_room_is_let_in_when_the_actor_has_crashed_though_it_stays_down_for_a_while() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(4).build();
    send(&address, [Message::Panic(1), Message::Note(1), Message::Panic(1), Message::Note(2)]);
    tell_all(&address, &journal, vec![Message::Note(3), Message::Note(4)]);
    settle().await;
    // The first restart is immediate, the second is not.
    let child = child.backoff(Backoff::new(ms(100), ms(100)).unwrap().jitter(false));
    let app = Supervisor::builder("app").child(child).build().unwrap();
    let handle = app.handle();
    task_group(async |group| {
        group.spawn(app.run());
        settle().await;
        assert_eq!(address.mailbox().queued, 3, "what the incarnation had in its hands is queued again");
        while journal.lines().len() < 7 {
            settle().await;
        }
        handle.request_stop();
    })
    .await
    .unwrap();
    assert_eq!(journal.timed(), ["panic@1", "1@1", "panic@1", "told@1", "2@101", "3@101", "4@101"]);
}
