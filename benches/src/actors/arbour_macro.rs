//! Arbour's rows by `#[actor]`: the same actors as with the plain trait, their methods for messages.

use super::home::{Home, Life, MAILBOX};
use super::latch::{Latch, UntilDropped};
use super::row::Play;
use super::scenario::{CROWD, HOPS, Lots, NUMBERS, PINGS, PRODUCERS, RING, Scenario, TRIPS, sum};
use super::script::Script;
use arbour::{Address, Context, Failure, actor};
use std::sync::Arc;

pub(super) fn unsupervised(scenario: Scenario) -> Play {
    Play::in_tasks("arbour by macro", move |script| live(scenario, script))
}

async fn live(scenario: Scenario, script: Arc<Script>) {
    Home::live(Life::Unsupervised, async |home| play(scenario, &home, &script).await).await;
}

async fn play(scenario: Scenario, home: &Home, script: &Script) {
    match scenario {
        Scenario::PingPong => ring(home, script, 2, 2 * TRIPS).await,
        Scenario::Ask => ask(home, script).await,
        Scenario::Count => count(home, script).await,
        Scenario::FanIn => fan_in(home, script).await,
        Scenario::ThreadRing => ring(home, script, RING, HOPS).await,
        Scenario::Big => big(home, script).await,
        Scenario::Spawn(actors) => spawn(actors, home, script).await,
        Scenario::Stop(actors) => stop(actors, home, script).await,
        Scenario::ForkJoin(actors) => fork_join(actors, home, script).await,
    }
}

/// Takes the token on.
struct Member {
    next: Option<Address<Self>>,
    done: Latch,
}

#[actor]
impl Member {
    async fn meet(&mut self, neighbour: Address<Member>) {
        self.next = Some(neighbour);
    }

    #[actor(tell)]
    async fn token(&mut self, left: u64) -> Result<(), Failure> {
        if left == 0 {
            self.done.count_down();
        } else {
            self.next.as_ref().expect("it met its neighbour").token(left - 1).await?;
        }
        Ok(())
    }
}

async fn ring(home: &Home, script: &Script, members: usize, hops: u64) {
    let done = Latch::new(1);
    let mut ring = Vec::new();
    for _ in 0..members {
        let done = done.clone();
        ring.push(home.start(move || Member { next: None, done: done.clone() }).await);
    }
    for (place, member) in ring.iter().enumerate() {
        member.meet(ring[(place + 1) % members].clone()).await.expect(RUNS);
    }
    let play = async {
        ring[0].token(hops).await.expect(RUNS);
        done.opened().await;
    };
    script.play(play).await;
}

#[derive(Default)]
struct Counter {
    total: u64,
}

#[actor]
impl Counter {
    async fn add(&mut self, number: u64) {
        self.total += number;
    }

    async fn total(&self) -> u64 {
        self.total
    }
}

async fn ask(home: &Home, script: &Script) {
    let counter = home.start(Counter::default).await;
    let play = async {
        for _ in 0..TRIPS {
            assert_eq!(counter.total().await, Ok(0));
        }
    };
    script.play(play).await;
}

async fn count(home: &Home, script: &Script) {
    let counter = home.start(Counter::default).await;
    let play = async {
        produce(counter.clone(), NUMBERS).await;
        assert_eq!(counter.total().await, Ok(sum(1)));
    };
    script.play(play).await;
}

async fn fan_in(home: &Home, script: &Script) {
    let counter = home.start(Counter::default).await;
    let play = async {
        let producers = (0..PRODUCERS).map(|_| produce(counter.clone(), NUMBERS / PRODUCERS));
        home.join(producers).await;
        assert_eq!(counter.total().await, Ok(sum(PRODUCERS)));
    };
    script.play(play).await;
}

/// After so many numbers a producer looks whether the mailbox keeps its bound. A prime, so that it is at another
/// place of the mailbox each time.
const LOOK: u64 = 251;

