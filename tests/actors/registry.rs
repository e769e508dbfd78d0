//! Names: they belong to slots, lead to nobody who is over, and are free as soon as their owner is.

use crate::support::{Idle, Journal, Message, Puppet, puppet, send, settle, supervised};
use arbour::stream::{ReceiveStream, RecvError};
use arbour::testing::block_on;
use arbour::{
    Address, LookupError, RegisterError, Registry, RegistryEvent, Restart, UpdateError, spawn_actor,
    task_group,
};
use futures::StreamExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// What has been told, as `+name owner` and `-name owner`.
fn told<V>(events: &ReceiveStream<RegistryEvent<V>>) -> Vec<String> {
    let events = std::iter::from_fn(|| events.try_recv().ok());
    let lines = events.map(|event| match event {
        RegistryEvent::Registered { name, owner, .. } => format!("+{name} {owner}"),
        RegistryEvent::Unregistered { name, owner, .. } => format!("-{name} {owner}"),
        _ => panic!("an event that the test does not know"),
    });
    lines.collect()
}

#[arbour::test]
async fn a_supervised_actor_keeps_its_names_through_crashes_and_goes_with_its_slot() {
    let (registry, journal) = (Registry::new(), Journal::new());
    let (address, child) = puppet(&journal).build();
    registry.register("first", &address).unwrap();
    registry.register("second", &address).unwrap();
    let events = registry.events();
    let ((), outcome) = supervised(child, async |_| {
        for n in 0..3 {
            send(&address, [Message::Panic(9), Message::Fail(9)]);
            settle().await;
            let found: Address<Puppet> = registry.lookup("first").unwrap();
            found.tell(Message::Note(n)).await.unwrap();
        }
        settle().await;
        assert!(told(&events).is_empty());
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines().iter().filter(|line| ["0", "1", "2"].contains(&&***line)).count(), 3);
    assert_eq!(told(&events), ["-first puppet", "-second puppet"]);
    assert!(registry.is_empty());
    let unknown = LookupError::Unknown { name: "first".into() };
    assert_eq!(registry.lookup::<Puppet>("first").unwrap_err(), unknown);
}

#[arbour::test]
async fn an_actor_that_is_stopped_by_hand_keeps_its_name_until_it_is_deleted() {
    let (registry, journal) = (Registry::new(), Journal::new());
    let (address, child) = puppet(&journal).build();
    registry.register("name", &address).unwrap();
    let ((), outcome) = supervised(child.restart(Restart::Transient), async |handle| {
        settle().await;
        handle.stop_child("puppet").await.unwrap();
        assert!(registry.lookup::<Puppet>("name").is_ok());
        handle.delete_child("puppet").await.unwrap();
        assert!(registry.lookup::<Puppet>("name").is_err());
    })
    .await;
    outcome.unwrap();
    assert!(registry.names().is_empty());
}

#[arbour::test]
async fn a_name_keeps_no_actor_alive() {
    let registry = Registry::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        registry.register("name", &address).unwrap();
        let ended = address.ended();
        drop(address);
        // Nobody can reach it any more, though it has not run since.
        assert!(registry.lookup::<Idle>("name").is_err());
        assert!(registry.is_empty());
        ended.await;
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn a_name_whose_owner_nobody_can_reach_is_free_and_late_clean_up_leaves_the_new_owner() {
    let registry = Registry::new();
    let events = registry.events();
    task_group(async |group| {
        let old = spawn_actor(&group, "old", Idle, 1);
        registry.register("name", &old).unwrap();
        let ended = old.ended();
        drop(old);
        let new = spawn_actor(&group, "new", Idle, 1);
        registry.register("name", &new).unwrap();
        ended.await;
        settle().await;
        assert!(registry.lookup::<Idle>("name").unwrap().is_same(&new));
        assert_eq!(told(&events), ["+name old", "-name old", "+name new"]);
    })
    .await
    .unwrap();
    assert_eq!(told(&events), ["-name new"]);
}

#[arbour::test]
async fn a_name_that_was_given_up_and_taken_again_outlives_the_first_owner() {
    let registry = Registry::new();
    task_group(async |group| {
        let first = spawn_actor(&group, "first", Idle, 1);
        let second = spawn_actor(&group, "second", Idle, 1);
        registry.register("name", &first).unwrap();
        assert!(!registry.unregister("name", &second));
        assert!(registry.unregister("name", &first));
        assert!(!registry.unregister("name", &first));
        registry.register("name", &second).unwrap();
        first.stop().await.unwrap();
        assert!(registry.lookup::<Idle>("name").unwrap().is_same(&second));
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn one_that_has_ended_is_given_no_name() {
    let registry = Registry::with_values();
    let outcome = task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        address.stop().await.unwrap();
        address
    });
    let address = outcome.await.unwrap();
    let refused = registry.register_with("name", &address, String::from("mine")).unwrap_err();
    assert_eq!(refused.to_string(), "the name \"name\" was not given: the actor idle has ended for good");
    assert_eq!(refused.into_value(), "mine");
    assert!(registry.is_empty());
}

#[arbour::test]
async fn an_actor_of_another_type_is_an_error_that_names_both_types() {
    let registry = Registry::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        registry.register("name", &address).unwrap();
        let refused = registry.lookup::<Puppet>("name").unwrap_err();
        let LookupError::OtherActor { found, wanted, .. } = &refused else { panic!("{refused}") };
        assert!(found.ends_with("::Idle") && wanted.ends_with("::Puppet"));
        assert!(refused.to_string().starts_with("the actor idle, registered as \"name\", is a "));
        drop(address);
        let gone = registry.lookup::<Puppet>("name").unwrap_err();
        assert!(matches!(gone, LookupError::Unknown { .. }));
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn a_change_of_a_value_that_panics_or_comes_back_to_the_registry_harms_nothing() {
    let registry = Registry::with_values();
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        registry.register_with("name", &address, 1).unwrap();
        let panicking = std::panic::AssertUnwindSafe(|| {
            let _ = registry.update("name", &address, |_| panic!("as planned"));
        });
        std::panic::catch_unwind(panicking).unwrap_err();
        assert_eq!(registry.value("name").as_deref(), Some(&1));
        // The value is changed meanwhile, once: so the change is computed again.
        let mut runs = 0;
        let (old, new) = registry
            .update("name", &address, |value| {
                runs += 1;
                if runs == 1 {
                    registry.update("name", &address, |value| value * 10).unwrap();
                }
                value + 1
            })
            .unwrap();
        assert_eq!((runs, *old, *new), (2, 10, 11));
        drop(address);
        assert_eq!(registry.value("name"), None);
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn values_are_changed_by_threads_side_by_side_and_no_change_is_lost() {
    let registry = Registry::with_values();
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        registry.register_with("name", &address, 0).unwrap();
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..1_000 {
                        registry.update("name", &address, |value| value + 1).unwrap();
                    }
                });
            }
        });
        assert_eq!(registry.value("name").as_deref(), Some(&4_000));
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn a_registry_that_is_dropped_ends_its_streams_and_drops_its_values() {
    let registry = Registry::with_values();
    let value = Arc::new(());
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        registry.register_with("name", &address, Arc::clone(&value)).unwrap();
        let events = registry.events();
        let clone = registry.clone();
        drop(registry);
        assert!(clone.lookup::<Idle>("name").is_ok());
        drop(clone);
        assert_eq!(events.recv().await.unwrap_err(), RecvError::EndOfStream);
        assert_eq!(Arc::strong_count(&value), 1);
        address.stop().await.unwrap();
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn the_registry_of_the_process_is_one() {
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        Registry::global().register("the only test that uses it", &address).unwrap();
        let found: Address<Idle> = Registry::global().lookup("the only test that uses it").unwrap();
        assert!(found.is_same(&address));
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn errors_say_who_has_the_name() {
    let registry = Registry::with_values();
    task_group(async |group| {
        let ann = spawn_actor(&group, "ann", Idle, 1);
        let ben = spawn_actor(&group, "ben", Idle, 1);
        registry.register_with("name", &ann, 1).unwrap();
        let refused = registry.register_with("name", &ben, 2).unwrap_err();
        assert_eq!(refused.to_string(), "the name \"name\" is not free: the actor ann has it");
        assert_eq!(
            refused,
            RegisterError::AlreadyRegistered { name: "name".into(), owner: "ann".into(), value: 2 }
        );
        let not_owner =
            UpdateError::NotOwner { name: "name".into(), owner: "ann".into(), actor: "ben".into() };
        assert_eq!(registry.update("name", &ben, |value| *value).unwrap_err(), not_owner);
        assert_eq!(
            not_owner.to_string(),
            "the value was not changed: \"name\" belongs to the actor ann, not to ben"
        );
    })
    .await
    .unwrap();
}

/// A value whose drop panics.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{} went off, as planned", self.0);
    }
}

#[arbour::test]
async fn a_value_whose_drop_panics_keeps_no_name_from_being_freed() {
    let registry = Registry::with_values();
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        for name in ["one", "two", "three"] {
            registry.register_with(name, &address, Bomb(name)).unwrap();
        }
        address.stop().await.unwrap();
    })
    .await
    .unwrap();
    assert!(registry.is_empty());
    assert_eq!(format!("{registry:?}"), "Registry { entries: 0, .. }");
}

