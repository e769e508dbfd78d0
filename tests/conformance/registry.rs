//! Registries: unique names, and several actors under one name, which are process groups.

use crate::members::{Member, Order};
use arbour::{Address, LookupError, ProcessGroups, Registry, UpdateError, spawn_actor, task_group};
use std::sync::Arc;

mod registry_test {
    use super::*;
    use crate::waiters::turns;
    use arbour::sync::CapacityLimiter;
    use arbour::{Failure, GroupError};

    /// The owner's side is in its slot, and keeps nothing: the values are gone although its address is still held.
    #[arbour::test]
    async fn clean_up_registry_on_process_crash() {
        let registry = Registry::with_values();
        let value = Arc::new(());
        let mut kept = None;
        let crashed: Result<(), GroupError> = task_group(async |group| {
            let owner = kept.insert(spawn_actor(&group, "owner", Member, 8));
            for n in 0..100 {
                registry.register_with(n.to_string(), owner, Arc::clone(&value)).unwrap();
            }
            owner.tell(Order::Crash).await.unwrap();
            std::future::pending().await
        })
        .await;
        assert!(matches!(crashed, Err(GroupError::Failed(_))));
        assert!(registry.is_empty());
        assert_eq!(Arc::strong_count(&value), 1, "neither side has kept an entry");
    }

    /// The lock of Arbour is a limiter of one, which an actor holds like anybody: it needs no registry for that.
    #[arbour::test]
    async fn locks_when_the_one_holding_the_lock_raises_terminates_when_the_waiter_terminates() {
        let lock = Arc::new(CapacityLimiter::new(1));
        for how in ["raises", "terminates"] {
            let held = Arc::clone(&lock);
            let holding = task_group(async |group| {
                group.spawn(async move {
                    let _token = held.acquire().await;
                    turns(1).await;
                    if how == "raises" {
                        Err::<(), _>(Failure::message("raised"))
                    } else {
                        std::future::pending().await
                    }
                });
                turns(3).await;
                group.cancel("terminated");
            });
            let _ = holding.await;
            assert_eq!(lock.borrowed(), 0, "the lock is free when its holder {how}");
        }
        let token = lock.try_acquire().unwrap();
        task_group(async |group| {
            let (theirs, ours) = (Arc::clone(&lock), Arc::clone(&lock));
            let dead = group.spawn_value(async move { theirs.acquire().await });
            turns(1).await;
            let next = group.spawn_value(async move { drop(ours.acquire().await) });
            turns(1).await;
            dead.cancel("dead");
            assert!(dead.await.is_err());
            drop(token);
            next.await.unwrap();
        })
        .await
        .unwrap();
        assert_eq!(lock.borrowed(), 0);
    }
}

