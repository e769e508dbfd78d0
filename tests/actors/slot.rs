//! The mailbox belongs to the slot: it lives through stops and restarts, and goes with the slot.

use crate::support::{Journal, Message, ms, puppet, send, settle, supervised};
use arbour::{AskError, CancelScope, Restart, Supervisor, TellError};

#[arbour::test]
async fn a_stopped_actor_refuses_and_one_that_is_restarted_by_hand_takes_messages_again() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child, async |handle| {
        settle().await;
        for n in 0..3 {
            address.tell(Message::Note(n)).await.unwrap();
            handle.stop_child("puppet").await.unwrap();
            address.tell(Message::Note(9)).await.unwrap_err();
            handle.restart_child("puppet").await.unwrap();
        }
        address.tell(Message::Note(3)).await.unwrap();
        settle().await;
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["0", "1", "2", "3"]);
}

#[arbour::test]
async fn a_crash_of_an_actor_that_was_restarted_by_hand_keeps_the_mailbox_open() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child, async |handle| {
        settle().await;
        handle.stop_child("puppet").await.unwrap();
        handle.restart_child("puppet").await.unwrap();
        send(&address, [Message::Panic(9), Message::Note(1)]);
        settle().await;
        address.tell(Message::Note(2)).await.unwrap();
        settle().await;
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["panic", "1", "2"]);
}

#[arbour::test]
async fn senders_that_wait_get_their_messages_back_when_the_slot_is_deleted() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(1).build();
    let ((), outcome) = supervised(child.restart(Restart::Transient), async |handle| {
        settle().await;
        // It ends by itself, stays down, and its mailbox stays open.
        send(&address, [Message::Stop]);
        settle().await;
        send(&address, [Message::Note(1)]);
        let waiting = tokio::spawn({
            let address = address.clone();
            async move { address.tell(Message::Note(2)).await }
        });
        let asking = tokio::spawn({
            let address = address.clone();
            async move { address.ask(Message::Ignore).await }
        });
        settle().await;
        assert!(!waiting.is_finished() && !asking.is_finished());
        handle.delete_child("puppet").await.unwrap();
        assert!(matches!(waiting.await.unwrap().unwrap_err().into_message(), Message::Note(2)));
        assert_eq!(asking.await.unwrap(), Err(AskError::Stopped));
        assert!(matches!(address.try_tell(Message::Note(3)), Err(TellError::Stopped(Message::Note(3)))));
    })
    .await;
    outcome.unwrap();
    assert!(journal.lines().is_empty());
}

#[arbour::test]
async fn a_transient_actor_that_stops_itself_stays_down_and_keeps_what_is_queued() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child.restart(Restart::Transient), async |handle| {
        send(&address, [Message::Note(1), Message::Stop, Message::Note(2)]);
        settle().await;
        assert_eq!((journal.lines(), address.mailbox().queued), (vec!["1".to_owned()], 1));
        handle.restart_child("puppet").await.unwrap();
        settle().await;
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["1", "2"]);
}

#[arbour::test]
async fn a_permanent_actor_that_stops_itself_comes_back_to_what_is_queued() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let (restarts, outcome) = supervised(child, async |handle| {
        send(&address, [Message::Note(1), Message::Stop, Message::Note(2)]);
        settle().await;
        handle.snapshot().await.restarts
    })
    .await;
    outcome.unwrap();
    assert_eq!((restarts, journal.lines()), (1, vec!["1".into(), "2".into()]));
}

#[arbour::test]
async fn a_temporary_actor_that_ends_takes_its_mailbox_with_it() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child.restart(Restart::Temporary), async |_| {
        send(&address, [Message::Panic(9)]);
        settle().await;
        assert!(matches!(address.tell(Message::Note(1)).await.unwrap_err().into_message(), Message::Note(1)));
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn when_the_supervisor_has_ended_every_sender_gets_its_message_back() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert!(matches!(address.tell(Message::Note(1)).await.unwrap_err().into_message(), Message::Note(1)));
}

#[arbour::test]
async fn when_the_supervisor_is_dropped_by_select_waiting_senders_get_their_messages_back() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(0).build();
    let app = Supervisor::builder("app").child(child).build().unwrap();
    CancelScope::new()
        .run(async {
            let waiting = tokio::spawn({
                let address = address.clone();
                async move {
                    address.tell(Message::Slow(1, ms(1_000))).await.unwrap();
                    address.tell(Message::Note(2)).await
                }
            });
            assert!(tokio::time::timeout(ms(100), app.run()).await.is_err());
            assert!(matches!(waiting.await.unwrap().unwrap_err().into_message(), Message::Note(2)));
            assert_eq!(journal.time(), 100);
        })
        .await
        .unwrap();
    assert_eq!(journal.lines(), ["1"]);
}

#[arbour::test]
async fn a_specification_that_is_dropped_unused_gives_the_messages_of_waiting_senders_back() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(0).build();
    let waiting = tokio::spawn({
        let address = address.clone();
        async move { address.tell(Message::Note(1)).await }
    });
    settle().await;
    drop(child);
    assert!(matches!(waiting.await.unwrap().unwrap_err().into_message(), Message::Note(1)));
}
