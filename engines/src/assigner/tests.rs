//! Workers that share resources of one store, in paused time.

mod events;
mod unlisted;

use super::*;
use crate::store::LeaseStore;
use crate::{Fault, FaultyStore, MemoryStore, Operation, StoreErrorKind};
use arbour::testing::block_on;
use arbour_primitives::scope::ScopeHandle;
use arbour_supervisor::intensity::Exhausted;
use arbour_supervisor::{CancelScope, TaskGroup, task_group};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::time::{Instant, sleep};
use unlisted::Unlisted;

const TTL: Duration = Duration::from_secs(9);
const MS: Duration = Duration::from_millis(1);

type Shared = FaultyStore<MemoryStore>;

fn assigner(store: &Shared, owner: &str, resources: usize) -> Assigner {
    let leases = Leases::new(store.clone(), TTL).unwrap().owner(owner);
    Assigner::new(leases, "orders", (0..resources).map(|number| format!("p{number}"))).unwrap().moves(1)
}

/// Runs a worker in the group, which finishes its work `finish` after it was asked to.
fn start(group: &TaskGroup, assigner: Assigner, finish: Duration) -> ScopeHandle {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let work = move |_| async move {
        stopping().await;
        sleep(finish).await;
        Ok::<_, Failure>(())
    };
    group.spawn_value(async move {
        let ended = scope.run(assigner.run(work)).await;
        assert!(ended.is_err() || ended.is_ok_and(|ran| ran.is_ok()));
    });
    handle
}

/// How many resources each worker holds.
async fn shares(store: &Shared) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for holding in store.list("orders/").await.unwrap() {
        let owner = holding.owner.split('#').next().unwrap_or_default().to_owned();
        *shares.entry(owner).or_default() += 1;
    }
    shares
}

fn are(shares: &BTreeMap<String, usize>, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(owner, count)| ((*owner).to_owned(), *count)).collect();
    assert_eq!(*shares, expected);
}

#[test]
fn one_worker_has_everything_and_a_second_is_given_its_share() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let run = task_group(async |group| {
            let first = start(&group, assigner(&store, "a", 8), MS * 10);
            sleep(MS).await;
            are(&shares(&store).await, &[("a", 8)]);
            let second = start(&group, assigner(&store, "b", 8), MS * 10);
            sleep(TTL).await;
            are(&shares(&store).await, &[("a", 4), ("b", 4)]);
            first.drain();
            second.drain();
        });
        run.await.unwrap();
        assert!(store.list("").await.unwrap().is_empty(), "{store:?}");
    });
}

#[test]
fn what_a_drained_worker_finishes_is_taken_over_in_the_same_instant() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let run = task_group(async |group| {
            let first = start(&group, assigner(&store, "a", 4), Duration::from_secs(1));
            let second = start(&group, assigner(&store, "b", 4), Duration::from_secs(1));
            sleep(TTL * 2).await;
            are(&shares(&store).await, &[("a", 2), ("b", 2)]);
            first.drain();
            sleep(Duration::from_millis(999)).await;
            are(&shares(&store).await, &[("a", 2), ("b", 2)]);
            sleep(MS * 2).await;
            are(&shares(&store).await, &[("b", 4)]);
            second.drain();
        });
        run.await.unwrap();
    });
}

#[test]
fn what_another_was_faster_to_take_is_taken_over_as_fast_as_the_rest() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let run = task_group(async |group| {
            // Both see that everything is free, and reach for it.
            let first = start(&group, assigner(&store, "a", 4), MS);
            let second = start(&group, assigner(&store, "b", 4), MS);
            sleep(MS).await;
            let before = shares(&store).await;
            assert!(before["a"] > 0 && before.values().sum::<usize>() == 4, "{before:?}");
            first.drain();
            // The rounds of who was outrun, of the member that leaves, and of what it has released are nine milliseconds apart.
            sleep(MS * 30).await;
            are(&shares(&store).await, &[("b", 4)]);
            second.drain();
        });
        run.await.unwrap();
    });
}

#[test]
fn what_a_worker_held_that_is_gone_is_taken_over_after_the_time_to_live() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        // Somebody died with two of the resources, and with its own lease.
        for name in ["orders/p0", "orders/p1", "orders.members/dead"] {
            store.acquire(&LeaseName::new(name).unwrap(), Token::new(), "dead", TTL).await.unwrap();
        }
        let run = task_group(async |group| {
            let worker = start(&group, assigner(&store, "a", 4), MS);
            sleep(TTL / 2).await;
            are(&shares(&store).await, &[("a", 2), ("dead", 2)]);
            sleep(TTL / 2 + MS * 2).await;
            are(&shares(&store).await, &[("a", 4)]);
            worker.drain();
        });
        run.await.unwrap();
    });
}

