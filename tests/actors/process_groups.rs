//! Groups: memberships belong to slots, and everybody who monitors hears of each join and leave once, in order.

use crate::support::{Idle, Journal, Message, puppet, send, settle, supervised};
use arbour::stream::{ReceiveStream, RecvError};
use arbour::testing::block_on;
use arbour::{Actor, Address, GroupEvent, ProcessGroups, spawn_actor, task_group};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// What has been told, as `+group member` and `-group member`.
fn told<A: Actor>(changes: &ReceiveStream<GroupEvent<A>>) -> Vec<String> {
    let events = std::iter::from_fn(|| changes.try_recv().ok());
    let lines = events.map(|event| match event {
        GroupEvent::Joined { group, member } => format!("+{group} {}", member.name()),
        GroupEvent::Left { group, member } => format!("-{group} {}", member.name()),
        _ => panic!("an event that the test does not know"),
    });
    lines.collect()
}

fn names<A: Actor>(members: &[Address<A>]) -> Vec<&str> {
    members.iter().map(Address::name).collect()
}

#[arbour::test]
async fn a_supervised_member_stays_through_crashes_and_leaves_with_its_slot() {
    let (groups, journal) = (ProcessGroups::new(), Journal::new());
    let (address, child) = puppet(&journal).build();
    groups.join("group", &address).unwrap();
    let (present, changes) = groups.monitor("group");
    assert_eq!(names(&present), ["puppet"]);
    drop(present);
    let ((), outcome) = supervised(child, async |_| {
        send(&address, [Message::Panic(9)]);
        settle().await;
        for member in groups.members("group") {
            member.tell(Message::Note(1)).await.unwrap();
        }
        settle().await;
        assert!(told(&changes).is_empty());
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["panic", "1"]);
    assert_eq!(told(&changes), ["-group puppet"]);
    assert!(groups.groups().is_empty());
    let refused = groups.join("group", &address).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the actor puppet did not join the group \"group\": it has ended for good"
    );
    assert!(groups.leave("group", &address).is_err());
}

#[arbour::test]
async fn a_membership_and_an_event_keep_no_actor_alive() {
    let groups = ProcessGroups::new();
    let (_, changes) = groups.monitor("group");
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        groups.join("group", &address).unwrap();
        let ended = address.ended();
        drop(address);
        // Nobody can reach it any more, though it has not run since.
        assert!(groups.members("group").is_empty() && groups.groups().is_empty());
        ended.await;
        settle().await;
    })
    .await
    .unwrap();
    assert_eq!(told(&changes), ["+group idle", "-group idle"]);
}

