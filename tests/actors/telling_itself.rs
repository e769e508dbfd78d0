//! An actor that tells itself something never waits for itself, and loses nothing of it.

use crate::doer::{Job, doer, fail, note, now, slow};
use crate::support::{Journal, ms, settle, supervised};
use arbour::{AskError, Context, Failure, StopError, TellError, fail_after};
use std::sync::{Arc, Mutex};

/// Tells itself so many notes, by `tell`; gives how many were taken, and the first refusal.
async fn tell_itself(
    cx: &Context<crate::doer::Doer>,
    journal: &Journal,
    count: u32,
) -> (u32, Option<String>) {
    let own = cx.address().expect("it lives");
    for n in 1..=count {
        match own.tell(note(journal, n.to_string())).await {
            Ok(()) => {}
            Err(refused @ TellError::WouldDeadlock { .. }) => {
                let said = refused.to_string();
                let _job: Job = refused.into_message();
                return (n - 1, Some(said));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    (count, None)
}

/// How many notes an actor with this mailbox may tell itself in one handler, after which they are handled in order.
async fn may_tell_itself(mailbox: usize) -> u32 {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(mailbox).build();
    let (told, telling) = tokio::sync::oneshot::channel();
    let (ours, notes) = (journal.clone(), journal.clone());
    let job = slow(move |cx| {
        Box::pin(async move {
            let outcome = tell_itself(cx, &notes, 100).await;
            notes.note("told");
            told.send(outcome).map_err(|_| Failure::message("nobody listens"))
        })
    });
    let (outcome, ended) = supervised(child, async |_| {
        address.tell(job).await.unwrap();
        settle().await;
        telling.await.unwrap()
    })
    .await;
    ended.unwrap();
    let (taken, refusal) = outcome;
    assert_eq!(
        refusal.as_deref(),
        Some("the message was not delivered: the actor doer would wait for itself")
    );
    let expected: Vec<String> =
        std::iter::once("told".to_owned()).chain((1..=taken).map(|n| n.to_string())).collect();
    assert_eq!(ours.lines(), expected);
    taken
}

#[arbour::test]
async fn beyond_the_mailbox_sixteen_stand_in_line_in_their_order_and_the_next_is_handed_back() {
    assert_eq!(may_tell_itself(1).await, 17);
    assert_eq!(may_tell_itself(5).await, 21);
}

#[arbour::test]
async fn so_they_do_before_a_rendezvous() {
    assert_eq!(may_tell_itself(0).await, 16);
}

#[arbour::test]
async fn a_recipient_of_itself_is_as_good_as_its_address() {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(1).build();
    let notes = journal.clone();
    let job = slow(move |cx| {
        let own = cx.address().expect("it lives").recipient::<Job>();
        Box::pin(async move {
            for n in 1..=5 {
                own.tell(note(&notes, n.to_string()))
                    .await
                    .map_err(|refused| Failure::message(refused.to_string()))?;
            }
            Ok(())
        })
    });
    supervised(child, async |_| {
        address.tell(job).await.unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["1", "2", "3", "4", "5"]);
}

#[arbour::test]
async fn whatever_else_would_wait_for_itself_is_refused_with_its_name() {
    let journal = Journal::new();
    let (address, child) = doer().build();
    let notes = journal.clone();
    let job = slow(move |cx| {
        let own = cx.address().expect("it lives");
        Box::pin(async move {
            let question = |reply: arbour::Reply<()>| now(move |_| reply.send(()));
            let hour = ms(3_600_000);
            let ask = fail_after(hour, own.ask(question)).await;
            notes.note(format!("ask: {:?}", ask.expect("refused at once").unwrap_err()));
            let ask = fail_after(hour, own.recipient::<Job>().ask(question)).await;
            notes.note(format!("recipient: {:?}", ask.expect("refused at once").unwrap_err()));
            let ask = fail_after(hour, own.ask_within(hour, question)).await;
            notes.note(format!("within: {:?}", ask.expect("refused at once").unwrap_err()));
            let many = fail_after(hour, arbour::ask_many([&own], question).all()).await;
            notes.note(format!("many: {:?}", many.expect("refused at once")[0].as_ref().unwrap_err()));
            assert!(matches!(own.status().await, Err(AskError::WouldDeadlock(_))));
            assert_eq!(own.stop().await.unwrap_err(), StopError::WouldDeadlock);
            Ok(())
        })
    });
    supervised(child, async |_| {
        address.tell(job).await.unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    let refused =
        ["ask", "recipient", "within", "many"].map(|who| format!("{who}: WouldDeadlock([\"doer\"])@0"));
    assert_eq!(journal.timed(), refused);
}

#[arbour::test]
async fn a_task_that_it_spawned_is_not_its_own_code_and_waits_for_room() {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(1).build();
    let notes = journal.clone();
    let job = now(move |cx| {
        let own = cx.address().expect("it lives");
        cx.spawn(async move {
            for n in 1..=100 {
                own.tell(note(&notes, n.to_string())).await.map_err(|_| Failure::message("refused"))?;
            }
            let answer = own.ask(|reply| now(move |_| reply.send("asked"))).await;
            notes.note(answer.unwrap());
            Ok::<_, Failure>(())
        });
    });
    supervised(child, async |_| {
        address.tell(job).await.unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    let expected: Vec<String> =
        (1..=100).map(|n: u32| n.to_string()).chain(std::iter::once("asked".to_owned())).collect();
    assert_eq!(journal.lines(), expected);
}

/// Tells itself 5 notes through a mailbox of one, then does as it is told.
fn telling_five(journal: &Journal, then: Job) -> Job {
    let notes = journal.clone();
    slow(move |cx| {
        Box::pin(async move {
            assert_eq!(tell_itself(cx, &notes, 5).await, (5, None));
            cx.handle_next(then);
            Ok(())
        })
    })
}

#[arbour::test]
async fn what_stands_in_line_outlives_a_crash_as_the_mailbox_does() {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(1).build();
    supervised(child, async |_| {
        address.tell(telling_five(&journal, fail())).await.unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["1", "2", "3", "4", "5"]);
}

#[arbour::test]
async fn what_stands_in_line_is_handled_before_a_stop_in_good_order() {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(1).build();
    supervised(child, async |_| {
        let wait = crate::doer::pause(ms(100));
        address.tell(telling_five(&journal, wait)).await.unwrap();
        settle().await;
        address.stop().await.unwrap();
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["1", "2", "3", "4", "5"]);
}

#[arbour::test]
async fn what_stands_in_line_when_it_ends_for_good_is_undelivered() {
    let lost: Arc<Mutex<u32>> = Arc::default();
    let told = Arc::clone(&lost);
    arbour::task_group(async |group| {
        let spec = doer().mailbox(1).undelivered(move |_, _| *told.lock().unwrap() += 1);
        let address = spec.spawn(&group);
        let stop = now(|cx| cx.stop());
        address.tell(telling_five(&Journal::new(), stop)).await.unwrap();
        address.ended().await;
    })
    .await
    .unwrap();
    assert_eq!(*lost.lock().unwrap(), 5);
}
