//! Draining: what is queued is handled, new work is refused with the message handed back.

use crate::support::{Journal, Message, ms, puppet, send, settle, supervised};
use arbour::{AskError, Shutdown, TellError};
use tokio::time::sleep;

#[arbour::test]
async fn what_is_queued_is_handled_before_a_stop_is_answered() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child, async |handle| {
        settle().await;
        send(&address, [Message::Slow(1, ms(100)), Message::Slow(2, ms(100)), Message::Note(3)]);
        handle.stop_child("puppet").await.unwrap();
        assert_eq!(journal.timed(), ["1@1", "1 done@101", "2@101", "2 done@201", "3@201"]);
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn an_idle_actor_stops_at_once() {
    let journal = Journal::new();
    let (_address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child, async |handle| {
        settle().await;
        handle.stop_child("puppet").await.unwrap();
        assert_eq!(journal.time(), 1);
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn a_draining_actor_refuses_new_work_at_once_and_hands_it_back_also_while_it_handles_a_message() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child, async |handle| {
        address.tell(Message::Slow(1, ms(1_000))).await.unwrap();
        settle().await;
        tokio::spawn(async move { handle.stop_child("puppet").await });
        settle().await;
        let refused = address.tell(Message::Note(2)).await.unwrap_err();
        assert!(matches!(refused, TellError::Stopped(Message::Note(2))));
        assert_eq!(
            refused.to_string(),
            "the actor has stopped or is stopping; the message was not delivered"
        );
        let refused = address.try_tell(Message::Note(3)).unwrap_err();
        assert!(matches!(refused, TellError::Stopped(Message::Note(3))));
        assert_eq!(address.ask(Message::Ignore).await, Err(AskError::Stopped));
        assert_eq!(journal.time(), 2);
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["1", "1 done"]);
}

#[arbour::test]
async fn senders_that_wait_for_room_get_their_messages_back_when_the_drain_begins() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(1).build();
    let ((), outcome) = supervised(child, async |handle| {
        address.tell(Message::Slow(1, ms(1_000))).await.unwrap();
        settle().await;
        address.tell(Message::Note(2)).await.unwrap();
        let waiting: Vec<_> = (3..6)
            .map(|n| {
                let address = address.clone();
                tokio::spawn(async move { address.tell(Message::Note(n)).await })
            })
            .collect();
        settle().await;
        tokio::spawn(async move { handle.stop_child("puppet").await });
        for (n, waiting) in (3..6).zip(waiting) {
            let refused = waiting.await.unwrap().unwrap_err();
            assert!(matches!(refused, TellError::Stopped(Message::Note(m)) if m == n));
        }
        assert_eq!(journal.time(), 2);
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["1", "1 done", "2"]);
}

#[arbour::test]
async fn an_ask_that_was_queued_is_answered_during_the_drain() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child, async |handle| {
        send(&address, [Message::Slow(1, ms(100))]);
        let asker = address.clone();
        let ask = tokio::spawn(async move { asker.ask(|reply| Message::Ask(0, reply)).await });
        settle().await;
        handle.stop_child("puppet").await.unwrap();
        assert_eq!(ask.await.unwrap(), Ok(1));
    })
    .await;
    outcome.unwrap();
}

#[arbour::test]
async fn a_drain_that_takes_too_long_is_cancelled_and_what_is_left_stays_queued_for_a_restart() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let child = child.shutdown(Shutdown::After(ms(150)));
    let ((), outcome) = supervised(child, async |handle| {
        send(&address, (1..=4).map(|n| Message::Slow(n, ms(100))));
        settle().await;
        handle.stop_child("puppet").await.unwrap();
        assert_eq!((journal.time(), address.mailbox().queued), (151, 2));
        handle.restart_child("puppet").await.unwrap();
        sleep(ms(500)).await;
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["1", "1 done", "2", "3", "3 done", "4", "4 done"]);
}

#[arbour::test]
async fn a_crash_while_it_drains_ends_the_drain_and_what_is_left_stays_queued_for_a_restart() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let ((), outcome) = supervised(child, async |handle| {
        send(&address, [Message::Slow(1, ms(100)), Message::Panic(9), Message::Note(2)]);
        settle().await;
        handle.stop_child("puppet").await.unwrap();
        assert_eq!(journal.lines(), ["1", "1 done", "panic"]);
        handle.restart_child("puppet").await.unwrap();
        settle().await;
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["1", "1 done", "panic", "2"]);
}

#[arbour::test]
async fn the_end_of_the_supervisor_drains_its_actors() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    supervised(child, async |_| {
        settle().await;
        send(&address, (1..=50).map(Message::Note));
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines().len(), 50);
}

#[arbour::test]
async fn an_actor_that_is_stopped_without_a_drain_refuses_new_work_all_the_same() {
    for busy in [false, true] {
        let journal = Journal::new();
        let (address, child) = puppet(&journal).build();
        let ((), outcome) = supervised(child.shutdown(Shutdown::After(ms(0))), async |handle| {
            if busy {
                address.tell(Message::Slow(1, ms(1_000))).await.unwrap();
            }
            settle().await;
            handle.stop_child("puppet").await.unwrap();
            address.tell(Message::Note(2)).await.unwrap_err();
            handle.restart_child("puppet").await.unwrap();
            address.tell(Message::Note(3)).await.unwrap();
            settle().await;
        })
        .await;
        outcome.unwrap();
        assert_eq!(journal.lines().last().unwrap(), "3");
    }
}

#[arbour::test]
async fn an_actor_that_somebody_cancelled_while_it_was_idle_takes_messages_until_it_is_back() {
    let journal = Journal::new();
    let scopes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (notes, opened) = (journal.clone(), std::sync::Arc::clone(&scopes));
    let spec = arbour::ActorSpec::new("puppet", move || {
        opened.lock().unwrap().push(arbour::ScopeHandle::current().unwrap());
        crate::support::Puppet::new(&notes)
    });
    let (address, child) = spec.build();
    let hour = ms(3_600_000);
    let child = child.backoff(arbour::Backoff::new(hour, hour).unwrap().jitter(false));
    let app = arbour::Supervisor::builder("app").child(child).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    // The first retry is immediate, the second one waits.
    for incarnation in 0..2 {
        settle().await;
        let scope = scopes.lock().unwrap()[incarnation].clone();
        scope.cancel("somebody");
    }
    settle().await;
    assert!(matches!(handle.snapshot().await.children[0].state, arbour::SlotState::Waiting { .. }));
    address.tell(Message::Note(1)).await.unwrap();
    sleep(hour).await;
    handle.request_stop();
    running.await.unwrap().unwrap();
    assert_eq!(journal.lines(), ["1"]);
}
