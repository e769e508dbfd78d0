//! The records of one resource, as who holds it reads and writes them.
use std::sync::Arc;
use std::time::Duration;

use arbour::leases::{Lease, LeaseLost, StoreError, StoreErrorKind, WriteError};
use arbour::shield;
use tokio::time::sleep;

use super::event::Event;
use super::gate;
use super::record::{LAST, Record, Stamp, Step, key};

/// The records of a resource that is held.
#[derive(Debug)]
pub(crate) struct Journal {
    lease: Lease,
    worker: Arc<str>,
    /// How long to wait before a store that gave no answer is asked again.
    pause: Duration,
    sequence: u64,
}

/// Why a record was not read or written. That a store does not answer is no reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error(transparent)]
    Lost(#[from] LeaseLost),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Refused(#[from] StoreError),
    #[error("what is written under `{key}` of `{resource}` is none of our records: {why}")]
    Foreign { resource: String, key: String, why: String },
}

impl Journal {
    /// The journal of this resource, and its last record if there is any.
    ///
    /// The number of the last one may be older than that: a write that was given up and arrives late sets it back, and
    /// the records themselves it leaves as they are. So it is looked whether more follow.
    pub(crate) async fn open(
        lease: Lease,
        worker: Arc<str>,
        pause: Duration,
    ) -> Result<(Self, Option<Record>), JournalError> {
        let mut journal = Self { lease, worker, pause, sequence: 0 };
        let Some(last) = journal.read(LAST).await? else { return Ok((journal, None)) };
        let mut at = key(serde_json::from_slice(&last).map_err(|why| journal.foreign(LAST, &why))?);
        let mut last = None;
        while let Some(record) = journal.read(&at).await? {
            let record: Record = serde_json::from_slice(&record).map_err(|why| journal.foreign(&at, &why))?;
            journal.sequence = record.sequence;
            at = key(record.sequence + 1);
            last = Some(record);
        }
        Ok((journal, last))
    }

    /// Writes the next record. A store that does not answer is asked again until the lease is lost: written twice
    /// under one fence, a record is the same.
    pub(crate) async fn append(&mut self, step: Step, began: Stamp) -> Result<Record, JournalError> {
        let record = self.next(step, began);
        let value = serde_json::to_vec(&record).expect("a record has nothing that JSON has not");
        let (last, key) = (record.sequence.to_string(), key(record.sequence));
        loop {
            gate::pass(&self.lease).await?;
            // Shielded: also when the lease is lost meanwhile, what becomes of a write that was begun is known.
            match shield(self.lease.write(&[(LAST, last.as_bytes()), (&key, &value)])).await {
                Ok(()) => break,
                Err(WriteError::Store(error)) => self.pause_after(error).await?,
                Err(error) => return Err(error.into()),
            }
        }
        self.sequence = record.sequence;
        Ok(record)
    }

    fn next(&self, step: Step, began: Stamp) -> Record {
        Record {
            resource: self.lease.name().to_string(),
            sequence: self.sequence + 1,
            fence: self.lease.fence().number(),
            worker: self.worker.to_string(),
            step,
            began,
            ended: Stamp::now(),
        }
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, JournalError> {
        loop {
            match self.lease.read(key).await {
                Ok(fenced) => return Ok(fenced.map(|fenced| fenced.value)),
                Err(error) => self.pause_after(error).await?,
            }
        }
    }

    async fn pause_after(&self, error: StoreError) -> Result<(), StoreError> {
        if error.kind() == StoreErrorKind::Refused {
            return Err(error);
        }
        Event::Unanswered { resource: self.lease.name(), error: &error }.tell();
        sleep(self.pause).await;
        Ok(())
    }

    fn foreign(&self, key: &str, why: &serde_json::Error) -> JournalError {
        let (resource, key) = (self.lease.name().to_string(), key.to_owned());
        JournalError::Foreign { resource, key, why: why.to_string() }
    }
}
