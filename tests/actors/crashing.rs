//! Crashes without redelivery: the address and the queue stay, the message is consumed.

use crate::support::{Journal, Message, Puppet, ms, puppet, send, settle, supervised};
use arbour::{ActorSpec, AskError, Failure, RestartLimit, Supervisor, TellError};
use tokio::time::sleep;

#[arbour::test]
async fn the_address_outlives_a_crash_the_queue_is_kept_and_the_message_is_consumed() {
    for crash in [Message::Fail(9), Message::Panic(9)] {
        let journal = Journal::new();
        let (address, child) = puppet(&journal).build();
        let word = if matches!(crash, Message::Fail(_)) { "fail" } else { "panic" };
        let (snapshot, outcome) = supervised(child, async |handle| {
            send(&address, [Message::Note(1), crash, Message::Note(2), Message::Note(3)]);
            settle().await;
            address.tell(Message::Note(4)).await.unwrap();
            settle().await;
            handle.snapshot().await
        })
        .await;
        outcome.unwrap();
        assert_eq!(journal.lines(), ["1", word, "2", "3", "4"]);
        assert_eq!(snapshot.restarts, 1);
    }
}

#[arbour::test]
async fn a_cancelled_handler_is_no_crash_and_the_actor_comes_back_to_the_next_message() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    supervised(child, async |_| {
        send(&address, [Message::Cancel, Message::Note(2)]);
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["cancel", "2"]);
}

#[arbour::test]
async fn senders_that_wait_for_room_wait_through_a_crash_and_none_is_lost() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(0).build();
    supervised(child, async |_| {
        for message in [Message::Panic(9), Message::Note(1), Message::Fail(9), Message::Note(2)] {
            let address = address.clone();
            tokio::spawn(async move { address.tell(message).await.unwrap() });
            settle().await;
        }
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["panic", "1", "fail", "2"]);
}

#[arbour::test]
async fn each_incarnation_is_made_anew_and_what_the_factory_owns_lives_on() {
    let journal = Journal::new();
    let notes = journal.clone();
    let mut made = 0;
    let spec = ActorSpec::new("puppet", move || {
        made += 1;
        notes.note(format!("made {made}"));
        Puppet::new(&notes)
    });
    let (address, child) = spec.build();
    supervised(child, async |_| {
        send(&address, [Message::Fail(9), Message::Panic(9), Message::Note(1)]);
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["made 1", "fail", "made 2", "panic", "made 3", "1"]);
}

#[arbour::test]
async fn a_panic_in_the_factory_is_one_crash_and_loses_no_message() {
    let journal = Journal::new();
    let notes = journal.clone();
    let mut made = 0;
    let spec = ActorSpec::new("puppet", move || {
        made += 1;
        assert!(made == 1 || made > 3, "out of memory");
        Puppet::new(&notes)
    });
    let (address, child) = spec.build();
    let (restarts, outcome) = supervised(child, async |handle| {
        send(&address, [Message::Fail(9), Message::Note(1), Message::Note(2)]);
        settle().await;
        handle.snapshot().await.restarts
    })
    .await;
    outcome.unwrap();
    assert_eq!((restarts, journal.lines()), (3, vec!["fail".into(), "1".into(), "2".into()]));
}

#[arbour::test]
async fn a_panic_in_the_factory_the_first_time_is_a_failed_start() {
    let spec = ActorSpec::new("puppet", || -> Puppet { panic!("no such table") });
    let (address, child) = spec.build();
    let error = Supervisor::builder("app").child(child).build().unwrap().run().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("child `puppet` panicked before it was ready"), "{text}");
    assert!(text.ends_with("no such table"), "{text}");
    address.tell(Message::Note(1)).await.unwrap_err();
}

#[arbour::test]
async fn giving_up_tells_the_failure_and_hands_messages_back_from_then_on() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(1).build();
    let none = RestartLimit::new(0, ms(1)).unwrap();
    let app = Supervisor::builder("app").limit(none).child(child).build().unwrap();
    let running = tokio::spawn(app.run());
    address.tell(Message::Slow(1, ms(100))).await.unwrap();
    settle().await;
    address.tell(Message::Panic(9)).await.unwrap();
    let waiting = tokio::spawn({
        let address = address.clone();
        async move {
            address.tell(Message::Note(2)).await.unwrap();
            address.tell(Message::Note(3)).await
        }
    });
    let asking = tokio::spawn({
        let address = address.clone();
        async move { address.ask(Message::Ignore).await }
    });
    let error = running.await.unwrap().unwrap_err();
    assert!(error.failure().unwrap().is_panic());
    let refused = waiting.await.unwrap().unwrap_err();
    assert!(matches!(refused, TellError::Stopped(Message::Note(3))), "{refused:?}");
    assert_eq!(asking.await.unwrap(), Err(AskError::Stopped));
    assert_eq!(journal.lines(), ["1", "1 done", "panic"]);
}

#[arbour::test]
async fn the_failure_of_a_handler_is_the_failure_of_the_child() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let none = RestartLimit::new(0, ms(1)).unwrap();
    let app = Supervisor::builder("app").limit(none).child(child).build().unwrap();
    send(&address, [Message::Fail(9)]);
    let error = app.run().await.unwrap_err();
    assert_eq!(error.failure().map(Failure::to_string).as_deref(), Some("as told"));
    sleep(ms(1)).await;
}
