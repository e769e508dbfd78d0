//! kameo's rows: mailboxes of the default size, which is 64.

use super::latch::{Latch, UntilDropped};
use super::row::Play;
use super::scenario::{CROWD, HOPS, Lots, NUMBERS, PINGS, PRODUCERS, RING, Scenario, TRIPS, sum};
use super::script::Script;
use kameo::Actor;
use kameo::actor::{ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};
use std::sync::Arc;
use tokio::task::JoinSet;

pub(super) fn of_64(scenario: Scenario) -> Play {
    Play::in_tasks("kameo", move |script| play(scenario, script))
}

async fn play(scenario: Scenario, script: Arc<Script>) {
    match scenario {
        Scenario::PingPong => ring(&script, 2, 2 * TRIPS).await,
        Scenario::Ask => ask(&script).await,
        Scenario::Count => count(&script).await,
        Scenario::FanIn => fan_in(&script).await,
        Scenario::ThreadRing => ring(&script, RING, HOPS).await,
        Scenario::Big => big(&script).await,
        Scenario::Spawn(actors) => spawn(actors, &script).await,
        Scenario::Stop(actors) => stop(actors, &script).await,
        Scenario::ForkJoin(actors) => fork_join(actors, &script).await,
    }
}

/// Takes the token on.
struct Member {
    next: Option<ActorRef<Self>>,
    done: Latch,
}

struct Meet(ActorRef<Member>);

struct Token(u64);

impl Actor for Member {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(member: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(member)
    }
}

impl Message<Meet> for Member {
    type Reply = ();

    async fn handle(&mut self, Meet(neighbour): Meet, _: &mut Context<Self, ()>) {
        self.next = Some(neighbour);
    }
}

impl Message<Token> for Member {
    type Reply = ();

    async fn handle(&mut self, Token(left): Token, _: &mut Context<Self, ()>) {
        if left == 0 {
            self.done.count_down();
        } else {
            let next = self.next.as_ref().expect("it met its neighbour");
            next.tell(Token(left - 1)).await.expect(RUNS);
        }
    }
}

async fn ring(script: &Script, members: usize, hops: u64) {
    let done = Latch::new(1);
    let start = |_| Member::spawn(Member { next: None, done: done.clone() });
    let ring: Vec<_> = (0..members).map(start).collect();
    for (place, member) in ring.iter().enumerate() {
        member.tell(Meet(ring[(place + 1) % members].clone())).await.expect(RUNS);
    }
    let play = async {
        ring[0].tell(Token(hops)).await.expect(RUNS);
        done.opened().await;
    };
    script.play(play).await;
    kill(&ring);
}

struct Counter {
    total: u64,
}

struct Add(u64);

struct Total;

impl Actor for Counter {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(counter: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(counter)
    }
}

impl Message<Add> for Counter {
    type Reply = ();

    async fn handle(&mut self, Add(number): Add, _: &mut Context<Self, ()>) {
        self.total += number;
    }
}

impl Message<Total> for Counter {
    type Reply = u64;

    async fn handle(&mut self, _: Total, _: &mut Context<Self, u64>) -> u64 {
        self.total
    }
}

async fn ask(script: &Script) {
    let counter = Counter::spawn(Counter { total: 0 });
    let play = async {
        for _ in 0..TRIPS {
            assert_eq!(counter.ask(Total).await.expect(RUNS), 0);
        }
    };
    script.play(play).await;
}

async fn count(script: &Script) {
    let counter = Counter::spawn(Counter { total: 0 });
    let play = async {
        produce(counter.clone(), NUMBERS).await;
        assert_eq!(counter.ask(Total).await.expect(RUNS), sum(1));
    };
    script.play(play).await;
}

async fn fan_in(script: &Script) {
    let counter = Counter::spawn(Counter { total: 0 });
    let play = async {
        let producers = (0..PRODUCERS).map(|_| produce(counter.clone(), NUMBERS / PRODUCERS));
        producers.collect::<JoinSet<()>>().join_all().await;
        assert_eq!(counter.ask(Total).await.expect(RUNS), sum(PRODUCERS));
    };
    script.play(play).await;
}

async fn produce(counter: ActorRef<Counter>, numbers: u64) {
    for number in 0..numbers {
        counter.tell(Add(number)).await.expect(RUNS);
    }
}

