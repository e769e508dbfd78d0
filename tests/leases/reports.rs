//! What is reported, and what is not, of a hold that was cancelled and takes its time: its release is one of its own.

use crate::log::heard;
use arbour::leases::{Lease, LeaseTimes, Leases, MemoryStore, Operation};
use arbour::testing::{Fault, FaultyStore};
use arbour::{CancelScope, defer, shield};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tracing::Level;

const SECOND: Duration = Duration::from_secs(1);

/// What is heard of a hold that is cancelled after a second while its store is silent, and how long it takes to end.
async fn cancelled<F: Future<Output = ()>>(body: impl AsyncFn(Lease) -> F) -> (Vec<String>, Duration) {
    let store = FaultyStore::new(MemoryStore::new());
    let leases = Leases::new(store.clone(), LeaseTimes::new(60 * SECOND)).unwrap();
    let scope = CancelScope::new();
    let handle = scope.handle();
    let hold = scope.run(async { leases.hold("oak", async |lease| body(lease).await.await).await });
    let cancel = async {
        sleep(SECOND).await;
        store.always(Operation::Release, Fault::DropRequest);
        handle.cancel("enough");
        Instant::now()
    };
    let mut took = Duration::ZERO;
    let heard = heard(Level::WARN, async {
        let (held, cancelled) = arbour::join!(hold, cancel);
        assert!(held.is_err());
        took = cancelled.elapsed();
    });
    (heard.await, took)
}

/// The release is tried for a third of the time to live, after clean-up that took its time, and is held by the shield of
/// the task that keeps the lease all along: that is how a release is, and no fault of anybody's code.
#[arbour::test]
async fn a_release_that_takes_twenty_seconds_is_told_as_that_and_not_as_a_shield_that_holds_a_scope() {
    let (heard, took) = cancelled(async |_| async {
        defer(async { sleep(SECOND * 4).await });
        std::future::pending().await
    })
    .await;
    assert_eq!(took, 24 * SECOND);
    let [told] = &heard[..] else { panic!("{heard:#?}") };
    assert!(told.starts_with("WARN a lease could not be released; it ends with its time to live"), "{told}");
}

#[arbour::test]
async fn a_shield_in_the_body_is_told_after_five_seconds() {
    let (heard, _) = cancelled(async |_| async {
        shield(sleep(SECOND * 10)).await;
        std::future::pending().await
    })
    .await;
    let held: Vec<_> = heard.iter().filter(|told| told.contains("held for 5 s by a shield")).collect();
    assert_eq!(held.len(), 1, "{heard:#?}");
}
