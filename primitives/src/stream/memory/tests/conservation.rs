//! Random operations: sent = received + given back + dropped, in order, with the invariants at each step.

use super::super::{Capacity, Permit, ReceiveStream, SendStream, memory_stream};
use super::{Task, check};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// Where the items went; an item that is dropped anywhere else counts as withdrawn or shed.
#[derive(Default)]
struct Ledger {
    made: Cell<u32>,
    alive: Cell<u32>,
    received: RefCell<Vec<u32>>,
}

struct Item {
    number: u32,
    ledger: Rc<Ledger>,
}

impl Item {
    fn new(ledger: &Rc<Ledger>) -> Self {
        let number = ledger.made.replace(ledger.made.get() + 1);
        ledger.alive.set(ledger.alive.get() + 1);
        Self { number, ledger: Rc::clone(ledger) }
    }

    fn receive(self) {
        self.ledger.received.borrow_mut().push(self.number);
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.ledger.alive.set(self.ledger.alive.get() - 1);
    }
}

/// A generator of numbers that depend on the seed alone (SplitMix64).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }
}

/// One stream under random operations. The ends are shared with the futures that use them.
struct World {
    random: Seeded,
    ledger: Rc<Ledger>,
    senders: Vec<Rc<SendStream<Item>>>,
    receivers: Vec<Rc<ReceiveStream<Item>>>,
    permits: Rc<RefCell<Vec<Permit<Item>>>>,
    tasks: Vec<Task<'static, ()>>,
    /// Whether items may overtake: permits, forced sends and the later items of a batch take their place in the order late.
    orderly: bool,
}

impl World {
    fn new(seed: u64, capacity: Capacity, orderly: bool) -> Self {
        let (tx, rx) = memory_stream(capacity);
        Self {
            random: Seeded(seed),
            ledger: Rc::default(),
            senders: vec![Rc::new(tx)],
            receivers: vec![Rc::new(rx)],
            permits: Rc::default(),
            tasks: Vec::new(),
            orderly,
        }
    }

    fn step(&mut self) {
        match self.random.below(if self.orderly { 17 } else { 24 }) {
            0..3 => self.send(),
            3..6 => self.recv(),
            6 => self.try_send(),
            7 => self.try_recv(),
            8..11 => self.poll(),
            11 => self.drop_task(),
            12 => self.clone_ends(),
            13 => self.drop_ends(),
            14 => self.try_send_many(),
            15 => self.try_recv_many(),
            16 => self.recv_many(),
            17..19 => self.reserve(),
            19 => self.use_permit(),
            20 => drop(self.pick_permit()),
            21 => self.force_send(),
            22 => self.send_many(),
            _ => self.close_something(),
        }
    }

    fn sender(&mut self) -> Rc<SendStream<Item>> {
        Rc::clone(&self.senders[self.random.below(self.senders.len())])
    }

    fn receiver(&mut self) -> Rc<ReceiveStream<Item>> {
        Rc::clone(&self.receivers[self.random.below(self.receivers.len())])
    }

    fn begin(&mut self, future: impl Future<Output = ()> + 'static) {
        let mut task = Task::new(future);
        if task.poll().is_pending() {
            self.tasks.push(task);
        }
    }

    fn send(&mut self) {
        let (tx, item) = (self.sender(), Item::new(&self.ledger));
        self.begin(async move { drop(tx.send(item).await) });
    }

    fn recv(&mut self) {
        let rx = self.receiver();
        self.begin(async move {
            if let Ok(item) = rx.recv().await {
                item.receive();
            }
        });
    }

    fn try_send(&mut self) {
        drop(self.sender().try_send(Item::new(&self.ledger)));
    }

    fn try_recv(&mut self) {
        if let Ok(item) = self.receiver().try_recv() {
            item.receive();
        }
    }

    fn some_items(&mut self) -> VecDeque<Item> {
        (0..=self.random.below(4)).map(|_| Item::new(&self.ledger)).collect()
    }

    fn send_many(&mut self) {
        let (tx, mut items) = (self.sender(), self.some_items());
        self.begin(async move {
            let sent = tx.send_many(&mut items).await;
            assert_eq!(sent.is_ok(), items.is_empty());
        });
    }

