//! Asking several at a time, within a time, and through others.

use crate::doer::{Doer, Job, doer, now, pause, slow};
use crate::support::{Journal, Message, ms, puppet, send, settle, supervised};
use arbour::{Address, AskError, Failure, Progress, Reply, TellError, ask_many, spawn_actor, task_group};
use tokio::time::Instant;

/// Three that reply with 1, 2 and 3 after 10, 20 and 30 ms.
async fn with_three(body: impl AsyncFnOnce([Address<Doer>; 3])) {
    task_group(async |group| {
        body([(); 3].map(|()| spawn_actor(&group, "doer", Doer, 16))).await;
        group.cancel("done");
    })
    .await
    .unwrap();
}

/// Makes messages that take 10 ms for the first, 20 ms for the next, and so on.
fn rising() -> impl FnMut(Reply<u64>) -> Job {
    let mut n = 0;
    move |reply| {
        n += 1;
        let n = n;
        slow(move |_| {
            Box::pin(async move {
                tokio::time::sleep(ms(10 * n)).await;
                reply.send(n);
                Ok(())
            })
        })
    }
}

#[arbour::test]
async fn all_first_and_quorum_wait_as_long_as_they_must() {
    with_three(async |actors| {
        let began = Instant::now();
        assert_eq!(ask_many(&actors, rising()).first().await.unwrap(), 1);
        assert_eq!(began.elapsed(), ms(10));
        assert_eq!(ask_many(&actors, rising()).all().await, [Ok(1), Ok(2), Ok(3)]);
    })
    .await;
    with_three(async |actors| {
        let began = Instant::now();
        assert_eq!(ask_many(&actors, rising()).quorum(2).await.unwrap(), [1, 2]);
        assert_eq!(began.elapsed(), ms(20));
        assert_eq!(ask_many(&actors, rising()).quorum(0).await.unwrap(), Vec::<u64>::new());
    })
    .await;
}

#[arbour::test]
async fn a_quorum_is_given_up_as_soon_as_it_cannot_come() {
    with_three(async |actors| {
        actors[1].stop().await.unwrap();
        actors[2].stop().await.unwrap();
        let none = ask_many(&actors, rising()).quorum(2).await.unwrap_err();
        assert_eq!(none.errors, [(1, AskError::Stopped), (2, AskError::Stopped)]);
        assert_eq!(none.to_string(), "0 of 2 replies came in; 2 actors gave none");
    })
    .await;
}

#[arbour::test]
async fn whoever_gave_no_reply_in_time_is_told_apart_by_whether_the_message_was_handled() {
    with_three(async |actors| {
        actors[0].tell(pause(ms(1_000))).await.unwrap();
        settle().await;
        let answers = ask_many(&actors, rising()).within(ms(25)).all().await;
        let late = |progress| Err(AskError::TimedOut(progress));
        assert_eq!(answers, [late(Progress::NotHandled), Ok(2), late(Progress::Unknown)]);
    })
    .await;
}

#[arbour::test]
async fn within_a_time_the_handler_sees_the_deadline_and_that_the_asker_has_gone() {
    let journal = Journal::new();
    let notes = journal.clone();
    task_group(async |group| {
        let address = doer().spawn(&group);
        let deadline = (Instant::now() + ms(10)).into_std();
        let job = |reply: Reply<()>| {
            slow(move |cx| {
                Box::pin(async move {
                    assert_eq!((cx.asker_deadline(), reply.deadline()), (Some(deadline), Some(deadline)));
                    assert!(!cx.asker_gone());
                    tokio::time::sleep(ms(20)).await;
                    assert!(cx.asker_gone() && reply.is_abandoned());
                    notes.note("gone");
                    Ok(())
                })
            })
        };
        assert_eq!(address.ask_within(ms(10), job).await, Err(AskError::TimedOut(Progress::Unknown)));
        let not_asked = now(|cx| assert_eq!((cx.asker_gone(), cx.asker_deadline()), (false, None)));
        address.tell(not_asked).await.unwrap();
    })
    .await
    .unwrap();
    assert_eq!(journal.timed(), ["gone@20"]);
}

/// What the asker hears of a reply that the first passes on to the second.
async fn forwarded(message: fn(Reply<u32>) -> Message) -> Result<u32, AskError> {
    let (second, child) = puppet(&Journal::new()).build();
    let target = second.clone();
    let (answer, outcome) = supervised(child, async |_| {
        task_group(async |group| {
            let first = doer().spawn(&group);
            let asked = first.ask(move |reply: Reply<u32>| {
                slow(move |_| {
                    Box::pin(async move {
                        target.forward(reply, message).await.map_err(|_| Failure::message("refused"))
                    })
                })
            });
            asked.await
        })
        .await
        .unwrap()
    })
    .await;
    outcome.unwrap();
    answer
}

#[arbour::test]
async fn whoever_asked_hears_what_becomes_of_a_message_that_was_passed_on() {
    assert_eq!(forwarded(|reply| Message::Ask(0, reply)).await, Ok(1));
    assert_eq!(forwarded(|reply| Message::Ask(9, reply)).await, Err(AskError::Crashed));
    assert_eq!(forwarded(Message::Ignore).await, Err(AskError::NoReply));
    assert_eq!(forwarded(Message::AskCancel).await, Err(AskError::Stopped));
}

#[arbour::test]
async fn a_message_that_is_passed_on_to_one_that_has_stopped_comes_back_with_its_reply() {
    task_group(async |group| {
        let (first, second) = (doer().spawn(&group), spawn_actor(&group, "second", Doer, 16));
        second.stop().await.unwrap();
        let asked = first.ask(move |reply: Reply<u32>| {
            slow(move |cx| {
                Box::pin(async move {
                    let Err(TellError::Stopped(job)) =
                        second.forward(reply, |reply| now(move |_| reply.send(7))).await
                    else {
                        panic!("it has stopped")
                    };
                    cx.handle_next(job);
                    Ok(())
                })
            })
        });
        assert_eq!(asked.await, Ok(7));
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn a_question_is_answered_between_two_messages_ahead_of_a_full_mailbox() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).mailbox(3).build();
    supervised(child, async |_| {
        settle().await;
        send(&address, [Message::Slow(1, ms(10))]);
        settle().await;
        send(&address, (2..=4).map(Message::Note));
        let status = address.status().await.unwrap();
        assert_eq!((status.taken, status.queued, status.incarnation), (1, 3, 1));
        settle().await;
        assert_eq!(journal.lines().len(), 5);
    })
    .await
    .1
    .unwrap();
    assert_eq!(address.status().await.unwrap_err(), AskError::Stopped);
}

/// Neither can be cloned, and the conversion must not be undone.
#[derive(Debug, PartialEq)]
struct Note(u32);

impl From<Note> for Message {
    fn from(Note(n): Note) -> Self {
        Self::Note(n)
    }
}

#[arbour::test]
async fn a_recipient_hands_a_message_back_as_it_was() {
    let (address, child) = puppet(&Journal::new()).mailbox(1).build();
    let notes = address.recipient::<Note>();
    notes.tell(Note(1)).await.unwrap();
    assert_eq!(notes.try_tell(Note(2)).unwrap_err().into_message(), Note(2));
    drop(child);
    assert_eq!(notes.tell(Note(3)).await.unwrap_err().into_message(), Note(3));
    assert_eq!(notes.clone().name(), "puppet");
}
