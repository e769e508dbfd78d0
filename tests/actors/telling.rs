//! Telling: order, room, waiting for room, the rendezvous.

use crate::support::{Journal, Message, ms, puppet, send, settle, supervised};
use arbour::TellError;
use std::pin::pin;
use tokio::time::sleep;

fn number(message: &Message) -> u32 {
    match message {
        Message::Note(n) => *n,
        other => panic!("{other:?}"),
    }
}

#[arbour::test]
async fn messages_of_one_sender_are_handled_in_their_order() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(3).build();
    supervised(child, async |_| {
        for n in 0..100 {
            address.tell(Message::Note(n)).await.unwrap();
        }
        settle().await;
    })
    .await
    .1
    .unwrap();
    let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    assert_eq!(journal.lines(), expected);
}

#[arbour::test]
async fn messages_sent_before_the_supervisor_runs_wait_in_the_mailbox() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    send(&address, (1..=3).map(Message::Note));
    assert_eq!(address.mailbox().queued, 3);
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert_eq!(journal.lines(), ["1", "2", "3"]);
}

#[arbour::test]
async fn a_mailbox_holds_sixty_four_messages_unless_said_otherwise() {
    let journal = Journal::new();
    let (address, _child) = puppet(&journal).build();
    send(&address, (0..64).map(Message::Note));
    let Err(TellError::Full(message)) = address.try_tell(Message::Note(64)) else { panic!("it had room") };
    assert_eq!(number(&message), 64);
}

#[arbour::test]
async fn a_tell_waits_while_the_mailbox_is_full_and_goes_on_as_soon_as_there_is_room() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(1).build();
    supervised(child, async |_| {
        address.tell(Message::Slow(1, ms(100))).await.unwrap();
        settle().await;
        address.tell(Message::Note(2)).await.unwrap();
        assert!(matches!(address.try_tell(Message::Note(9)), Err(TellError::Full(_))));
        address.tell(Message::Note(3)).await.unwrap();
        assert_eq!(journal.time(), 100);
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["1@0", "1 done@100", "2@100", "3@100"]);
}

#[arbour::test]
async fn a_mailbox_of_capacity_zero_is_a_rendezvous() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(0).build();
    supervised(child, async |_| {
        address.tell(Message::Slow(1, ms(100))).await.unwrap();
        assert_eq!(journal.time(), 0);
        assert!(matches!(address.try_tell(Message::Note(9)), Err(TellError::Full(_))));
        address.tell(Message::Note(2)).await.unwrap();
        assert_eq!(journal.time(), 100);
        assert_eq!(address.ask(|reply| Message::Ask(0, reply)).await, Ok(1));
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["1@0", "1 done@100", "2@100", "ask@100"]);
}

#[arbour::test]
async fn who_waits_for_room_is_served_in_the_order_of_waiting() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(0).build();
    supervised(child, async |_| {
        address.tell(Message::Slow(0, ms(100))).await.unwrap();
        for n in 1..=5 {
            let address = address.clone();
            tokio::spawn(async move { address.tell(Message::Note(n)).await });
            settle().await;
        }
        sleep(ms(200)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["0", "0 done", "1", "2", "3", "4", "5"]);
}

#[arbour::test]
async fn an_address_shows_its_name_and_how_full_the_mailbox_is() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    send(&address, [Message::Note(1)]);
    assert_eq!(address.name(), "puppet");
    assert_eq!(format!("{address:?}"), "Address { name: \"puppet\", queued: 1 }");
    assert!(format!("{child:?}").contains("reports_ready: true"));
    assert!(format!("{:?}", puppet(&journal)).starts_with("ActorSpec { name: \"puppet\", mailbox: "));
}

#[arbour::test]
#[should_panic(expected = "a tell was polled after it was ready")]
async fn a_tell_that_is_polled_after_it_was_ready_sends_nothing_more() {
    let (address, child) = puppet(&Journal::new()).build();
    supervised(child, async |_| {
        let mut tell = pin!(address.tell(Message::Note(1)));
        tell.as_mut().await.unwrap();
        tell.await.unwrap();
    })
    .await
    .1
    .unwrap();
}