async fn produce(counter: Address<Counter>, numbers: u64) {
    for number in 0..numbers {
        counter.add(number).await.expect(RUNS);
        if number % LOOK == 0 {
            assert!(counter.mailbox().queued <= MAILBOX, "back-pressure holds");
        }
    }
}

/// Pings others and answers their pings.
struct Pinger {
    own: usize,
    lots: Lots,
    left: u64,
    peers: Arc<[Address<Self>]>,
    done: Latch,
}

impl Pinger {
    fn new(own: usize, done: Latch) -> Self {
        Self { own, lots: Lots::of(own), left: PINGS, peers: Arc::from([]), done }
    }
}

#[actor]
impl Pinger {
    async fn meet_all(&mut self, all: Arc<[Address<Pinger>]>) {
        self.peers = all;
    }

    #[actor(tell)]
    async fn begin(&mut self) -> Result<(), Failure> {
        Ok(self.peers[self.lots.draw()].ping(self.own).await?)
    }

    #[actor(tell)]
    async fn ping(&mut self, from: usize) -> Result<(), Failure> {
        Ok(self.peers[from].pong().await?)
    }

    #[actor(tell)]
    async fn pong(&mut self) -> Result<(), Failure> {
        if self.left == 1 {
            self.done.count_down();
            return Ok(());
        }
        self.left -= 1;
        self.begin().await
    }
}

async fn big(home: &Home, script: &Script) {
    let done = Latch::new(CROWD as u64);
    let mut crowd = Vec::new();
    for own in 0..CROWD {
        let done = done.clone();
        crowd.push(home.start(move || Pinger::new(own, done.clone())).await);
    }
    let crowd: Arc<[Address<Pinger>]> = crowd.into();
    for pinger in &*crowd {
        pinger.meet_all(Arc::clone(&crowd)).await.expect(RUNS);
    }
    let play = async {
        for pinger in &*crowd {
            pinger.begin().await.expect(RUNS);
        }
        done.opened().await;
    };
    script.play(play).await;
}

/// Has begun, and waits for messages that do not come.
struct Idle {
    begun: Latch,
    _state: UntilDropped,
}

#[actor]
impl Idle {
    #[actor(started)]
    async fn begin(&mut self) {
        self.begun.count_down();
    }

    async fn hear(&mut self, _number: u64) {}
}

async fn spawn(actors: u64, home: &Home, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let mut addresses = Vec::new();
    let play = async {
        addresses = start_idle(actors, home, &begun, &gone).await;
        begun.opened().await;
    };
    script.play(play).await;
    home.stop(addresses);
    gone.opened().await;
}

async fn stop(actors: u64, home: &Home, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let addresses = start_idle(actors, home, &begun, &gone).await;
    begun.opened().await;
    let play = async {
        home.stop(addresses);
        gone.opened().await;
    };
    script.play(play).await;
}

async fn start_idle(actors: u64, home: &Home, begun: &Latch, gone: &Latch) -> Vec<Address<Idle>> {
    let mut addresses = Vec::with_capacity(actors as usize);
    for _ in 0..actors {
        let (begun, gone) = (begun.clone(), gone.clone());
        let make = move || Idle { begun: begun.clone(), _state: UntilDropped(gone.clone()) };
        addresses.push(home.start(make).await);
    }
    addresses
}

/// Handles one message and stops.
struct Once(#[expect(dead_code, reason = "only its drop is of interest")] UntilDropped);

#[actor]
impl Once {
    async fn hear(&mut self, _number: u64, cx: &mut Context<Self>) {
        cx.stop();
    }
}

async fn fork_join(actors: u64, home: &Home, script: &Script) {
    let gone = Latch::new(actors);
    let play = async {
        for number in 0..actors {
            let gone = gone.clone();
            let once = home.start(move || Once(UntilDropped(gone.clone()))).await;
            once.hear(number).await.expect(RUNS);
        }
        gone.opened().await;
    };
    script.play(play).await;
}

/// Why a tell cannot fail here.
const RUNS: &str = "the actor runs";
