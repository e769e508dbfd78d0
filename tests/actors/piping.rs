//! A future's output as a message: its place is kept from the moment it is asked for.

use crate::doer::{doer, note, now, pause};
use crate::support::{Journal, ms, settle, supervised};
use arbour::{TellError, fail_after};
use std::future::pending;
use tokio::time::sleep;

#[arbour::test]
async fn its_place_is_reserved_when_it_is_called_and_exceeds_no_bound() {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(2).build();
    let notes = journal.clone();
    let piped = now(move |cx| {
        cx.pipe(sleep(ms(100)), move |()| note(&notes, "piped"));
    });
    supervised(child, async |_| {
        address.tell(piped).await.unwrap();
        settle().await;
        address.tell(pause(ms(200))).await.unwrap();
        settle().await;
        address.try_tell(note(&journal, "first")).unwrap();
        assert!(matches!(address.try_tell(note(&journal, "never")), Err(TellError::Full(_))));
        sleep(ms(300)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["first@201", "piped@201"]);
}

#[arbour::test]
async fn before_a_full_mailbox_it_stands_in_line_from_the_call_on() {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(1).build();
    let notes = journal.clone();
    let own = address.clone();
    let piped = now(move |cx| {
        own.try_tell(pause(ms(50))).unwrap();
        cx.pipe(async {}, move |()| note(&notes, "piped"));
    });
    supervised(child, async |_| {
        address.tell(piped).await.unwrap();
        sleep(ms(10)).await;
        address.tell(note(&journal, "later")).await.unwrap();
        sleep(ms(100)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["piped@50", "later@50"]);
}

#[arbour::test]
async fn a_panic_of_the_piped_future_is_a_failure_of_the_actor() {
    let (address, child) = doer().build();
    let piped = now(|cx| {
        cx.pipe(async { panic!("piped") }, |()| pause(ms(0)));
    });
    supervised(child, async |handle| {
        let monitor = address.monitor();
        address.tell(piped).await.unwrap();
        let down = monitor.await;
        assert!(down.to_string().contains("piped"), "{down}");
        settle().await;
        assert_eq!(handle.which_child("doer").await.unwrap().incarnation, 2);
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn an_actor_that_is_asked_to_stop_does_not_wait_for_what_never_comes() {
    let (address, child) = doer().build();
    let piped = now(|cx| {
        cx.pipe(pending(), |()| pause(ms(0)));
    });
    supervised(child, async |_| {
        address.tell(piped).await.unwrap();
        settle().await;
        fail_after(ms(100), address.stop()).await.expect("it ends at once").unwrap();
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn an_actor_that_crashes_meanwhile_gets_no_message_of_it() {
    let journal = Journal::new();
    let (address, child) = doer().mailbox(1).build();
    let notes = journal.clone();
    let piped = now(move |cx| {
        cx.pipe(sleep(ms(50)), move |()| note(&notes, "piped"));
    });
    supervised(child, async |_| {
        address.tell(piped).await.unwrap();
        settle().await;
        // The place that is kept is the only one.
        let failing = address.clone();
        let told = tokio::spawn(async move { failing.tell(crate::doer::fail()).await });
        sleep(ms(100)).await;
        told.await.unwrap().unwrap();
        sleep(ms(100)).await;
        address.try_tell(note(&journal, "its place is free")).unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["piped", "its place is free"]);
}

#[arbour::test]
async fn one_that_nobody_supervises_lives_until_what_is_piped_has_come() {
    let journal = Journal::new();
    let notes = journal.clone();
    arbour::task_group(async |group| {
        let address = doer().spawn(&group);
        let piped = now(move |cx| {
            cx.pipe(sleep(ms(100)), move |()| note(&notes, "piped"));
        });
        address.tell(piped).await.unwrap();
        settle().await;
    })
    .await
    .unwrap();
    assert_eq!((journal.timed(), journal.time()), (vec!["piped@100".to_owned()], 100));
}
