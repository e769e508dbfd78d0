//! One who receives, in every way there is, and looks at the order of what comes from each producer.

use super::attempts::Attempts;
use super::ledger::{Item, Ledger};
use super::meddler::Meddler;
use arbour::stream::{ReceiveStream, RecvError, TryRecvError};
use futures::StreamExt;
use std::sync::Arc;

pub(crate) struct Consumer {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) attempts: Attempts,
    /// The end from which all others are cloned.
    pub(crate) base: ReceiveStream<Item>,
    /// The number of items of each producer, which follow upon each other.
    pub(crate) share: usize,
    /// The last item of each producer.
    pub(crate) last: Vec<Option<usize>>,
    pub(crate) meddler: Meddler,
    pub(crate) has_ended: bool,
}

impl Consumer {
    /// Receives some items, through ends of its own, and may be cancelled at any await; then it is to be
    /// continued in another task, unless the stream has ended.
    pub(crate) async fn live(mut self, slot: usize) -> Self {
        let scopes = self.attempts.scopes.clone();
        scopes.run(slot, self.receive_some()).await;
        self
    }

    async fn receive_some(&mut self) {
        let mut rx = self.base.clone();
        for _ in 0..self.attempts.random.below(4000) {
            match self.step(&mut rx).await {
                Ok(()) => {}
                Err(RecvError::EndOfStream) => return self.has_ended = true,
                Err(why) => unreachable!("this end is open: {why}"),
            }
        }
    }

    /// Errs when nothing will come any more.
    async fn step(&mut self, rx: &mut ReceiveStream<Item>) -> Result<(), RecvError> {
        match self.attempts.random.below(32) {
            0..18 => self.recv(rx).await?,
            18..24 => self.recv_many(rx).await?,
            24..26 => self.try_recv(rx)?,
            26..28 => self.try_recv_many(rx)?,
            28 => self.batch(rx).await,
            29 => *rx = self.base.clone(),
            30 => self.close_end(rx),
            _ => self.attempts.scopes.cancel_one(&mut self.attempts.random),
        }
        Ok(())
    }

    async fn recv(&mut self, rx: &ReceiveStream<Item>) -> Result<(), RecvError> {
        if let Some(item) = self.attempts.attempt(rx.recv()).await.transpose()? {
            self.take(item);
        }
        Ok(())
    }

    async fn recv_many(&mut self, rx: &ReceiveStream<Item>) -> Result<(), RecvError> {
        let (mut items, limit) = (Vec::new(), 1 + self.attempts.random.below(32));
        let received = self.attempts.attempt(rx.recv_many(&mut items, limit)).await.transpose()?;
        assert_eq!(received.unwrap_or(0), items.len(), "a receive that was dropped has taken nothing");
        self.take_all(items);
        Ok(())
    }

    fn try_recv(&mut self, rx: &ReceiveStream<Item>) -> Result<(), RecvError> {
        match rx.try_recv() {
            Ok(item) => self.take(item),
            Err(TryRecvError::Empty) => {}
            Err(_ended) => return Err(RecvError::EndOfStream),
        }
        Ok(())
    }

    fn try_recv_many(&mut self, rx: &ReceiveStream<Item>) -> Result<(), RecvError> {
        let mut items = Vec::new();
        let received = rx.try_recv_many(&mut items, 32);
        if received == Err(TryRecvError::EndOfStream) {
            return Err(RecvError::EndOfStream);
        }
        assert_eq!(received.unwrap_or(0), items.len());
        self.take_all(items);
        Ok(())
    }

    /// The end of the stream is found by the next receive.
    async fn batch(&mut self, rx: &ReceiveStream<Item>) {
        let mut batches = rx.batches(16);
        let batch = self.attempts.attempt(batches.next()).await;
        self.take_all(batch.flatten().unwrap_or_default());
    }

    /// Closes one end and goes on with another.
    fn close_end(&self, rx: &mut ReceiveStream<Item>) {
        rx.close_end();
        assert_eq!(rx.try_recv().map(|item| item.number()), Err(TryRecvError::Closed));
        *rx = self.base.clone();
    }

    fn take_all(&mut self, items: Vec<Item>) {
        items.into_iter().for_each(|item| self.take(item));
    }

    fn take(&mut self, item: Item) {
        for item in self.meddler.meddle(item) {
            self.look_at_order(item.number());
            item.receive();
        }
    }

    fn look_at_order(&mut self, number: usize) {
        let last = &mut self.last[number / self.share];
        if let Some(earlier) = last.replace(number)
            && earlier >= number
        {
            self.ledger.complain(format!("item {number} came after item {earlier} of the same producer"));
        }
    }
}
