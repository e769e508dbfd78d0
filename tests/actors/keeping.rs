//! What becomes of the queue when the actor is restarted after a failure.

use crate::support::{Journal, Message, puppet, send, settle, supervised};
use arbour::{AskError, OnRestart, Redelivery, Undelivered};
use std::sync::{Arc, Mutex};

/// What was handled, what was told as undelivered, and what the asker of the last message heard.
async fn after_a_failure(
    on_restart: OnRestart,
    redelivery: Redelivery<Message>,
) -> (Vec<String>, Vec<Undelivered>, Result<u32, AskError>) {
    let journal = Journal::new();
    let lost: Arc<Mutex<Vec<Undelivered>>> = Arc::default();
    let told = Arc::clone(&lost);
    let spec = puppet(&journal).on_restart(on_restart).redelivery(redelivery);
    let (address, child) = spec.undelivered(move |_, why| told.lock().unwrap().push(why)).build();
    send(&address, [Message::Note(1), Message::Fail(1), Message::Note(2)]);
    let pending = address.request(|reply| Message::Ask(0, reply)).await.unwrap();
    let (answer, outcome) = supervised(child, async |_| {
        let answer = pending.await;
        settle().await;
        send(&address, [Message::Note(3)]);
        settle().await;
        answer
    })
    .await;
    outcome.unwrap();
    let lost = lost.lock().unwrap().clone();
    (journal.lines(), lost, answer)
}

#[arbour::test]
async fn it_is_kept_unless_said_otherwise() {
    assert_eq!(OnRestart::default(), OnRestart::Keep);
    let (lines, lost, answer) = after_a_failure(OnRestart::Keep, Redelivery::none()).await;
    assert_eq!(lines, ["1", "fail", "2", "ask", "3"]);
    assert_eq!((lost, answer), (vec![], Ok(1)));
}

#[arbour::test]
async fn it_is_dropped_where_that_is_declared_and_an_asker_learns_that_the_actor_stopped() {
    let (lines, lost, answer) = after_a_failure(OnRestart::Drop, Redelivery::none()).await;
    assert_eq!(lines, ["1", "fail", "3"]);
    assert_eq!((lost, answer), (vec![], Err(AskError::Stopped)));
}

/// Nothing was refused and no mailbox was full: the asker hears the same as of a mailbox that is dropped.
#[arbour::test]
async fn it_is_undelivered_where_that_is_declared_and_an_asker_learns_that_the_actor_stopped() {
    let (lines, lost, answer) = after_a_failure(OnRestart::DeadLetter, Redelivery::none()).await;
    assert_eq!(lines, ["1", "fail", "3"]);
    assert_eq!((lost, answer), (vec![Undelivered::Restarted; 2], Err(AskError::Stopped)));
}

#[arbour::test]
async fn the_message_that_is_delivered_again_is_not_in_the_queue_and_is_kept() {
    let (lines, lost, _) = after_a_failure(OnRestart::Drop, Redelivery::up_to(1)).await;
    assert_eq!(lines, ["1", "fail", "fail again 2", "3"]);
    assert_eq!(lost, []);
}
