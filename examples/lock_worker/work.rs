//! The work on one resource, for as long as it is held.
use std::sync::Arc;
use std::time::Duration;

use arbour::leases::{Lease, LeaseState};
use arbour::{Failure, ScopeHandle, catch_cancel};
use tokio::time::sleep;

use super::event::Event;
use super::gate;
use super::journal::{Journal, JournalError};
use super::options::Options;
use super::record::{Stamp, Step};

/// Who works, and how.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    name: Arc<str>,
    work_for: Duration,
    /// How long to wait before a store that gave no answer is asked again.
    pause: Duration,
    verbose: bool,
}

impl Worker {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            name: options.name.as_str().into(),
            work_for: options.work_for,
            pause: options.lease_ttl / 6,
            verbose: options.verbose,
        }
    }

    /// Works on the resource until it is asked to stop, or the lease is lost: that is no failure, and is told.
    pub(crate) async fn work_on(self, lease: Lease) -> Result<(), Failure> {
        // Cancelled by a loss, it would have no more to say.
        let ended = catch_cancel(self.work(lease.clone())).await;
        if let LeaseState::Lost { fence, why } = lease.state() {
            Event::Lost { resource: lease.name(), fence, why: &why }.tell();
            return Ok(());
        }
        ended.unwrap_or(Ok(())).map_err(Failure::from)
    }

    /// What was begun when it is asked to stop is finished and written.
    async fn work(&self, lease: Lease) -> Result<(), JournalError> {
        let came = Stamp::now();
        let (mut journal, from) = Journal::open(lease.clone(), Arc::clone(&self.name), self.pause).await?;
        let record = journal.append(Step::Came, came).await?;
        Event::TookOver { record: &record, from: from.as_ref() }.tell();
        while !is_stopping() {
            gate::pass(&lease).await?;
            let began = Stamp::now();
            self.tell(&Event::Begins { resource: lease.name(), fence: lease.fence() });
            sleep(self.work_for).await;
            let record = journal.append(Step::Worked, began).await?;
            self.tell(&Event::Worked { record: &record });
        }
        journal.append(Step::Left, Stamp::now()).await?;
        Ok(())
    }

    /// Tells what is only of interest to who wants to know everything.
    fn tell(&self, event: &Event<'_>) {
        if self.verbose {
            event.tell();
        }
    }
}

fn is_stopping() -> bool {
    ScopeHandle::current().is_some_and(|scope| scope.is_draining())
}