    fn recv_many(&mut self) {
        let (rx, limit) = (self.receiver(), self.random.below(4));
        self.begin(async move {
            let mut items = Vec::new();
            let received = rx.recv_many(&mut items, limit).await;
            assert_eq!(received.unwrap_or(0), items.len());
            items.into_iter().for_each(Item::receive);
        });
    }

    fn try_send_many(&mut self) {
        let (tx, mut items) = (self.sender(), self.some_items());
        let all = items.len();
        assert_eq!(tx.try_send_many(&mut items).unwrap_or(0), all - items.len());
    }

    fn try_recv_many(&mut self) {
        let (rx, limit) = (self.receiver(), self.random.below(4));
        let mut items = Vec::new();
        assert_eq!(rx.try_recv_many(&mut items, limit).unwrap_or(0), items.len());
        items.into_iter().for_each(Item::receive);
    }

    fn poll(&mut self) {
        if !self.tasks.is_empty() {
            let index = self.random.below(self.tasks.len());
            if self.tasks[index].poll().is_ready() {
                self.tasks.swap_remove(index);
            }
        }
    }

    fn drop_task(&mut self) {
        if !self.tasks.is_empty() {
            let index = self.random.below(self.tasks.len());
            self.tasks.swap_remove(index);
        }
    }

    fn clone_ends(&mut self) {
        let (tx, rx) = (self.sender(), self.receiver());
        self.senders.push(Rc::new((*tx).clone()));
        self.receivers.push(Rc::new((*rx).clone()));
    }

    fn drop_ends(&mut self) {
        if self.senders.len() > 1 && self.receivers.len() > 1 {
            let index = self.random.below(self.senders.len());
            self.senders.swap_remove(index);
            let index = self.random.below(self.receivers.len());
            self.receivers.swap_remove(index);
        }
    }

    fn reserve(&mut self) {
        let (tx, permits) = (self.sender(), Rc::clone(&self.permits));
        self.begin(async move {
            if let Ok(permit) = tx.reserve().await {
                permits.borrow_mut().push(permit);
            }
        });
    }

    fn pick_permit(&mut self) -> Option<Permit<Item>> {
        let mut permits = self.permits.borrow_mut();
        let len = permits.len();
        (len > 0).then(|| permits.swap_remove(self.random.below(len)))
    }

    fn use_permit(&mut self) {
        if let Some(permit) = self.pick_permit() {
            drop(permit.send(Item::new(&self.ledger)));
        }
    }

    fn force_send(&mut self) {
        drop(self.sender().force_send(Item::new(&self.ledger)));
    }

    fn close_something(&mut self) {
        match self.random.below(40) {
            0 => self.sender().close(),
            1..4 => self.sender().close_end(),
            4..7 => self.receiver().close_end(),
            _ => {}
        }
    }

    fn check(&self) {
        check(&self.senders[0]);
        if self.orderly {
            let received = self.ledger.received.borrow();
            assert!(received.is_sorted_by(|a, b| a < b), "out of order: {received:?}");
        }
    }

    /// Whoever was not refused is served when partners come, or is told that there will be none.
    fn wind_down(mut self) {
        self.permits.borrow_mut().clear();
        self.senders[0].close();
        while let Some(index) = self.tasks.iter_mut().position(|task| task.poll().is_ready()) {
            self.tasks.swap_remove(index);
            self.permits.borrow_mut().clear();
            self.check();
        }
        assert_eq!(self.tasks.len(), 0, "all end when the stream has ended");
        while let Ok(item) = self.receivers[0].try_recv() {
            item.receive();
        }
        let ledger = Rc::clone(&self.ledger);
        drop(self);
        let mut received = ledger.received.take();
        received.sort_unstable();
        assert!(received.is_sorted_by(|a, b| a < b), "received twice: {received:?}");
        assert_eq!(ledger.alive.get(), 0, "an item was lost");
    }
}

fn explore(orderly: bool) {
    let capacities = [0.into(), 1.into(), 2.into(), 5.into(), Capacity::Unbounded];
    for (seed, capacity) in (0..2000).flat_map(|seed| capacities.map(|capacity| (seed, capacity))) {
        let mut world = World::new(seed, capacity, orderly);
        for _ in 0..60 {
            world.step();
            world.check();
        }
        world.wind_down();
    }
}

#[test]
fn items_are_conserved_and_keep_the_order_in_which_their_sends_began() {
    explore(true);
}

#[test]
fn items_are_conserved_with_permits_forced_sends_and_closing() {
    explore(false);
}
