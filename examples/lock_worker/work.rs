//! The work on one resource, for as long as it is held.
use std::sync::Arc;
use std::time::Duration;

use arbour::ScopeHandle;
use arbour::leases::Lease;
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

    /// Works until it is asked to stop. What was begun by then is finished and written.
    pub(crate) async fn work(&self, lease: Lease) -> Result<(), JournalError> {
        let came = Stamp::now();
        let (mut journal, from) = Journal::open(lease.clone(), Arc::clone(&self.name), self.pause).await?;
        let record = journal.append(Step::Came, came).await?;
        Event::TookOver { record: &record, from: from.as_ref() }.tell();
        while !is_stopping() {
            gate::pass(&lease).await?;
            let began = Stamp::now();
            sleep(self.work_for).await;
            let record = journal.append(Step::Worked, began).await?;
            if self.verbose {
                Event::Worked { record: &record }.tell();
            }
        }
        journal.append(Step::Left, Stamp::now()).await?;
        Ok(())
    }
}

fn is_stopping() -> bool {
    ScopeHandle::current().is_some_and(|scope| scope.is_draining())
}