#[test]
fn a_cancelled_worker_releases_everything() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let run = task_group(async |group| {
            let worker = start(&group, assigner(&store, "a", 4), TTL);
            sleep(MS).await;
            worker.cancel("enough");
        });
        run.await.unwrap();
        assert!(store.list("").await.unwrap().is_empty());
    });
}

#[test]
fn no_resource_is_worked_on_by_two_while_workers_come_and_go() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let at_work = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
        let run = task_group(async |group| {
            for number in 0..4_u32 {
                let (scope, at_work) = (CancelScope::new(), Arc::clone(&at_work));
                let handle = scope.handle();
                let work = move |lease: Lease| {
                    let at_work = Arc::clone(&at_work);
                    async move {
                        let name = lease.name().to_string();
                        *at_work.lock().unwrap().entry(name.clone()).or_default() += 1;
                        assert_eq!(at_work.lock().unwrap()[&name], 1, "{name} is worked on by two");
                        stopping().await;
                        sleep(MS * 5).await;
                        *at_work.lock().unwrap().get_mut(&name).unwrap() -= 1;
                        Ok::<_, Failure>(())
                    }
                };
                let assigner = assigner(&store, &format!("worker {number}"), 12).moves(2);
                group.spawn_value(async move { scope.run(assigner.run(work)).await.unwrap().unwrap() });
                group.spawn_value(async move {
                    sleep(TTL * (6 - number)).await;
                    handle.drain();
                });
                sleep(TTL / 4).await;
            }
            sleep(TTL).await;
            let shares = shares(&store).await;
            assert!(shares.len() == 4 && shares.values().all(|share| *share == 3), "{shares:?}");
        });
        run.await.unwrap();
    });
}

#[test]
fn a_body_that_fails_is_restarted_and_one_that_ends_has_its_resource_assigned_later() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let begins = Arc::new(Mutex::new(Vec::new()));
        let (scope, seen) = (CancelScope::new(), Arc::clone(&begins));
        let handle = scope.handle();
        let work = move |_| {
            seen.lock().unwrap().push(Instant::now());
            let failed = seen.lock().unwrap().len() == 1;
            async move { if failed { Err(Failure::message("no such table")) } else { Ok(()) } }
        };
        let drain = async {
            sleep(TTL).await;
            handle.drain();
        };
        let (ran, ()) = arbour::join!(scope.run(assigner(&store, "a", 1).run(work)), drain);
        ran.unwrap().unwrap();
        let begins = begins.lock().unwrap();
        assert_eq!(begins[1], begins[0], "the first restart is immediate");
        let gaps: Vec<Duration> = begins[1..].windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.len() >= 2 && gaps.iter().all(|gap| *gap >= TTL / 3), "{gaps:?}");
    });
}

#[test]
fn a_store_that_does_not_answer_is_asked_again_and_not_without_end() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let run = task_group(async |group| {
            store.always(Operation::List, Fault::Fail(StoreErrorKind::NotSent));
            store.always(Operation::UntilFree, Fault::Fail(StoreErrorKind::NotSent));
            let worker = start(&group, assigner(&store, "a", 4), MS);
            sleep(TTL * 3).await;
            assert!(store.requests(Operation::List) < 20);
            store.heal();
            sleep(TTL).await;
            are(&shares(&store).await, &[("a", 4)]);
            worker.drain();
        });
        run.await.unwrap();
    });
}

/// Runs a worker of one resource for three times the time to live, and gives how often its body began. The first fails.
fn begins_under(policy: ChildPolicy, fail: fn() -> Result<(), Failure>) -> usize {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let begins = Arc::new(Mutex::new(0));
        let (scope, seen) = (CancelScope::new(), Arc::clone(&begins));
        let handle = scope.handle();
        let work = move |_| {
            *seen.lock().unwrap() += 1;
            let is_first = *seen.lock().unwrap() == 1;
            async move {
                if is_first {
                    return fail();
                }
                stopping().await;
                Ok(())
            }
        };
        let drain = async {
            sleep(TTL * 3).await;
            are(&shares(&store).await, &[("a", 1)]);
            handle.drain();
        };
        let run = scope.run(assigner(&store, "a", 1).policy(policy).run(work));
        let (ran, ()) = arbour::join!(run, drain);
        ran.unwrap().unwrap();
        *begins.lock().unwrap()
    })
}

