//! Arbour's rows: the plain trait, bounded mailboxes of the default size, with and without a supervisor.

use super::home::{Home, Life, MAILBOX};
use super::latch::{Latch, UntilDropped};
use super::row::Play;
use super::scenario::{CROWD, HOPS, Lots, NUMBERS, PINGS, PRODUCERS, RING, Scenario, TRIPS, sum};
use super::script::Script;
use arbour::{Actor, Address, Context, Failure, Reply};
use std::sync::Arc;

pub(super) fn unsupervised(scenario: Scenario) -> Play {
    Play::in_tasks("arbour", move |script| live(Life::Unsupervised, scenario, script))
}

pub(super) fn supervised(scenario: Scenario) -> Play {
    Play::in_tasks("arbour supervised", move |script| live(Life::Supervised, scenario, script))
}

async fn live(life: Life, scenario: Scenario, script: Arc<Script>) {
    Home::live(life, async |home| play(scenario, &home, &script).await).await;
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

enum Hop {
    Meet(Address<Member>),
    Token(u64),
}

impl Actor for Member {
    type Message = Hop;

    async fn handle(&mut self, hop: Hop, _: &mut Context<Self>) -> Result<(), Failure> {
        match hop {
            Hop::Meet(neighbour) => self.next = Some(neighbour),
            Hop::Token(0) => self.done.count_down(),
            Hop::Token(left) => {
                let next = self.next.as_ref().expect("it met its neighbour");
                next.tell(Hop::Token(left - 1)).await?;
            }
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
        member.tell(Hop::Meet(ring[(place + 1) % members].clone())).await.expect(RUNS);
    }
    let play = async {
        ring[0].tell(Hop::Token(hops)).await.expect(RUNS);
        done.opened().await;
    };
    script.play(play).await;
}

#[derive(Default)]
struct Counter {
    total: u64,
}

enum Counting {
    Add(u64),
    Total(Reply<u64>),
}

impl Actor for Counter {
    type Message = Counting;

    async fn handle(&mut self, message: Counting, _: &mut Context<Self>) -> Result<(), Failure> {
        match message {
            Counting::Add(number) => self.total += number,
            Counting::Total(reply) => reply.send(self.total),
        }
        Ok(())
    }
}

async fn ask(home: &Home, script: &Script) {
    let counter = home.start(Counter::default).await;
    let play = async {
        for _ in 0..TRIPS {
            assert_eq!(counter.ask(Counting::Total).await, Ok(0));
        }
    };
    script.play(play).await;
}

async fn count(home: &Home, script: &Script) {
    let counter = home.start(Counter::default).await;
    let play = async {
        produce(counter.clone(), NUMBERS).await;
        assert_eq!(counter.ask(Counting::Total).await, Ok(sum(1)));
    };
    script.play(play).await;
}

async fn fan_in(home: &Home, script: &Script) {
    let counter = home.start(Counter::default).await;
    let play = async {
        let producers = (0..PRODUCERS).map(|_| produce(counter.clone(), NUMBERS / PRODUCERS));
        home.join(producers).await;
        assert_eq!(counter.ask(Counting::Total).await, Ok(sum(PRODUCERS)));
    };
    script.play(play).await;
}

/// After so many numbers a producer looks whether the mailbox keeps its bound. A prime, so that it is at another
/// place of the mailbox each time.
const LOOK: u64 = 251;

async fn produce(counter: Address<Counter>, numbers: u64) {
    for number in 0..numbers {
        counter.tell(Counting::Add(number)).await.expect(RUNS);
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

enum Ball {
    Meet(Arc<[Address<Pinger>]>),
    Begin,
    Ping(usize),
    Pong,
}

impl Pinger {
    fn new(own: usize, done: Latch) -> Self {
        Self { own, lots: Lots::of(own), left: PINGS, peers: Arc::from([]), done }
    }
}

impl Actor for Pinger {
    type Message = Ball;

    async fn handle(&mut self, ball: Ball, _: &mut Context<Self>) -> Result<(), Failure> {
        match ball {
            Ball::Meet(all) => self.peers = all,
            Ball::Ping(from) => self.peers[from].tell(Ball::Pong).await?,
            Ball::Pong if self.left == 1 => self.done.count_down(),
            Ball::Begin => self.peers[self.lots.draw()].tell(Ball::Ping(self.own)).await?,
            Ball::Pong => {
                self.left -= 1;
                self.peers[self.lots.draw()].tell(Ball::Ping(self.own)).await?;
            }
        }
        Ok(())
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
        pinger.tell(Ball::Meet(Arc::clone(&crowd))).await.expect(RUNS);
    }
    let play = async {
        for pinger in &*crowd {
            pinger.tell(Ball::Begin).await.expect(RUNS);
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

impl Actor for Idle {
    type Message = u64;

    async fn started(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        self.begun.count_down();
        Ok(())
    }

    async fn handle(&mut self, _: u64, _: &mut Context<Self>) -> Result<(), Failure> {
        Ok(())
    }
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

impl Actor for Once {
    type Message = u64;

    async fn handle(&mut self, _: u64, cx: &mut Context<Self>) -> Result<(), Failure> {
        cx.stop();
        Ok(())
    }
}

async fn fork_join(actors: u64, home: &Home, script: &Script) {
    let gone = Latch::new(actors);
    let play = async {
        for number in 0..actors {
            let gone = gone.clone();
            let once = home.start(move || Once(UntilDropped(gone.clone()))).await;
            once.tell(number).await.expect(RUNS);
        }
        gone.opened().await;
    };
    script.play(play).await;
}

/// Why a tell cannot fail here.
const RUNS: &str = "the actor runs";
