//! A storm of crashes without redelivery: each message is handled once or reported once, and each asker hears which.

use crate::support::{ms, supervised};
use arbour::{
    Actor, ActorSpec, Address, AskError, Context, Failure, OnRestart, Reply, Shutdown, Undelivered,
    task_group,
};
use std::sync::{Arc, Mutex};

const SENDERS: usize = 16;
/// The last is asked and does not crash: whoever has its answer has nothing queued, and the stop finds nothing to drain.
const MESSAGES: u32 = 1_001;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Item {
    sender: usize,
    number: u32,
}

impl Item {
    fn crashes(self) -> bool {
        self.number.is_multiple_of(37)
    }

    fn is_asked(self) -> bool {
        self.number.is_multiple_of(2)
    }
}

/// What became of each message.
#[derive(Default)]
struct Books {
    handled: Vec<Item>,
    undelivered: Vec<Item>,
    /// What askers heard.
    heard: Vec<(Item, Result<u32, AskError>)>,
}

type Kept = Arc<Mutex<Books>>;

struct Clerk {
    books: Kept,
}

impl Actor for Clerk {
    type Message = (Item, Option<Reply<u32>>);

    async fn handle(&mut self, (item, reply): Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
        self.books.lock().unwrap().handled.push(item);
        if item.number.is_multiple_of(5) {
            tokio::task::yield_now().await;
        }
        match item.crashes() {
            true if item.sender.is_multiple_of(2) => panic!("a planned crash"),
            true => return Err(Failure::message("a planned crash")),
            false => {}
        }
        if let Some(reply) = reply {
            reply.send(item.number);
        }
        Ok(())
    }
}

async fn send(address: Address<Clerk>, sender: usize, books: Kept) {
    for number in 0..MESSAGES {
        let item = Item { sender, number };
        if item.is_asked() {
            let heard = address.ask(|reply| (item, Some(reply))).await;
            books.lock().unwrap().heard.push((item, heard));
        } else {
            address.tell((item, None)).await.expect("the slot stays");
        }
    }
}

async fn weather(on_restart: OnRestart) -> Books {
    let books = Kept::default();
    let (clerks, lost) = (Arc::clone(&books), Arc::clone(&books));
    let spec = ActorSpec::new("clerk", move || Clerk { books: Arc::clone(&clerks) })
        .mailbox(16)
        .on_restart(on_restart)
        .undelivered(move |(item, _), why| {
            assert_eq!(why, Undelivered::Restarted);
            lost.lock().unwrap().undelivered.push(item);
        });
    let (address, child) = spec.build();
    let sending = Arc::clone(&books);
    supervised(child.shutdown(Shutdown::After(ms(60_000))), async |_| {
        task_group(async |group| {
            for sender in 0..SENDERS {
                group.spawn_value(send(address.clone(), sender, Arc::clone(&sending)));
            }
        })
        .await
        .unwrap();
    })
    .await
    .1
    .unwrap();
    std::mem::take(&mut *books.lock().unwrap())
}

impl Books {
    /// Each message once, and what is handled in the order of its sender.
    #[track_caller]
    fn balance(&self) {
        for sender in 0..SENDERS {
            let of = |items: &[Item]| -> Vec<u32> {
                items.iter().filter(|item| item.sender == sender).map(|item| item.number).collect()
            };
            let handled = of(&self.handled);
            assert!(handled.is_sorted_by(|one, next| one < next), "sender {sender}: {handled:?}");
            let mut all = [handled, of(&self.undelivered)].concat();
            all.sort_unstable();
            assert!(all.iter().copied().eq(0..MESSAGES), "sender {sender}: each number once, not {all:?}");
        }
    }

    #[track_caller]
    fn heard_rightly(&self) {
        for (item, heard) in &self.heard {
            let expected = match (self.undelivered.contains(item), item.crashes()) {
                (true, _) => Err(AskError::Stopped),
                (false, true) => Err(AskError::Crashed),
                (false, false) => Ok(item.number),
            };
            assert_eq!(*heard, expected, "{item:?}");
        }
    }
}

#[arbour::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_is_kept_and_each_message_is_handled_once() {
    let books = weather(OnRestart::Keep).await;
    assert!(books.undelivered.is_empty());
    books.balance();
    books.heard_rightly();
}

#[arbour::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restart_makes_undelivered_is_reported_once_and_its_asker_hears_so() {
    let books = weather(OnRestart::DeadLetter).await;
    assert!(!books.undelivered.is_empty(), "no restart found anything queued");
    books.balance();
    books.heard_rightly();
}
