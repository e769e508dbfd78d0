//! One resource: waited for, worked while it is held, released, and waited for again if it was lost.
use std::future::pending;
use std::sync::OnceLock;
use std::time::Instant;

use arbour::leases::{HoldError, Lease, LeaseName, LeaseState, Leases, WriteError};
use arbour::{Failure, race, stopping};

use super::event::Event;
use super::journal::JournalError;
use super::work::Worker;

/// How it ended that this worker had the resource, or waited for it.
enum Turn {
    /// It was asked to stop.
    Over,
    /// The lease was lost, which says nothing about this worker.
    Lost,
}

/// Works on the resource, and again whenever it was lost, until this worker is asked to stop.
pub(crate) async fn keep(resource: LeaseName, leases: Leases, worker: Worker) -> Result<(), Failure> {
    while let Turn::Lost = turn(&resource, &leases, &worker).await? {}
    Ok(())
}

async fn turn(resource: &LeaseName, leases: &Leases, worker: &Worker) -> Result<Turn, Failure> {
    let (wanted, held) = (Instant::now(), OnceLock::<Lease>::new());
    let hold = leases.hold(resource, async |lease| {
        Event::Acquired { resource, fence: lease.fence(), waited: wanted.elapsed() }.tell();
        let _ = held.set(lease.clone());
        worker.work(lease).await
    });
    // Who only waits stops at once; who holds it finishes what it has begun.
    let leave = async {
        stopping().await;
        if held.get().is_some() {
            pending().await
        }
    };
    let worked = race!(biased; async { Some(hold.await) }, async { leave.await; None }).value;
    worked.map_or(Ok(Turn::Over), |worked| judge(worked, held.get()))
}

/// Tells how it ended. To have lost a lease is no failure: it is waited for again.
fn judge(worked: Result<Result<(), JournalError>, HoldError>, held: Option<&Lease>) -> Result<Turn, Failure> {
    match worked {
        Ok(Ok(())) => {
            held.inspect(|lease| tell_release(lease));
            return Ok(Turn::Over);
        }
        Err(HoldError::Lost(lost))
        | Ok(Err(JournalError::Lost(lost) | JournalError::Write(WriteError::Lost(lost)))) => {
            Event::Lost { lost: &lost }.tell();
        }
        Ok(Err(JournalError::Write(WriteError::Refused { name, fence, newest, .. }))) => {
            Event::Refused { resource: &name, fence, newest }.tell();
        }
        Ok(Err(failure)) => return Err(failure.into()),
        Err(failure) => return Err(failure.into()),
    }
    Ok(Turn::Lost)
}

fn tell_release(lease: &Lease) {
    let confirmed = lease.state() == LeaseState::Released { confirmed: true };
    Event::Released { resource: lease.name(), fence: lease.fence(), confirmed }.tell();
}
