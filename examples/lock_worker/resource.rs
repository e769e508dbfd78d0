//! One resource: waited for, worked while it is held, and waited for again if it was lost.
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use arbour::leases::{HoldError, LeaseName, Leases};
use arbour::{Failure, race, stopping};

use super::work::Worker;

/// Works on the resource whenever it is held, until this worker is asked to stop.
pub(crate) async fn keep(resource: LeaseName, leases: Leases, worker: Worker) -> Result<(), Failure> {
    loop {
        match turn(&resource, &leases, &worker).await {
            Err(HoldError::Lost(_)) => {}
            ended => return ended?,
        }
    }
}

/// Who only waits stops at once; who holds it finishes what it has begun.
async fn turn(
    resource: &LeaseName,
    leases: &Leases,
    worker: &Worker,
) -> Result<Result<(), Failure>, HoldError> {
    let is_held = AtomicBool::new(false);
    let hold = leases.hold(resource, async |lease| {
        is_held.store(true, Relaxed);
        worker.work_on(lease).await
    });
    let leave = async {
        stopping().await;
        if is_held.load(Relaxed) {
            pending().await
        }
        Ok(Ok(()))
    };
    race!(biased; hold, leave).value
}
