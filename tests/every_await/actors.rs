//! Telling and asking an actor.

use crate::support::{Held, sweep, turns};
use arbour::{Actor, Address, Context, Failure, Reply, spawn_actor, task_group};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Adds up what it is told.
struct Counter {
    total: u64,
    added: Arc<AtomicU64>,
    held: Held,
}

enum Message {
    Add(u64),
    Total(Reply<u64>),
}

impl Actor for Counter {
    type Message = Message;

    async fn handle(&mut self, message: Message, _: &mut Context) -> Result<(), Failure> {
        let _hold = self.held.take();
        turns(1).await;
        match message {
            Message::Add(number) => {
                self.total += number;
                self.added.fetch_add(1, Ordering::Relaxed);
            }
            Message::Total(reply) => reply.send(self.total),
        }
        Ok(())
    }
}

/// Sweeps an actor with room for one message beside what `body` does with its address.
fn sweep_beside<T>(body: &impl AsyncFn(&Address<Counter>) -> T) {
    let (held, added) = (Held::default(), Arc::new(AtomicU64::new(0)));
    let make = || async {
        added.store(0, Ordering::Relaxed);
        let outcome = task_group(async |group| {
            let actor = Counter { total: 0, added: Arc::clone(&added), held: held.clone() };
            let address = spawn_actor(&group, "counter", actor, 1);
            body(&address).await
        });
        outcome.await.unwrap();
    };
    sweep(make, |run| {
        held.is_nothing();
        let added = added.load(Ordering::Relaxed);
        assert!(added <= 3 && (run.output.is_none() || added == 3), "{added} messages were handled");
    });
}

#[test]
fn telling() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.tell(Message::Add(number)).await.unwrap();
        }
    });
}

#[test]
fn asking() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.try_tell(Message::Add(number)).unwrap();
            let total = address.ask(Message::Total).await.unwrap();
            assert_eq!(total, (1..=number).sum::<u64>());
        }
    });
}