#[test]
fn what_its_policy_does_not_bring_back_is_assigned_anew() {
    let stays_down = ChildPolicy::plain().restart(Restart::Transient).max_consecutive(0);
    let policies =
        [ChildPolicy::plain().restart(Restart::Temporary), stays_down.exhausted(Exhausted::StayDown)];
    for policy in policies {
        assert_eq!(begins_under(policy, || Err(Failure::message("no such table"))), 2, "{policy:?}");
        assert_eq!(begins_under(policy, || panic!("no such table")), 2, "{policy:?}");
    }
}

#[test]
fn bodies_are_not_waited_for_to_report_that_they_are_ready() {
    assert_eq!(begins_under(ChildPolicy::default(), || Ok(())), 2);
}

#[test]
fn what_is_set_for_draining_counts_whatever_the_policy_says() {
    let drain = Duration::from_secs(77);
    let store = FaultyStore::new(MemoryStore::new());
    let assigner = block_on(async { assigner(&store, "a", 1) });
    let of = |assigner: Assigner| assigner.child_policy().shutdown;
    assert_eq!(of(assigner.clone()), Shutdown::After(TTL));
    assert_eq!(of(assigner.clone().drain(drain).policy(ChildPolicy::plain())), Shutdown::After(drain));
    assert_eq!(of(assigner.clone().policy(ChildPolicy::plain()).drain(drain)), Shutdown::After(drain));
    assert_eq!(of(assigner.policy(ChildPolicy::plain())), Shutdown::default());
}

#[test]
fn what_is_held_and_not_listed_is_not_reached_for_without_end() {
    block_on(async {
        let store = Unlisted(FaultyStore::new(MemoryStore::new()));
        let name = LeaseName::new("orders/p0").unwrap();
        store.0.acquire(&name, Token::new(), "unlisted", TTL * 10).await.unwrap();
        let leases = Leases::new(store.clone(), TTL).unwrap().owner("a");
        let assigner = Assigner::new(leases, "orders", ["p0"]).unwrap();
        let scope = CancelScope::new();
        let handle = scope.handle();
        let look = async {
            sleep(TTL * 9).await;
            let asked = store.0.requests(Operation::Acquire);
            assert!((2..60).contains(&asked), "{asked} requests in nine times the time to live");
            sleep(TTL + MS * 20).await;
            are(&shares(&store.0).await, &[("a", 1)]);
            handle.drain();
        };
        let run = scope.run(assigner.run(async |_| {
            stopping().await;
            Ok::<_, Failure>(())
        }));
        let (ran, ()) = arbour::join!(run, look);
        ran.unwrap().unwrap();
    });
}

#[test]
fn who_joins_asks_for_what_moves_and_not_for_everything() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let run = task_group(async |group| {
            let first = start(&group, assigner(&store, "a", 200).moves(25), MS * 10);
            sleep(MS).await;
            let asked = || store.requests(Operation::UntilFree) + store.requests(Operation::List);
            let before = asked();
            let second = start(&group, assigner(&store, "b", 200).moves(25), MS * 10);
            sleep(TTL * 2).await;
            are(&shares(&store).await, &[("a", 100), ("b", 100)]);
            let asked = asked() - before;
            assert!(asked < 10 * 100, "{asked} requests for 100 that move");
            first.drain();
            second.drain();
        });
        run.await.unwrap();
    });
}

#[test]
fn a_store_that_refuses_for_a_while_ends_no_worker_that_it_has_known() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let run = task_group(async |group| {
            let worker = start(&group, assigner(&store, "a", 4), MS);
            sleep(TTL).await;
            for operation in [Operation::Acquire, Operation::Extend] {
                store.always(operation, Fault::Fail(StoreErrorKind::Refused));
            }
            sleep(TTL * 5).await;
            are(&shares(&store).await, &[]);
            assert!(store.requests(Operation::Acquire) < 60, "{store:?}");
            store.heal();
            sleep(TTL).await;
            are(&shares(&store).await, &[("a", 4)]);
            worker.drain();
        });
        run.await.unwrap();
    });
}