/// Woken by an event, it takes the event and puts a harmless value in the place of the one that was told of: so whoever
/// delivers the event has the last of that value.
struct Replacing {
    registry: Registry<Option<Bomb>>,
    address: Address<Idle>,
    events: Mutex<ReceiveStream<RegistryEvent<Option<Bomb>>>>,
}

impl Wake for Replacing {
    fn wake(self: Arc<Self>) {
        let taken = self.events.lock().unwrap().poll_next_unpin(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(taken, Poll::Ready(Some(_))));
        drop(taken);
        drop(self.registry.update("one", &self.address, |_| None));
    }
}

#[arbour::test]
async fn a_value_whose_drop_panics_while_events_are_delivered_cuts_none_of_them_short() {
    let registry = Registry::with_values();
    task_group(async |group| {
        let address = spawn_actor(&group, "idle", Idle, 1);
        let events = Mutex::new(registry.events());
        let replacing = Arc::new(Replacing { registry: registry.clone(), address: address.clone(), events });
        let waker = Waker::from(Arc::clone(&replacing));
        let pending = replacing.events.lock().unwrap().poll_next_unpin(&mut Context::from_waker(&waker));
        assert!(pending.is_pending());
        registry.register_with("one", &address, Some(Bomb("one"))).unwrap();
        assert_eq!(registry.value("one").as_deref().map(Option::is_none), Some(true));
        registry.register_with("two", &address, None).unwrap();
        assert_eq!(told(&replacing.events.lock().unwrap()), ["+two idle"]);
    })
    .await
    .unwrap();
}

