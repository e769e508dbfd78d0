//! Monitors and stops: who hears of which end, and that nothing is left of one who has stopped listening.

use crate::doer::{doer, fail, now, slow};
use crate::support::{Journal, Message, Puppet, ms, puppet, send, settle, supervised};
use arbour::{Actor, Address, Context, ExitKind, Failure, Restart, StopError, spawn_actor, task_group};
use std::sync::{Arc, Weak};

#[arbour::test]
async fn a_monitor_tells_the_end_of_each_incarnation_and_ended_that_of_the_actor() {
    let (address, child) = doer().build();
    supervised(child.restart(Restart::Transient), async |handle| {
        settle().await;
        let mut ended = Box::pin(address.ended());
        let (first, twin) = (address.monitor(), address.monitor());
        address.tell(fail()).await.unwrap();
        let down = first.await;
        assert_eq!(down.to_string(), "the actor doer failed (incarnation 1): as told");
        assert_eq!(twin.await.incarnation, 1);
        let second = address.monitor();
        assert!(arbour::fail_after(ms(1), &mut ended).await.is_err(), "it comes back");
        address.tell(now(Context::stop)).await.unwrap();
        let down = second.await;
        assert_eq!(down.incarnation, 2);
        assert_eq!(down.exit.map(|exit| exit.kind()), Some(ExitKind::Normal));
        settle().await;
        assert!(arbour::fail_after(ms(1), &mut ended).await.is_err(), "its slot is there");
        handle.delete_child("doer").await.unwrap();
        assert_eq!(ended.await.incarnation, 2);
        assert_eq!(address.monitor().await.incarnation, 2, "there will be no other end");
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn a_monitor_keeps_nobody_alive() {
    let down = task_group(async |group| {
        let address = doer().spawn(&group);
        let monitor = address.monitor();
        drop(address);
        monitor.await
    });
    assert_eq!(down.await.unwrap().to_string(), "the actor doer ended normally (incarnation 1)");
}

#[arbour::test]
async fn stopping_a_supervised_actor_keeps_it_down_until_it_is_started_again() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    supervised(child, async |handle| {
        settle().await;
        send(&address, [Message::Slow(1, ms(10)), Message::Note(2)]);
        let (one, other) = tokio::join!(address.stop(), address.stop());
        assert_eq!((one.unwrap().incarnation, other.unwrap().incarnation), (1, 1));
        assert_eq!(journal.lines(), ["1", "1 done", "2"]);
        assert!(address.tell(Message::Note(3)).await.is_err());
        assert!(address.is_closed());
        tokio::time::sleep(ms(60_000)).await;
        assert!(!handle.which_child("puppet").await.unwrap().is_running());
        handle.restart_child("puppet").await.unwrap();
        send(&address, [Message::Note(4)]);
        settle().await;
        assert_eq!(journal.lines().last().unwrap(), "4");
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn an_unsupervised_actor_that_is_stopped_before_it_runs_handles_what_is_queued_and_ends() {
    let journal = Journal::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
        send(&address, [Message::Note(1), Message::Note(2)]);
        assert_eq!(address.stop().await.unwrap().incarnation, 1);
        assert!(group.is_empty());
    })
    .await
    .unwrap();
    assert_eq!(journal.lines(), ["1", "2"]);
}

#[arbour::test]
async fn a_stop_from_its_own_handler_is_refused_and_its_task_may_do_it() {
    task_group(async |group| {
        let address = doer().spawn(&group);
        let own = slow(|cx| {
            let own = cx.address().expect("it lives");
            Box::pin(async move {
                assert_eq!(own.stop().await.unwrap_err(), StopError::WouldDeadlock);
                cx.stop();
                Ok(())
            })
        });
        address.tell(own).await.unwrap();
        assert_eq!(address.ended().await.exit.map(|exit| exit.kind()), Some(ExitKind::Normal));
    })
    .await
    .unwrap();
}

/// Holds the address of another, and something that tells whether it lives.
struct Friend {
    other: Option<Address<Self>>,
    _life: Arc<()>,
}

impl Actor for Friend {
    type Message = Address<Self>;

    async fn handle(&mut self, other: Address<Self>, _: &mut Context<Self>) -> Result<(), Failure> {
        self.other = Some(other);
        Ok(())
    }
}

#[arbour::test]
async fn two_that_hold_each_others_addresses_are_released_when_their_group_ends() {
    let (life, watched): (Vec<Arc<()>>, Vec<Weak<()>>) = (0..2)
        .map(|_| {
            let life = Arc::new(());
            let watched = Arc::downgrade(&life);
            (life, watched)
        })
        .unzip();
    let outcome = task_group(async |group| {
        let [one, two] = [0, 1]
            .map(|n| Friend { other: None, _life: Arc::clone(&life[n]) })
            .map(|friend| spawn_actor(&group, "friend", friend, 16));
        drop(life);
        one.tell(two.clone()).await.unwrap();
        two.tell(one.clone()).await.unwrap();
        settle().await;
        // In a mailbox that nobody will empty, too.
        group.scope().drain();
        (one.downgrade(), two.downgrade())
    })
    .await
    .unwrap();
    assert!(outcome.0.upgrade().is_none() && outcome.1.upgrade().is_none());
    assert!(watched.iter().all(|life| life.strong_count() == 0));
}
