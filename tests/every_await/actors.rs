//! Telling and asking an actor.

use crate::support::{Held, MS, sweep, turns};
use arbour::{
    Actor, ActorSpec, Address, ChildPolicy, Context, DynamicSupervisor, Failure, Reply, Supervisor, ask_many,
    run_actor, spawn_actor, task_group,
};
use std::cell::Cell;
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

    async fn handle(&mut self, message: Message, _: &mut Context<Self>) -> Result<(), Failure> {
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
    let added_last = Cell::new(0);
    sweep(make, |_| {
        held.is_nothing();
        added_last.set(added.load(Ordering::Relaxed));
        assert!(added_last.get() <= 3, "{} messages were handled", added_last.get());
    });
    assert_eq!(added_last.get(), 3, "the last run of a sweep is not hit");
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

#[test]
fn asking_within_a_time() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.tell(Message::Add(number)).await.unwrap();
        }
        assert_eq!(address.ask_within(10 * MS, Message::Total).await, Ok(6));
    });
}

#[test]
fn requesting_and_waiting() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.tell(Message::Add(number)).await.unwrap();
        }
        let (one, two) = (address.request(Message::Total).await, address.request(Message::Total).await);
        assert_eq!(two.unwrap().await, Ok(6));
        assert_eq!(one.unwrap().within(10 * MS).await, Ok(6));
    });
}

#[test]
fn passing_a_reply_on() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.tell(Message::Add(number)).await.unwrap();
        }
        task_group(async |group| {
            let counter = address.clone();
            let desk = spawn_actor(&group, "desk", Desk { counter }, 1);
            assert_eq!(desk.ask(|reply| reply).await, Ok(6));
        })
        .await
        .unwrap();
    });
}

/// Has another actor answer.
struct Desk {
    counter: Address<Counter>,
}

impl Actor for Desk {
    type Message = Reply<u64>;

    async fn handle(&mut self, reply: Reply<u64>, _: &mut Context<Self>) -> Result<(), Failure> {
        let passed = self.counter.forward(reply, Message::Total).await;
        passed.map_err(|refused| Failure::message(refused.to_string()))
    }
}

#[test]
fn stopping_one_and_waiting_for_its_end() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.tell(Message::Add(number)).await.unwrap();
        }
        let monitor = address.monitor();
        let down = address.stop().await.unwrap();
        assert_eq!((down.incarnation, monitor.await.incarnation), (1, 1));
        assert_eq!(address.ended().await.to_string(), down.to_string());
    });
}

#[test]
fn stopping_one_that_is_supervised() {
    let (held, added) = (Held::default(), Arc::new(AtomicU64::new(0)));
    let make = || async {
        let (holds, adds) = (held.clone(), Arc::clone(&added));
        let make = move || Counter { total: 0, added: Arc::clone(&adds), held: holds.clone() };
        let (address, child) = ActorSpec::new("counter", make).build();
        let app = Supervisor::builder("app").child(child).build().unwrap();
        let handle = app.handle();
        let outcome = task_group(async |group| {
            group.spawn(app.run());
            assert_eq!(address.ask(Message::Total).await, Ok(0));
            assert_eq!(address.stop().await.unwrap().incarnation, 1);
            handle.request_stop();
        });
        outcome.await.unwrap();
    };
    sweep(make, |_| held.is_nothing());
}

#[test]
fn asking_how_one_is() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.tell(Message::Add(number)).await.unwrap();
        }
        while address.status().await.unwrap().taken < 3 {
            turns(1).await;
        }
    });
}

#[test]
fn asking_many() {
    sweep_beside(&async |address| {
        for number in 1..=3 {
            address.tell(Message::Add(number)).await.unwrap();
        }
        let both = [address, address];
        assert_eq!(ask_many(both, Message::Total).all().await, [Ok(6), Ok(6)]);
        assert_eq!(ask_many(both, Message::Total).first().await, Ok(6));
        assert_eq!(ask_many(both, Message::Total).within(10 * MS).quorum(2).await, Ok(vec![6, 6]));
    });
}

impl From<u64> for Message {
    fn from(number: u64) -> Self {
        Self::Add(number)
    }
}

impl From<Reply<u64>> for Message {
    fn from(reply: Reply<u64>) -> Self {
        Self::Total(reply)
    }
}

#[test]
fn telling_and_asking_a_recipient() {
    sweep_beside(&async |address| {
        let (adding, total) = (address.recipient::<u64>(), address.recipient::<Reply<u64>>());
        for number in 1..=3 {
            adding.tell(number).await.unwrap();
        }
        assert_eq!(total.ask(|reply| reply).await, Ok(6));
    });
}

#[test]
fn becoming_an_actor() {
    let held = Held::default();
    let make = || async {
        let outcome = task_group(async |group| {
            let (here, there) = tokio::sync::oneshot::channel();
            let actor = Counter { total: 0, added: Arc::default(), held: held.clone() };
            group.spawn(async move {
                run_actor("counter", 1, |address| {
                    drop(here.send(address));
                    actor
                })
                .await
            });
            let address = there.await.unwrap();
            address.tell(Message::Add(1)).await.unwrap();
            assert_eq!(address.ask(Message::Total).await, Ok(1));
        });
        outcome.await.unwrap();
    };
    sweep(make, |_| held.is_nothing());
}

#[test]
fn starting_one_under_a_dynamic_supervisor() {
    let held = Held::default();
    let make = || async {
        let policy = ChildPolicy::plain().reports_ready();
        let sessions = DynamicSupervisor::of_specs("sessions").policy(policy).build().unwrap();
        let handle = sessions.handle();
        let holds = held.clone();
        let make = move || Counter { total: 0, added: Arc::default(), held: holds.clone() };
        let (address, child) = ActorSpec::new("session", make).build();
        let outcome = task_group(async |group| {
            group.spawn(sessions.run());
            handle.start_spec(child).await.unwrap();
            assert_eq!(address.ask(Message::Total).await, Ok(0));
            assert_eq!(address.stop().await.unwrap().incarnation, 1);
            handle.request_stop();
        });
        outcome.await.unwrap();
    };
    sweep(make, |_| held.is_nothing());
}
