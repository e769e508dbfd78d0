//! What stands before every new piece of work and every write: a lease that is suspect lets nobody pass.
use arbour::leases::{Lease, LeaseLost, LeaseState};

use super::event::Event;

/// Passes at once while the lease is held; tells of it, and waits, while it is suspect.
pub(crate) async fn pass(lease: &Lease) -> Result<(), LeaseLost> {
    if let LeaseState::Suspect { fence, since } = lease.state() {
        Event::Gated { resource: lease.name(), fence, since }.tell();
        lease.confirmed().await?;
        Event::GoesOn { resource: lease.name(), fence }.tell();
    }
    lease.confirmed().await.map(drop)
}
