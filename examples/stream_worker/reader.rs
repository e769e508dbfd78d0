//! The reader: takes the input apart and sends each record to the worker of its partition.
//!
//! It is the last child of the supervisor, and so the first to be stopped: it stops reading, and lets the
//! workers handle what it has read before they are stopped in turn.
use std::num::NonZeroUsize;

use arbour::{Address, stopping};

use super::decode::{ColumnNames, Decoded, Decoder};
use super::failure::Failure;
use super::input::Chunks;
use super::keys::Keys;
use super::progress::Progress;
use super::rejects::Rejects;
use super::worker::{Message, Worker};

/// Reads an input to its end, or until it is asked to stop.
pub(crate) struct Reader {
    pub(crate) chunks: Chunks,
    pub(crate) columns: ColumnNames,
    pub(crate) keys: Keys,
    pub(crate) workers: Vec<Address<Worker>>,
    pub(crate) rejects: Rejects,
    pub(crate) progress: Progress,
}

/// What was read, every record of it handled.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) records: u64,
    pub(crate) rejected: u64,
    pub(crate) keys: Keys,
}

impl Reading {
    /// What a reader has read that never began.
    pub(crate) fn nothing(partitions: NonZeroUsize) -> Self {
        Self { records: 0, rejected: 0, keys: Keys::new(partitions) }
    }
}

#[derive(Debug, Default)]
struct Tally {
    records: u64,
    rejected: u64,
}

impl Reader {
    /// Reads, and waits until what was read has been handled. `None`: the workers are gone.
    pub(crate) async fn run(mut self) -> Result<Option<Reading>, Failure> {
        let mut tally = Tally::default();
        let read = self.read(&mut tally).await;
        self.progress.clear();
        self.rejects.flush()?;
        let Tally { records, rejected } = tally;
        // Stopped before its first record, it may be cancelled already, and could not wait.
        if !read? || (records > 0 && !have_handled_all(&self.workers).await) {
            return Ok(None);
        }
        Ok(Some(Reading { records, rejected, keys: self.keys }))
    }

    /// Reads until the input ends or the reader is asked to stop; false when a worker is gone: then the
    /// supervisor has given up, and says why.
    async fn read(&mut self, tally: &mut Tally) -> Result<bool, Failure> {
        let mut decoder = Decoder::new(self.columns.clone());
        loop {
            let chunk = tokio::select! { biased;
                () = stopping() => return Ok(true),
                chunk = self.chunks.next() => chunk,
            };
            let Some(chunk) = chunk.transpose().map_err(Failure::Read)? else { break };
            if !self.take_all(&chunk, &mut decoder, tally).await? {
                return Ok(false);
            }
        }
        match decoder.finish()? {
            Some(last) => self.take(last, tally).await,
            None => Ok(true),
        }
    }

    /// Takes what ends in this chunk; false when a worker is gone.
    async fn take_all(
        &mut self,
        mut chunk: &[u8],
        decoder: &mut Decoder,
        tally: &mut Tally,
    ) -> Result<bool, Failure> {
        let (bytes, before) = (chunk.len(), tally.read());
        while let Some(decoded) = decoder.next(&mut chunk)? {
            if !self.take(decoded, tally).await? {
                return Ok(false);
            }
        }
        self.progress.advance(bytes, tally.read() - before);
        if self.rejects.share_standard_error() {
            self.progress.clear();
        }
        self.rejects.flush()?;
        Ok(true)
    }

    async fn take(&mut self, decoded: Decoded<'_>, tally: &mut Tally) -> Result<bool, Failure> {
        match decoded {
            Decoded::Rejected(reject) => {
                self.rejects.report(&reject)?;
                tally.rejected += 1;
            }
            Decoded::Accepted(record) => {
                let place = self.keys.place(record.key);
                let message = Message::Record { key: place.number, value: record.value };
                if self.workers[place.partition].tell(message).await.is_err() {
                    return Ok(false);
                }
                tally.records += 1;
            }
        }
        Ok(true)
    }
}

impl Tally {
    fn read(&self) -> u64 {
        self.records + self.rejected
    }
}

/// Waits until the workers have handled all they were sent; false when one is gone.
async fn have_handled_all(workers: &[Address<Worker>]) -> bool {
    for worker in workers {
        if worker.ask(Message::Flush).await.is_err() {
            return false;
        }
    }
    true
}
