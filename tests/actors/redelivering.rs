//! Redelivery: delivered again with its number and the next attempt, given up after the limit.

use crate::support::{Journal, Message, ms, puppet, send, settle, supervised};
use arbour::{Actor, ActorSpec, AskError, Context, Failure, Redelivery, Reply, fail_after};

#[arbour::test]
async fn a_message_that_crashed_its_handler_is_delivered_again_before_the_next() {
    for crash in [Message::Fail(2), Message::Panic(2)] {
        let journal = Journal::new();
        let word = if matches!(crash, Message::Fail(_)) { "fail" } else { "panic" };
        let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(5)).build();
        let (restarts, outcome) = supervised(child, async |handle| {
            send(&address, [Message::Note(1), crash, Message::Note(2)]);
            settle().await;
            handle.snapshot().await.restarts
        })
        .await;
        outcome.unwrap();
        let (second, third) = (format!("{word} again 2"), format!("{word} again 3"));
        assert_eq!(journal.lines(), ["1", word, &second, &third, "2"]);
        assert_eq!(restarts, 2);
    }
}

#[arbour::test]
async fn a_message_is_delivered_once_and_so_many_times_more_and_then_given_up_while_the_actor_goes_on() {
    for times in [1, 2, 5] {
        let journal = Journal::new();
        let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(times)).build();
        supervised(child, async |_| {
            send(&address, [Message::Panic(u32::MAX), Message::Note(2)]);
            settle().await;
        })
        .await
        .1
        .unwrap();
        let mut expected = vec!["panic".to_owned()];
        expected.extend((2..=times + 1).map(|attempt| format!("panic again {attempt}")));
        expected.push("2".to_owned());
        assert_eq!(journal.lines(), expected);
    }
}

#[arbour::test]
async fn up_to_no_times_is_the_same_as_no_redelivery() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(0)).build();
    supervised(child, async |_| {
        send(&address, [Message::Fail(9), Message::Note(2)]);
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["fail", "2"]);
}

#[arbour::test]
async fn the_reply_stays_open_through_redelivery() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(3)).build();
    let (answer, outcome) =
        supervised(child, async |_| address.ask(|reply| Message::Ask(2, reply)).await).await;
    outcome.unwrap();
    assert_eq!(answer, Ok(3));
    assert_eq!(journal.lines(), ["ask", "ask again 2", "ask again 3"]);
}

#[arbour::test]
async fn the_asker_learns_of_the_crash_only_at_the_limit() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(2)).build();
    let (answers, outcome) = supervised(child, async |_| {
        [
            address.ask(|reply| Message::Ask(u32::MAX, reply)).await,
            address.ask(|reply| Message::Ask(0, reply)).await,
        ]
    })
    .await;
    outcome.unwrap();
    assert_eq!(answers, [Err(AskError::Crashed), Ok(1)]);
    assert_eq!(journal.lines(), ["ask", "ask again 2", "ask again 3", "ask"]);
}

#[arbour::test]
async fn a_message_that_is_delivered_again_keeps_its_number() {
    struct Numbered;
    impl Actor for Numbered {
        type Message = (u32, Reply<(u64, u32)>);
        async fn handle(
            &mut self,
            (crashes, reply): Self::Message,
            cx: &mut Context<Self>,
        ) -> Result<(), Failure> {
            assert!(cx.attempt() > crashes, "as told");
            reply.send((cx.sequence(), cx.attempt()));
            Ok(())
        }
    }
    let (address, child) = ActorSpec::new("numbered", || Numbered).redelivery(Redelivery::up_to(9)).build();
    let (answers, outcome) = supervised(child, async |_| {
        let mut answers = Vec::new();
        for crashes in [0, 2, 0, 1] {
            answers.push(address.ask(|reply| (crashes, reply)).await.unwrap());
        }
        answers
    })
    .await;
    outcome.unwrap();
    assert_eq!(answers, [(1, 1), (2, 3), (3, 1), (4, 2)]);
}