/// Pings others and answers their pings.
struct Pinger {
    own: usize,
    lots: Lots,
    left: u64,
    peers: Arc<[ActorRef<Self>]>,
    done: Latch,
}

struct MeetAll(Arc<[ActorRef<Pinger>]>);

struct Begin;

struct Ping(usize);

struct Pong;

impl Pinger {
    fn new(own: usize, done: Latch) -> Self {
        Self { own, lots: Lots::of(own), left: PINGS, peers: Arc::from([]), done }
    }

    async fn ping(&mut self) {
        self.peers[self.lots.draw()].tell(Ping(self.own)).await.expect(RUNS);
    }
}

impl Actor for Pinger {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(pinger: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(pinger)
    }
}

impl Message<MeetAll> for Pinger {
    type Reply = ();

    async fn handle(&mut self, MeetAll(all): MeetAll, _: &mut Context<Self, ()>) {
        self.peers = all;
    }
}

impl Message<Begin> for Pinger {
    type Reply = ();

    async fn handle(&mut self, _: Begin, _: &mut Context<Self, ()>) {
        self.ping().await;
    }
}

impl Message<Ping> for Pinger {
    type Reply = ();

    async fn handle(&mut self, Ping(from): Ping, _: &mut Context<Self, ()>) {
        self.peers[from].tell(Pong).await.expect(RUNS);
    }
}

impl Message<Pong> for Pinger {
    type Reply = ();

    async fn handle(&mut self, _: Pong, _: &mut Context<Self, ()>) {
        if self.left == 1 {
            self.done.count_down();
        } else {
            self.left -= 1;
            self.ping().await;
        }
    }
}

async fn big(script: &Script) {
    let done = Latch::new(CROWD as u64);
    let crowd: Arc<[_]> = (0..CROWD).map(|own| Pinger::spawn(Pinger::new(own, done.clone()))).collect();
    for pinger in &*crowd {
        pinger.tell(MeetAll(Arc::clone(&crowd))).await.expect(RUNS);
    }
    let play = async {
        for pinger in &*crowd {
            pinger.tell(Begin).await.expect(RUNS);
        }
        done.opened().await;
    };
    script.play(play).await;
    kill(&crowd);
}

/// Has begun, and waits for messages that do not come.
struct Idle {
    begun: Latch,
    _state: UntilDropped,
}

impl Actor for Idle {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(idle: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        idle.begun.count_down();
        Ok(idle)
    }
}

async fn spawn(actors: u64, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let mut references = Vec::new();
    let play = async {
        references = start_idle(actors, &begun, &gone);
        begun.opened().await;
    };
    script.play(play).await;
    drop(references);
    gone.opened().await;
}

async fn stop(actors: u64, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let references = start_idle(actors, &begun, &gone);
    begun.opened().await;
    let play = async {
        drop(references);
        gone.opened().await;
    };
    script.play(play).await;
}

fn start_idle(actors: u64, begun: &Latch, gone: &Latch) -> Vec<ActorRef<Idle>> {
    let start = |_| Idle::spawn(Idle { begun: begun.clone(), _state: UntilDropped(gone.clone()) });
    (0..actors).map(start).collect()
}

/// Handles one message and stops.
struct Once {
    _state: UntilDropped,
}

struct Number(#[expect(dead_code, reason = "every message of a bench carries a number")] u64);

impl Actor for Once {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(once: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(once)
    }
}

impl Message<Number> for Once {
    type Reply = ();

    async fn handle(&mut self, _: Number, cx: &mut Context<Self, ()>) {
        cx.stop();
    }
}

async fn fork_join(actors: u64, script: &Script) {
    let gone = Latch::new(actors);
    let play = async {
        for number in 0..actors {
            let once = Once::spawn(Once { _state: UntilDropped(gone.clone()) });
            once.tell(Number(number)).await.expect(RUNS);
        }
        gone.opened().await;
    };
    script.play(play).await;
}

/// In a ring each holds the reference of the next, and none would end by itself.
fn kill<A: Actor>(actors: &[ActorRef<A>]) {
    actors.iter().for_each(ActorRef::kill);
}

/// Why a tell cannot fail here.
const RUNS: &str = "the actor runs";