#[test]
fn a_store_that_refuses_from_the_beginning_ends_the_worker_with_its_reason() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        store.always(Operation::Acquire, Fault::Fail(StoreErrorKind::Refused));
        let ended = assigner(&store, "a", 4).run(async |_| Ok::<_, Failure>(())).await.unwrap_err();
        assert!(ended.to_string().contains("a test broke the line"), "{ended}");
    });
}

/// Counts under each lease, and waits a second between two numbers.
async fn count(lease: Lease) -> Result<(), Failure> {
    let stops = || ScopeHandle::current().is_some_and(|scope| scope.is_draining());
    while !stops() {
        lease.confirmed().await?;
        let done = lease.read("count").await?.map_or(0, |read| read.value[0]);
        sleep(Duration::from_secs(1)).await;
        lease.write(&[("count", &[done + 1])]).await?;
    }
    Ok(())
}

async fn counted(store: &Shared, resource: usize) -> u8 {
    let name = LeaseName::new(format!("orders/p{resource}")).unwrap();
    store.read(&name, "count").await.unwrap().map_or(0, |read| read.value[0])
}

/// A worker of eight resources whose writes fail so for a third of the time to live.
fn bears(fault: Fault) {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let (scope, line) = (CancelScope::new(), store.clone());
        let handle = scope.handle();
        let run = scope.run(assigner(&store, "a", 8).run(count));
        let blip = async {
            sleep(TTL).await;
            line.always(Operation::Write, fault);
            sleep(TTL / 3).await;
            line.heal();
            sleep(MS).await;
            let before = counted(&line, 7).await;
            sleep(TTL).await;
            are(&shares(&line).await, &[("a", 8)]);
            for resource in 0..8 {
                let counted = counted(&line, resource).await;
                assert!(counted >= before + 5, "{resource}: {counted} after {before} and {fault:?}");
            }
            handle.drain();
        };
        let (ran, ()) = arbour::join!(run, blip);
        ran.unwrap().unwrap();
    });
}

#[test]
fn a_store_that_cannot_be_reached_for_a_while_ends_nobodys_work() {
    bears(Fault::Fail(StoreErrorKind::NotSent));
}

#[test]
fn replies_that_are_lost_for_a_while_end_nobodys_work() {
    bears(Fault::Fail(StoreErrorKind::Unknown));
}

#[test]
fn a_body_that_fails_because_its_lease_is_lost_is_no_failure() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let begins = Arc::new(Mutex::new(0));
        let (scope, seen, line) = (CancelScope::new(), Arc::clone(&begins), store.clone());
        let handle = scope.handle();
        let work = move |lease: Lease| {
            *seen.lock().unwrap() += 1;
            let line = line.clone();
            async move {
                // Somebody takes the lease away by hand, each time.
                line.release(lease.name(), lease.holder_token()).await.unwrap();
                let taken = line.acquire(lease.name(), Token::new(), "another", MS).await;
                taken.unwrap();
                lease.write(&[("count", b"1")]).await?;
                Ok::<_, Failure>(())
            }
        };
        let limited = assigner(&store, "a", 1).limit(RestartLimit::new(0, TTL).unwrap());
        let drain = async {
            sleep(TTL * 2).await;
            handle.drain();
        };
        let (ran, ()) = arbour::join!(scope.run(limited.run(work)), drain);
        ran.unwrap().unwrap();
        assert!(*begins.lock().unwrap() >= 4, "{begins:?}");
    });
}

#[test]
fn bodies_that_fail_more_often_than_the_limit_end_the_worker() {
    block_on(async {
        for (limit, begins) in
            [(RestartLimit::new(0, TTL).unwrap(), 1), (RestartLimit::new(2, TTL).unwrap(), 3)]
        {
            let store = FaultyStore::new(MemoryStore::new());
            let begun = Arc::new(Mutex::new(0));
            let seen = Arc::clone(&begun);
            let work = move |_| {
                *seen.lock().unwrap() += 1;
                async { Err::<(), _>(Failure::message("no such table")) }
            };
            let ended = assigner(&store, "a", 1).limit(limit).run(work).await;
            assert!(matches!(ended, Err(GroupError::Failed(_))), "{ended:?}");
            assert_eq!(*begun.lock().unwrap(), begins);
        }
    });
}

#[test]
fn a_resource_that_cannot_be_named_is_refused() {
    let refused = block_on(async {
        let leases = Leases::new(MemoryStore::new(), TTL).unwrap();
        Assigner::new(leases, "orders", ["two words"]).unwrap_err()
    });
    assert!(refused.to_string().starts_with("`orders/two words` cannot name a lease"), "{refused}");
}