/// Two threads fight for one name with actors that live for a moment. Whoever has registered is found until its address
/// is dropped, whatever clean-up of earlier owners comes late.
#[test]
fn names_that_change_hands_between_threads_are_always_those_of_the_latest_owner() {
    const ROUNDS: usize = 2_000;
    let registry = Registry::new();
    let events = registry.events();
    let won = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                block_on(async {
                    for _ in 0..ROUNDS {
                        won.fetch_add(usize::from(own_for_a_moment(&registry).await), Ordering::Relaxed);
                    }
                });
            });
        }
    });
    let (won, told) = (won.into_inner(), told(&events));
    assert!(won > 0, "nobody ever had the name");
    let expected = ["+name owner", "-name owner"].into_iter().cycle().take(2 * won);
    assert!(told.iter().eq(expected), "each owner comes and goes once, one after the other");
    assert!(registry.is_empty());
}

/// Whether the name was to be had.
async fn own_for_a_moment(registry: &Registry) -> bool {
    let living = task_group(async |group| {
        let address = spawn_actor(&group, "owner", Idle, 1);
        let mine = registry.register("name", &address).is_ok();
        if mine {
            tokio::task::yield_now().await;
            let found = registry.lookup::<Idle>("name").expect("the latest owner is found");
            assert!(found.is_same(&address));
        }
        mine
    });
    living.await.unwrap()
}

/// An actor is given names by one thread while it ends on another: each is refused, or given and gone, but none left.
#[test]
fn a_registration_that_races_the_end_of_its_owner_leaves_nothing() {
    let registry = Registry::with_values();
    let token = Arc::new(());
    for _ in 0..500 {
        let (registry, token) = (registry.clone(), Arc::clone(&token));
        block_on(async {
            let outcome = task_group(async |group| {
                let address = spawn_actor(&group, "owner", Idle, 1);
                let registering = std::thread::spawn({
                    let address = address.clone();
                    move || name_until_it_ends(&registry, &address, &token)
                });
                tokio::task::yield_now().await;
                address.stop().await.unwrap();
                registering.join().unwrap()
            });
            outcome.await.unwrap();
        });
    }
    assert_eq!(Arc::strong_count(&token), 1, "an entry was left behind");
}

fn name_until_it_ends(registry: &Registry<Arc<()>>, address: &Address<Idle>, token: &Arc<()>) {
    for n in 0.. {
        let named = registry.register_with(n.to_string(), address, Arc::clone(token));
        if let Err(refused) = named {
            assert!(matches!(refused, RegisterError::Ended { .. }), "{refused}");
            return;
        }
    }
}
