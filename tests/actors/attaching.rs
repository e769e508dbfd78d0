//! Streams as sources of messages.

use crate::doer::{doer, note, now, pause};
use crate::support::{Journal, ms, settle, supervised};
use arbour::fail_after;
use futures::{StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::sleep;

#[arbour::test]
async fn its_items_come_in_order_and_keep_an_unsupervised_actor_alive_as_long_as_they_come() {
    let journal = Journal::new();
    let notes = journal.clone();
    arbour::task_group(async |group| {
        let address = doer().mailbox(1).spawn(&group);
        let items = stream::iter(1..=3).then(|n| async move {
            sleep(ms(10)).await;
            n
        });
        let attach = now(move |cx| {
            cx.attach(items, move |n| note(&notes, n.to_string()));
        });
        address.tell(attach).await.unwrap();
        settle().await;
    })
    .await
    .unwrap();
    assert_eq!(journal.timed(), ["1@10", "2@20", "3@30"]);
    assert_eq!(journal.time(), 30);
}

#[arbour::test]
async fn an_item_is_taken_from_the_stream_only_when_there_is_room_for_it() {
    let (address, child) = doer().mailbox(2).build();
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let attach = now(move |cx| {
        let endless = stream::repeat_with(move || counted.fetch_add(1, Ordering::Relaxed));
        cx.attach(endless, |_| pause(ms(10)));
    });
    supervised(child, async |_| {
        address.tell(attach).await.unwrap();
        for round in 0..20 {
            sleep(ms(10)).await;
            let handled = round + 1;
            let taken = taken.load(Ordering::Relaxed);
            assert!((handled..=handled + 3).contains(&taken), "{taken} taken, {handled} handled");
        }
        address.stop().await.unwrap();
    })
    .await
    .1
    .unwrap();
}

/// The place that an item will need is not taken from others as long as there is no item.
#[arbour::test]
async fn a_stream_that_is_quiet_keeps_nobody_else_out() {
    for mailbox in [0, 1, 2] {
        let journal = Journal::new();
        let (address, child) = doer().mailbox(mailbox).build();
        let attach = now(|cx| {
            cx.attach(stream::pending::<()>(), |()| pause(ms(0)));
            cx.attach(stream::pending::<()>(), |()| pause(ms(0)));
        });
        supervised(child, async |_| {
            address.tell(attach).await.unwrap();
            settle().await;
            let told = fail_after(ms(100), address.tell(note(&journal, "told"))).await;
            told.unwrap_or_else(|_| panic!("a mailbox of {mailbox} has no room")).unwrap();
            settle().await;
        })
        .await
        .1
        .unwrap();
        assert_eq!(journal.lines(), ["told"]);
    }
}

#[arbour::test]
async fn a_quiet_stream_does_not_hold_up_a_stop() {
    let (address, child) = doer().build();
    let attach = now(|cx| {
        cx.attach(stream::pending::<()>(), |()| pause(ms(0)));
    });
    supervised(child, async |_| {
        address.tell(attach).await.unwrap();
        settle().await;
        fail_after(ms(100), address.stop()).await.expect("it ends at once").unwrap();
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn the_stream_ends_with_the_incarnation() {
    let journal = Journal::new();
    let (address, child) = doer().build();
    let owned = Arc::new(());
    let watched = Arc::downgrade(&owned);
    let notes = journal.clone();
    let attach = now(move |cx| {
        let ticks = stream::unfold(owned, |owned| async move {
            sleep(ms(10)).await;
            Some(((), owned))
        });
        cx.attach(ticks, move |()| note(&notes, "item"));
    });
    supervised(child, async |_| {
        address.tell(attach).await.unwrap();
        sleep(ms(25)).await;
        address.tell(crate::doer::fail()).await.unwrap();
        settle().await;
        assert_eq!(watched.strong_count(), 0);
        sleep(ms(100)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["item@10", "item@20"]);
}