#[arbour::test]
async fn the_message_of_a_cancelled_handler_is_not_delivered_again() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(5)).build();
    let (answer, outcome) = supervised(child, async |_| {
        send(&address, [Message::Cancel, Message::Note(1)]);
        let answer = address.ask(Message::AskCancel).await;
        send(&address, [Message::Note(2)]);
        settle().await;
        answer
    })
    .await;
    outcome.unwrap();
    assert_eq!(answer, Err(AskError::Stopped));
    assert_eq!(journal.lines(), ["cancel", "1", "cancel", "2"]);
}

#[arbour::test]
async fn an_asker_that_gave_up_between_two_deliveries_does_not_end_the_redelivery() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(5)).build();
    let backoff = arbour::Backoff::new(ms(100), ms(100)).unwrap().jitter(false);
    let app = arbour::Supervisor::builder("app").child(child.backoff(backoff)).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    fail_after(ms(50), address.ask(|reply| Message::Ask(2, reply))).await.unwrap_err();
    tokio::time::sleep(ms(100)).await;
    handle.request_stop();
    running.await.unwrap().unwrap();
    assert_eq!(journal.timed(), ["ask@0", "ask again 2@0", "ask again 3@100"]);
}

#[arbour::test]
async fn a_message_in_flight_survives_a_stop_and_a_restart_by_hand() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(5)).build();
    let hour = ms(3_600_000);
    let backoff = arbour::Backoff::new(hour, hour).unwrap().jitter(false);
    let app = arbour::Supervisor::builder("app").child(child.backoff(backoff)).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    send(&address, [Message::Fail(2), Message::Note(1)]);
    settle().await;
    handle.stop_child("puppet").await.unwrap();
    handle.restart_child("puppet").await.unwrap();
    settle().await;
    assert_eq!(journal.lines(), ["fail", "fail again 2", "fail again 3", "1"]);
    handle.request_stop();
    running.await.unwrap().unwrap();
}

#[arbour::test]
async fn an_asker_whose_message_waits_for_redelivery_learns_of_the_crash_when_the_slot_is_deleted() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).redelivery(Redelivery::up_to(5)).build();
    let hour = ms(3_600_000);
    let backoff = arbour::Backoff::new(hour, hour).unwrap().jitter(false);
    let app = arbour::Supervisor::builder("app").child(child.backoff(backoff)).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    let asker = address.clone();
    let ask = tokio::spawn(async move { asker.ask(|reply| Message::Ask(9, reply)).await });
    settle().await;
    assert!(!ask.is_finished());
    handle.stop_child("puppet").await.unwrap();
    handle.delete_child("puppet").await.unwrap();
    assert_eq!(ask.await.unwrap(), Err(AskError::Crashed));
    handle.request_stop();
    running.await.unwrap().unwrap();
}

/// A message whose copy panics when it is told to.
struct Fragile(bool, Reply<u32>);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(!self.0, "cannot be copied");
        Self(self.0, self.1.clone())
    }
}

#[arbour::test]
async fn a_message_whose_copy_panics_crashes_the_actor_once_and_the_asker_is_told_so() {
    struct Plain;
    impl Actor for Plain {
        type Message = Fragile;
        async fn handle(&mut self, message: Fragile, _: &mut Context<Self>) -> Result<(), Failure> {
            message.1.send(1);
            Ok(())
        }
    }
    let (address, child) = ActorSpec::new("plain", || Plain).redelivery(Redelivery::up_to(5)).build();
    let (answers, outcome) = supervised(child, async |handle| {
        let answers = [
            address.ask(|reply| Fragile(true, reply)).await,
            address.ask(|reply| Fragile(false, reply)).await,
        ];
        assert_eq!(handle.snapshot().await.restarts, 1);
        answers
    })
    .await;
    outcome.unwrap();
    assert_eq!(answers, [Err(AskError::Crashed), Ok(1)]);
}