#[arbour::test]
async fn who_cannot_be_reached_is_not_among_those_present_and_its_leaving_is_not_told() {
    let groups = ProcessGroups::new();
    let (_, first) = groups.monitor_all();
    task_group(async |group| {
        let (gone, there) = (spawn_actor(&group, "gone", Idle, 1), spawn_actor(&group, "there", Idle, 1));
        groups.join("group", &gone).unwrap();
        groups.join("group", &there).unwrap();
        drop(gone);
        let (present, second) = groups.monitor("group");
        assert_eq!(names(&present), ["there"]);
        settle().await;
        assert!(told(&second).is_empty());
        assert_eq!(told(&first), ["+group gone", "+group there", "-group gone"]);
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn one_who_monitors_a_group_hears_of_that_one_and_one_who_monitors_all_of_each() {
    let groups = ProcessGroups::new();
    task_group(async |group| {
        let (ann, ben) = (spawn_actor(&group, "ann", Idle, 1), spawn_actor(&group, "ben", Idle, 1));
        groups.join("a", &ann).unwrap();
        groups.join("b", &ben).unwrap();
        let (_, of_b) = groups.monitor("b");
        let (present, of_all) = groups.monitor_all();
        let mut present: Vec<_> = present.iter().map(|(name, member)| (&**name, member.name())).collect();
        present.sort_unstable();
        assert_eq!(present, [("a", "ann"), ("b", "ben")]);
        groups.join("a", &ben).unwrap();
        groups.leave("a", &ann).unwrap();
        groups.leave("b", &ben).unwrap();
        assert_eq!(told(&of_b), ["-b ben"]);
        assert_eq!(told(&of_all), ["+a ben", "-a ann", "-b ben"]);
        drop(groups);
        assert_eq!(of_all.recv().await.unwrap_err(), RecvError::EndOfStream);
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn members_are_given_in_the_order_in_which_they_joined_and_the_latest_membership_is_left_first() {
    let groups = ProcessGroups::new();
    task_group(async |group| {
        let (ann, ben) = (spawn_actor(&group, "ann", Idle, 1), spawn_actor(&group, "ben", Idle, 1));
        for member in [&ann, &ben, &ann] {
            groups.join("group", member).unwrap();
        }
        assert_eq!(names(&groups.members("group")), ["ann", "ben", "ann"]);
        groups.leave("group", &ann).unwrap();
        assert_eq!(names(&groups.members("group")), ["ann", "ben"]);
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn what_is_dispatched_may_join_and_leave_the_group() {
    let groups = ProcessGroups::new();
    task_group(async |group| {
        let (ann, ben) = (spawn_actor(&group, "ann", Idle, 1), spawn_actor(&group, "ben", Idle, 1));
        groups.join("group", &ann).unwrap();
        groups.join("group", &ben).unwrap();
        let count = groups.dispatch("group", |member| {
            groups.leave("group", &member).unwrap();
            groups.join("another", &member).unwrap();
        });
        assert_eq!(count, 2);
        assert_eq!(groups.groups(), [Arc::from("another")]);
    })
    .await
    .unwrap();
}

/// Joins another group each time it is woken, from within the delivery of the news.
struct Meddler {
    groups: ProcessGroups<Idle>,
    address: Address<Idle>,
    panics: AtomicBool,
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        let _ = self.groups.join("by the waker", &self.address);
        assert!(!self.panics.swap(false, Ordering::Relaxed), "as planned");
    }
}

#[arbour::test]
async fn a_subscriber_whose_waker_changes_the_groups_or_panics_holds_nobody_up() {
    let groups = ProcessGroups::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        let panics = AtomicBool::new(true);
        let meddler = Arc::new(Meddler { groups: groups.clone(), address: address.clone(), panics });
        let (_, woken) = groups.monitor_all();
        let (_, other) = groups.monitor_all();
        let mut next = Box::pin(woken.recv());
        let waker = Waker::from(Arc::clone(&meddler));
        assert!(matches!(next.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending));
        groups.join("first", &address).unwrap();
        drop(next);
        groups.join("last", &address).unwrap();
        let heard = ["+first idle", "+by the waker idle", "+last idle"];
        assert_eq!(told(&woken), heard);
        assert_eq!(told(&other), heard);
    })
    .await
    .unwrap();
}

/// Threads join and leave with actors that end at any moment, while another monitors again and again: what it hears
/// always adds up to who is there.
#[test]
fn joins_leaves_and_ends_on_many_threads_add_up_for_whoever_monitors() {
    const ROUNDS: usize = 500;
    let groups = ProcessGroups::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let members: Vec<_> =
            (0..3).map(|_| threads.spawn(|| block_on(come_and_go(&groups, ROUNDS)))).collect();
        let monitoring = threads.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::Relaxed) || count == 0 {
                adds_up(&groups, &done);
                count += 1;
            }
        });
        let ended: Vec<_> = members.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        monitoring.join().unwrap();
        ended.into_iter().for_each(|ended| ended.unwrap());
    });
    assert!(groups.groups().is_empty());
}

async fn come_and_go(groups: &ProcessGroups<Idle>, rounds: usize) {
    for round in 0..rounds {
        task_group(async |group| {
            let address = spawn_actor(&group, "member", Idle, 1);
            let stopping = (round % 2 == 0).then(|| group.spawn_value(stop(address.clone())));
            for _ in 0..3 {
                let joined = groups.join("group", &address);
                tokio::task::yield_now().await;
                // It may have ended by now, and then it has left.
                let left = groups.leave("group", &address);
                assert!(stopping.is_some() || (joined.is_ok() && left.is_ok()));
            }
            let _ = groups.join("group", &address);
        })
        .await
        .unwrap();
    }
}

async fn stop(address: Address<Idle>) {
    tokio::task::yield_now().await;
    address.stop().await.unwrap();
}

/// Follows the group for a while: nobody leaves who is not there.
fn adds_up(groups: &ProcessGroups<Idle>, done: &AtomicBool) {
    let (present, changes) = groups.monitor("group");
    let mut there: Vec<_> = present.iter().map(Address::downgrade).collect();
    drop(present);
    for _ in 0..100 {
        match changes.try_recv() {
            Ok(GroupEvent::Joined { member, .. }) => there.push(member),
            Ok(GroupEvent::Left { member, .. }) => {
                let place = there.iter().position(|one| one.is_same(&member));
                there.swap_remove(place.expect("nobody leaves who is not there"));
            }
            Ok(_) => panic!("an event that the test does not know"),
            Err(_) if done.load(Ordering::Relaxed) => return,
            Err(_) => std::thread::yield_now(),
        }
    }
}
