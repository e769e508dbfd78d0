//! A storm of crashes on two threads: every message is handled once and once more for each of its crashes.

use crate::support::{ms, supervised};
use arbour::{Actor, ActorSpec, Context, Failure, Redelivery, task_group};
use std::sync::{Arc, Mutex};

const SENDERS: usize = 16;
const MESSAGES: u32 = 2_000;

#[derive(Clone, Copy)]
struct Item {
    sender: usize,
    number: u32,
}

impl Item {
    /// How often its handler crashes: every seventh once, every fiftieth three times.
    fn crashes(self) -> u32 {
        match (self.number % 50, self.number % 7) {
            (0, _) => 3,
            (_, 0) => 1,
            _ => 0,
        }
    }
}

/// What belongs to the slot: for each sender, the numbers that were handled, in order.
type Seen = Arc<Mutex<Vec<Vec<u32>>>>;

struct Sink {
    seen: Seen,
}

impl Actor for Sink {
    type Message = Item;

    async fn handle(&mut self, item: Item, cx: &mut Context<Self>) -> Result<(), Failure> {
        self.seen.lock().unwrap()[item.sender].push(item.number);
        if item.number.is_multiple_of(3) {
            tokio::task::yield_now().await;
        }
        match cx.attempt() > item.crashes() {
            true => Ok(()),
            false if item.sender.is_multiple_of(2) => panic!("a planned crash"),
            false => Err(Failure::message("a planned crash")),
        }
    }
}

async fn weather(mailbox: usize) {
    let seen: Seen = Arc::new(Mutex::new(vec![Vec::new(); SENDERS]));
    let sink = Arc::clone(&seen);
    let spec = ActorSpec::new("sink", move || Sink { seen: Arc::clone(&sink) });
    let (address, child) = spec.mailbox(mailbox).redelivery(Redelivery::up_to(3)).build();
    let child = child.shutdown(arbour::Shutdown::After(ms(60_000)));
    let (restarts, outcome) = supervised(child, async |handle| {
        task_group(async |group| {
            for sender in 0..SENDERS {
                let address = address.clone();
                group.spawn_value(async move {
                    for number in 0..MESSAGES {
                        address.tell(Item { sender, number }).await.unwrap();
                    }
                });
            }
        })
        .await
        .unwrap();
        let last = Item { sender: 0, number: 1 };
        address.tell(last).await.unwrap();
        while seen.lock().unwrap()[0].last() != Some(&1) {
            tokio::task::yield_now().await;
        }
        handle.snapshot().await.restarts
    })
    .await;
    outcome.unwrap();
    seen.lock().unwrap()[0].pop();
    let expected: Vec<u32> = (0..MESSAGES)
        .flat_map(|number| {
            let times = 1 + Item { sender: 0, number }.crashes();
            std::iter::repeat_n(number, times as usize)
        })
        .collect();
    for (sender, numbers) in seen.lock().unwrap().iter().enumerate() {
        assert!(numbers == &expected, "sender {sender}: {} handled, not {}", numbers.len(), expected.len());
    }
    assert_eq!(restarts as usize, SENDERS * (expected.len() - MESSAGES as usize));
}

#[arbour::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_lost_or_doubled_through_a_bounded_mailbox() {
    quietly(weather(64)).await;
}

#[arbour::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_lost_or_doubled_through_a_rendezvous() {
    quietly(weather(0)).await;
}

/// The planned panics are not printed: thousands of them would hide what matters.
async fn quietly(storm: impl Future<Output = ()>) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<&str>() != Some(&"a planned crash") {
                print(info);
            }
        }));
    });
    storm.await;
}
