//! A slow actor that is offered a million messages holds back who offers them: counted in bytes, so this test has a
//! process to itself.
#![forbid(unsafe_code)]

use arbour::testing::block_on;
use arbour::{Actor, Address, Context, Failure, Mailbox, Overflow, Reply, spawn_actor, task_group};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use tokio::task::yield_now;

#[global_allocator]
static ALLOCATED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SENDERS: u64 = 16;
const MESSAGES: u64 = 1_000_000;
const CAPACITY: usize = 64;

fn held() -> usize {
    let stats = ALLOCATED.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Lets others run after every fourth message, and notes the most that was ever held.
#[derive(Default)]
struct Slow {
    handled: u64,
    most_held: usize,
    most_queued: usize,
}

enum Message {
    /// A payload, so that what piles up weighs something.
    Work(Box<[u8; 64]>),
    Report(Reply<(u64, usize, usize)>),
}

impl Actor for Slow {
    type Message = Message;

    async fn handle(&mut self, message: Message, cx: &mut Context<Self>) -> Result<(), Failure> {
        match message {
            Message::Report(reply) => reply.send((self.handled, self.most_held, self.most_queued)),
            Message::Work(payload) => {
                drop(payload);
                self.handled += 1;
                if self.handled.is_multiple_of(4) {
                    yield_now().await;
                }
                if self.handled.is_multiple_of(1_000) {
                    let queued = cx.address().map_or(0, |own| own.mailbox().queued);
                    self.most_queued = self.most_queued.max(queued);
                    self.most_held = self.most_held.max(held());
                }
            }
        }
        Ok(())
    }
}

async fn offer(address: Address<Slow>) {
    for _ in 0..MESSAGES / SENDERS {
        address.tell(Message::Work(Box::new([0; 64]))).await.expect("the actor lives");
    }
}

/// How many were handled, and by how much the memory grew at most, and how many were queued at most.
fn flood(mailbox: Mailbox) -> (u64, usize, usize) {
    block_on(async {
        task_group(async |group| {
            let slow = spawn_actor(&group, "slow", Slow::default(), mailbox);
            let before = held();
            let senders: Vec<_> = (0..SENDERS).map(|_| group.spawn_value(offer(slow.clone()))).collect();
            for sender in senders {
                sender.await.expect("it ends");
            }
            let (handled, held, queued) = slow.ask(Message::Report).await.expect("the actor lives");
            (handled, held.saturating_sub(before), queued)
        })
        .await
        .expect("nobody fails")
    })
}

#[test]
fn a_million_messages_offered_to_a_slow_actor_keep_memory_flat() {
    let (handled, grown, queued) = flood(Mailbox::bounded(CAPACITY));
    assert_eq!(handled, MESSAGES);
    assert!(queued <= CAPACITY, "{queued} were queued");
    assert!(grown < 128 * 1024, "{grown} bytes were held");

    let (handled, grown, queued) = flood(Mailbox::bounded(CAPACITY).overflow(Overflow::DropOldest));
    assert!(handled < MESSAGES, "it is slow, and what is too much was dropped");
    assert!(queued <= CAPACITY, "{queued} were queued");
    assert!(grown < 128 * 1024, "{grown} bytes were held");
}
