//! What subscribers hear of the resources of a worker.

use super::*;
use crate::LossReason;
use arbour_primitives::stream::BroadcastReceiver;

/// The next event, as a line and the time since the beginning.
async fn next(events: &mut BroadcastReceiver<Assignment>) -> Assignment {
    tokio::time::timeout(TTL * 10, events.recv()).await.unwrap().unwrap()
}

fn is_assigned(event: &Assignment) -> bool {
    matches!(event, Assignment::Assigned { .. })
}

#[test]
fn a_drained_worker_tells_by_when_it_gives_up_each_resource_and_then_that_it_has() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let assigner = assigner(&store, "a", 2).drain(Duration::from_secs(7));
        let mut events = assigner.events();
        let run = task_group(async |group| {
            let worker = start(&group, assigner, Duration::from_secs(1));
            let (one, other) = (next(&mut events).await, next(&mut events).await);
            assert!(is_assigned(&one) && is_assigned(&other), "{one} and {other}");
            let held = store.list("orders/").await.unwrap();
            let mut told = [&one, &other].map(|event| (event.resource().clone(), event.fence()));
            told.sort();
            assert!(
                held.iter()
                    .map(|held| (&held.name, held.fence))
                    .eq(told.iter().map(|(name, fence)| (name, *fence)))
            );

            sleep(TTL).await;
            worker.drain();
            let begin = Instant::now();
            for _ in 0..2 {
                let Assignment::Revoking { deadline, .. } = next(&mut events).await else { panic!() };
                assert_eq!(deadline, Some((begin + Duration::from_secs(7)).into_std()));
            }
            assert_eq!(begin.elapsed(), Duration::ZERO);
            for _ in 0..2 {
                let released = next(&mut events).await;
                assert!(matches!(released, Assignment::Released { .. }), "{released}");
                assert_eq!(begin.elapsed(), Duration::from_secs(1), "when its work was finished");
            }
            assert!(events.recv().await.is_err(), "nobody is left who could tell anything");
        });
        run.await.unwrap();
    });
}

#[test]
fn what_others_are_to_have_is_revoked_here_and_assigned_there_under_a_newer_fence() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let (first, second) = (assigner(&store, "a", 2), assigner(&store, "b", 2));
        let (mut of_first, mut of_second) = (first.events(), second.events());
        let run = task_group(async |group| {
            let first = start(&group, first, MS);
            assert!(is_assigned(&next(&mut of_first).await) && is_assigned(&next(&mut of_first).await));
            let second = start(&group, second, MS);
            let revoked = next(&mut of_first).await;
            assert!(matches!(revoked, Assignment::Revoking { .. }), "{revoked}");
            let released = next(&mut of_first).await;
            assert!(matches!(released, Assignment::Released { .. }), "{released}");
            let assigned = next(&mut of_second).await;
            assert!(
                is_assigned(&assigned) && assigned.fence() > revoked.fence(),
                "{assigned} after {revoked}"
            );
            let resource = revoked.resource();
            assert!([&released, &assigned].iter().all(|event| event.resource() == resource));
            first.drain();
            second.drain();
        });
        run.await.unwrap();
    });
}

#[test]
fn a_loss_is_told_with_its_reason_and_is_no_release() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let assigner = assigner(&store, "a", 1);
        let mut events = assigner.events();
        let run = task_group(async |group| {
            let worker = start(&group, assigner, MS);
            let assigned = next(&mut events).await;
            store.always(Operation::Extend, Fault::Fail(StoreErrorKind::NotSent));
            let lost = next(&mut events).await;
            let Assignment::Lost { fence, why, .. } = &lost else { panic!("{lost}") };
            assert_eq!((*fence, why), (assigned.fence(), &LossReason::NotConfirmed));
            let expected = format!("orders/p0 is lost, with fence {fence}: no renewal was confirmed");
            assert!(lost.to_string().starts_with(&expected), "{lost}");
            store.heal();
            let again = next(&mut events).await;
            assert!(is_assigned(&again) && again.fence() > assigned.fence(), "{again} after {assigned}");
            worker.drain();
        });
        run.await.unwrap();
    });
}

#[test]
fn a_body_that_panics_or_ends_by_itself_is_told_to_be_over_and_never_to_be_revoked() {
    block_on(async {
        let store = FaultyStore::new(MemoryStore::new());
        let assigner = assigner(&store, "a", 1);
        let mut events = assigner.events();
        let (scope, runs) = (CancelScope::new(), Arc::new(Mutex::new(0)));
        let handle = scope.handle();
        let work = move |_| {
            let run = std::mem::replace(&mut *runs.lock().unwrap(), 1);
            async move {
                assert_ne!(run, 0, "the first run fails");
                Ok::<_, Failure>(())
            }
        };
        let watch = async {
            for _ in 0..3 {
                let (assigned, released) = (next(&mut events).await, next(&mut events).await);
                assert!(is_assigned(&assigned), "{assigned}");
                assert!(matches!(released, Assignment::Released { .. }), "{released}");
                assert_eq!(assigned.fence(), released.fence());
            }
            handle.cancel("enough");
        };
        let (ran, ()) = arbour::join!(scope.run(assigner.run(work)), watch);
        assert!(ran.is_err());
    });
}