mod registry_unique_test {
    use super::*;
    use arbour::RegisterError;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Wake, Waker};

    #[arbour::test]
    async fn has_unique_registrations_across_processes() {
        let registry = Registry::with_values();
        task_group(async |group| {
            let (first, second) =
                (spawn_actor(&group, "first", Member, 8), spawn_actor(&group, "second", Member, 8));
            registry.register_with("key", &first, "value").unwrap();
            for refused in [&first, &second] {
                let refused = registry.register_with("key", refused, "another").unwrap_err();
                let (name, owner, value) = ("key".into(), "first".into(), "another");
                assert_eq!(refused, RegisterError::AlreadyRegistered { name, owner, value });
            }
            assert!(registry.lookup::<Member>("key").unwrap().is_same(&first));
            assert_eq!(registry.value("key").as_deref(), Some(&"value"));
            assert_eq!(second.ask(Order::Answer).await, Ok(()), "who was refused lives on");
            registry.register_with("another key", &second, "value").unwrap();
            assert_eq!(registry.len(), 2);
        })
        .await
        .unwrap();
    }

    /// Takes the name over as soon as it is told that the owner has ended, which is before the owner's entries are struck.
    struct Successor {
        registry: Registry,
        address: Address<Member>,
        found: Mutex<Vec<bool>>,
    }

    impl Wake for Successor {
        fn wake(self: Arc<Self>) {
            let mut found = self.found.lock().unwrap();
            found.push(self.registry.lookup::<Member>("key").is_ok());
            self.registry.register("key", &self.address).unwrap();
            found.push(self.registry.lookup::<Member>("key").unwrap().is_same(&self.address));
        }
    }

    #[arbour::test]
    async fn has_unique_registrations_even_if_partition_is_delayed() {
        let registry = Registry::new();
        task_group(async |group| {
            let owner = spawn_actor(&group, "owner", Member, 8);
            let address = spawn_actor(&group, "successor", Member, 8);
            registry.register("key", &owner).unwrap();
            let successor =
                Arc::new(Successor { registry: registry.clone(), address, found: Mutex::default() });
            let mut ended = Box::pin(owner.ended());
            let waker = Waker::from(Arc::clone(&successor));
            assert!(matches!(ended.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending));
            owner.stop().await.unwrap();
            assert_eq!(*successor.found.lock().unwrap(), [false, true]);
            // By now the owner's own clean-up has run as well.
            assert!(registry.lookup::<Member>("key").unwrap().is_same(&successor.address));
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn updates_current_process_value() {
        let registry = Registry::with_values();
        task_group(async |group| {
            let (owner, stranger) =
                (spawn_actor(&group, "owner", Member, 8), spawn_actor(&group, "stranger", Member, 8));
            let unknown = registry.update("key", &owner, |_| panic!("not called")).unwrap_err();
            assert_eq!(unknown, UpdateError::Unknown { name: "key".into() });
            registry.register_with("key", &owner, 1).unwrap();
            let refused = registry.update("key", &stranger, |_| panic!("not called")).unwrap_err();
            assert!(matches!(refused, UpdateError::NotOwner { .. }));
            let (old, new) = registry.update("key", &owner, |value| value + 1).unwrap();
            assert_eq!((*old, *new), (1, 2));
            assert_eq!(registry.value("key").as_deref(), Some(&2));
        })
        .await
        .unwrap();
    }

    /// A look-up is a `Result`: without an owner there is nothing to call anything with. Of groups, `dispatch` is the same.
    #[arbour::test]
    async fn dispatches_to_a_single_key() {
        let (registry, groups) = (Registry::new(), ProcessGroups::new());
        task_group(async |group| {
            assert_eq!(groups.dispatch("key", |_: Address<Member>| panic!("not called")), 0);
            let unknown = registry.lookup::<Member>("key").map(|_| panic!("not called"));
            assert_eq!(unknown, Err::<(), _>(LookupError::Unknown { name: "key".into() }));
            let owner = spawn_actor(&group, "owner", Member, 8);
            registry.register("key", &owner).unwrap();
            groups.join("key", &owner).unwrap();
            assert!(registry.lookup::<Member>("key").is_ok_and(|found| found.is_same(&owner)));
            assert_eq!(groups.dispatch("key", |member| assert!(member.is_same(&owner))), 1);
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn unregisters_process_by_key() {
        let registry = Registry::new();
        task_group(async |group| {
            let owner = spawn_actor(&group, "owner", Member, 8);
            registry.register("one", &owner).unwrap();
            registry.register("two", &owner).unwrap();
            assert!(registry.unregister("one", &owner));
            assert_eq!(registry.names(), [Arc::from("two")]);
            assert!(!registry.unregister("unknown", &owner));
            assert_eq!(registry.names(), [Arc::from("two")]);
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn allows_listeners() {
        use arbour::RegistryEvent::{Registered, Unregistered};
        let registry = Registry::with_values();
        let listeners = [registry.events(), registry.events()];
        task_group(async |group| {
            let owner = spawn_actor(&group, "owner", Member, 8);
            registry.register_with("key", &owner, "value").unwrap();
            registry.unregister("key", &owner);
            for events in &listeners {
                let Ok(Registered { name, owner, value }) = events.recv().await else {
                    panic!("it was registered")
                };
                assert_eq!((&*name, &*owner, *value), ("key", "owner", "value"));
                let Ok(Unregistered { name, owner, value }) = events.recv().await else {
                    panic!("it is gone")
                };
                assert_eq!((&*name, &*owner, *value), ("key", "owner", "value"));
                assert!(events.is_empty());
            }
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn doesn_t_grow_on_already_registered() {
        let registry = Registry::with_values();
        let (first, second) = (Arc::new(()), Arc::new(()));
        task_group(async |group| {
            let owner = spawn_actor(&group, "owner", Member, 8);
            registry.register_with("key", &owner, Arc::clone(&first)).unwrap();
            let events = registry.events();
            for _ in 0..100 {
                let refused = registry.register_with("key", &owner, Arc::clone(&second)).unwrap_err();
                assert!(Arc::ptr_eq(&refused.into_value(), &second));
            }
            assert_eq!((registry.len(), Arc::strong_count(&first), Arc::strong_count(&second)), (1, 2, 1));
            assert!(events.is_empty());
            drop(events);
            registry.unregister("key", &owner);
            assert!(registry.is_empty() && Arc::strong_count(&first) == 1);
        })
        .await
        .unwrap();
    }
}

mod registry_duplicate_test {
    use super::*;
    use arbour::{Failure, for_each_concurrent};
    use futures::stream;
    use std::num::NonZeroUsize;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use tokio::sync::Barrier;
    use tokio::task::try_id;

    const ALL: NonZeroUsize = NonZeroUsize::MAX;

    /// A registry of duplicate keys is the process groups. In serial the function runs in the caller's task, and its
    /// panic is the caller's; in parallel each member has a task, and what fails there is an error that the caller gets.
    #[arbour::test]
    async fn dispatches_in_serial_in_parallel() {
        let groups = ProcessGroups::new();
        task_group(async |group| {
            let members = ["one", "two"].map(|name| spawn_actor(&group, name, Member, 8));
            members.iter().for_each(|member| groups.join("key", member).unwrap());
            in_serial(&groups);
            in_parallel(&groups).await;
            for member in members {
                assert_eq!(member.ask(Order::Answer).await, Ok(()), "what failed has hit nobody else");
            }
        })
        .await
        .unwrap();
    }

    fn in_serial(groups: &ProcessGroups<Member>) {
        let caller = try_id();
        let mut names = Vec::new();
        groups.dispatch("key", |member| {
            assert_eq!(try_id(), caller);
            names.push(member.name().to_owned());
        });
        assert_eq!(names, ["one", "two"]);
        let panicking = AssertUnwindSafe(|| groups.dispatch("key", |_| panic!("as planned")));
        catch_unwind(panicking).unwrap_err();
    }

    async fn in_parallel(groups: &ProcessGroups<Member>) {
        let caller = try_id();
        let together = Arc::new(Barrier::new(2));
        let dispatched = for_each_concurrent(stream::iter(groups.members("key")), ALL, |_| {
            let together = Arc::clone(&together);
            async move {
                assert_ne!(try_id(), caller);
                together.wait().await;
                Ok::<_, Failure>(())
            }
        });
        dispatched.await.unwrap();
        let panicking = for_each_concurrent(stream::iter(groups.members("key")), ALL, |_| async {
            panic!("as planned");
            #[expect(unreachable_code, reason = "it says what kind of error there would be")]
            Ok::<_, Failure>(())
        });
        assert!(panicking.await.unwrap_err().to_string().contains("as planned"));
    }
}
