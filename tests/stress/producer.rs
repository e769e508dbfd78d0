//! One who sends, in every way there is, and accounts for what comes back.

use super::attempts::Attempts;
use super::ledger::{Item, Ledger, Sending};
use arbour::stream::SendStream;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// When so many of a hundred items have been made, somebody closes the stream under the hands of the others.
const CLOSED_AT: usize = 99;

pub(crate) struct Producer {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) attempts: Attempts,
    /// The end from which all others are cloned.
    pub(crate) base: SendStream<Item>,
    /// What is still to be made.
    pub(crate) numbers: Range<usize>,
}

impl Producer {
    /// Sends some of its items, through ends of its own; then it is to be continued in another task.
    pub(crate) async fn live(mut self) -> Self {
        let mut tx = self.base.clone();
        for _ in 0..self.attempts.random.below(4000) {
            if self.numbers.is_empty() {
                break;
            }
            self.step(&mut tx).await;
        }
        self
    }

    async fn step(&mut self, tx: &mut SendStream<Item>) {
        match self.attempts.random.below(64) {
            0..32 => self.send(tx).await,
            32..38 => self.try_send(tx).await,
            38 => self.force_send(tx),
            39..43 => self.reserve(tx).await,
            43..53 => self.send_many(tx).await,
            53..59 => self.try_send_many(tx).await,
            59 => *tx = self.base.clone(),
            60 => tx.close_end(),
            61 if self.ledger.has_made(CLOSED_AT) => tx.close(),
            _ => self.attempts.scopes.cancel_one(&mut self.attempts.random),
        }
    }

    fn make(&mut self) -> Option<Item> {
        self.numbers.next().map(|number| self.ledger.make(number))
    }

    fn make_some(&mut self) -> VecDeque<Item> {
        let some = 1 + self.attempts.random.below(16);
        (0..some).map_while(|_| self.make()).collect()
    }

    async fn send(&mut self, tx: &mut SendStream<Item>) {
        if let Some(item) = self.make() {
            self.send_on(tx, item).await;
        }
    }

    /// Sends it until it was sent, was dropped with its send, or is given up.
    async fn send_on(&mut self, tx: &mut SendStream<Item>, mut item: Item) {
        loop {
            item.lend();
            let send = Sending::new(item.number(), tx.send(item));
            item = match self.attempts.attempt(send).await {
                Some(Err(refused)) => refused.into_item(),
                _sent_or_dropped => return,
            };
            item.reclaim();
            if self.gives_up(tx) {
                return item.give_up();
            }
        }
    }

    /// What a refusal means: this end was closed, and another one is taken, or all of them were.
    fn gives_up(&mut self, tx: &mut SendStream<Item>) -> bool {
        *tx = self.base.clone();
        tx.is_closed() || self.attempts.random.below(16) == 0
    }

    async fn try_send(&mut self, tx: &mut SendStream<Item>) {
        let Some(item) = self.make() else { return };
        item.lend();
        if let Err(refused) = tx.try_send(item) {
            let item = refused.into_item();
            item.reclaim();
            self.send_on(tx, item).await;
        }
    }

    fn force_send(&mut self, tx: &SendStream<Item>) {
        let Some(item) = self.make() else { return };
        item.lend();
        let back = tx.force_send(item).unwrap_or_else(|refused| Some(refused.into_item()));
        if let Some(item) = back {
            item.reclaim();
            item.give_up();
        }
    }

    async fn reserve(&mut self, tx: &mut SendStream<Item>) {
        match self.attempts.attempt(tx.reserve()).await {
            Some(Ok(permit)) if self.attempts.random.below(4) > 0 => {
                let Some(item) = self.make() else { return };
                item.lend();
                // A permit stays good whatever is closed, as long as somebody receives.
                permit.send(item).unwrap();
            }
            Some(Err(_closed)) => *tx = self.base.clone(),
            _ => {}
        }
    }

    async fn send_many(&mut self, tx: &mut SendStream<Item>) {
        let items = self.make_some();
        self.send_all(tx, items).await;
    }

    /// What did not enter the stream is still ours, however the send ended.
    async fn send_all(&mut self, tx: &mut SendStream<Item>, mut items: VecDeque<Item>) {
        while !items.is_empty() {
            items.iter().for_each(Item::lend);
            let sent = self.attempts.attempt(tx.send_many(&mut items)).await;
            items.iter().for_each(Item::reclaim);
            match sent {
                Some(Ok(())) => assert_eq!(items.len(), 0, "they were said to be sent"),
                Some(Err(_)) if self.gives_up(tx) => items.drain(..).for_each(Item::give_up),
                _ => {}
            }
        }
    }

    async fn try_send_many(&mut self, tx: &mut SendStream<Item>) {
        let mut items = self.make_some();
        let all = items.len();
        items.iter().for_each(Item::lend);
        let sent = tx.try_send_many(&mut items).unwrap_or(0);
        assert_eq!(sent, all - items.len());
        items.iter().for_each(Item::reclaim);
        self.send_all(tx, items).await;
    }
}
