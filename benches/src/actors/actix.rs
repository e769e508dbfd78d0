//! actix's rows: all actors on the thread that starts them, as its documentation has it.
//!
//! Its `do_send` does not look at the bound of the mailbox. What waits for room does not exist: a producer that keeps
//! the bound yields while the mailbox is full.

use super::latch::{Latch, UntilDropped};
use super::row::Play;
use super::scenario::{CROWD, HOPS, Lots, NUMBERS, PINGS, PRODUCERS, RING, Scenario, TRIPS, sum};
use super::script::Script;
use actix::dev::SendError;
use actix::{Actor, ActorContext, Addr, Context, Handler, Message};
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_local, yield_now};

pub(super) fn unbounded(scenario: Scenario) -> Play {
    Play::on_one_thread("actix", move |script| play(scenario, script, None))
}

/// As many messages as our mailboxes hold, where the producers are no actors.
pub(super) fn of_64(scenario: Scenario) -> Play {
    Play::on_one_thread("actix 64", move |script| play(scenario, script, Some(64)))
}

async fn play(scenario: Scenario, script: Arc<Script>, mailbox: Option<usize>) {
    match scenario {
        Scenario::PingPong => ring(&script, 2, 2 * TRIPS).await,
        Scenario::Ask => ask(&script).await,
        Scenario::Count => count(&script, mailbox).await,
        Scenario::FanIn => fan_in(&script, mailbox).await,
        Scenario::ThreadRing => ring(&script, RING, HOPS).await,
        Scenario::Big => big(&script).await,
        Scenario::Spawn(actors) => spawn(actors, &script).await,
        Scenario::Stop(actors) => stop(actors, &script).await,
        Scenario::ForkJoin(actors) => fork_join(actors, &script).await,
    }
}

/// Ends an actor: in a ring each holds the address of the next, and none would end by itself.
struct End;

impl Message for End {
    type Result = ();
}

/// Takes the token on.
struct Member {
    next: Option<Addr<Self>>,
    done: Latch,
}

struct Meet(Addr<Member>);

impl Message for Meet {
    type Result = ();
}

struct Token(u64);

impl Message for Token {
    type Result = ();
}

impl Actor for Member {
    type Context = Context<Self>;
}

impl Handler<Meet> for Member {
    type Result = ();

    fn handle(&mut self, Meet(neighbour): Meet, _: &mut Context<Self>) {
        self.next = Some(neighbour);
    }
}

impl Handler<Token> for Member {
    type Result = ();

    fn handle(&mut self, Token(left): Token, _: &mut Context<Self>) {
        if left == 0 {
            self.done.count_down();
        } else {
            self.next.as_ref().expect("it met its neighbour").do_send(Token(left - 1));
        }
    }
}

impl Handler<End> for Member {
    type Result = ();

    fn handle(&mut self, _: End, cx: &mut Context<Self>) {
        cx.stop();
    }
}

async fn ring(script: &Script, members: usize, hops: u64) {
    let done = Latch::new(1);
    let start = |_| Member { next: None, done: done.clone() }.start();
    let ring: Vec<_> = (0..members).map(start).collect();
    for (place, member) in ring.iter().enumerate() {
        member.send(Meet(ring[(place + 1) % members].clone())).await.expect(RUNS);
    }
    let play = async {
        ring[0].do_send(Token(hops));
        done.opened().await;
    };
    script.play(play).await;
    for member in &ring {
        member.send(End).await.expect(RUNS);
    }
}

struct Counter {
    total: u64,
    mailbox: Option<usize>,
}

struct Add(u64);

impl Message for Add {
    type Result = ();
}

struct Total;

impl Message for Total {
    type Result = u64;
}

impl Actor for Counter {
    type Context = Context<Self>;

    fn started(&mut self, cx: &mut Context<Self>) {
        if let Some(mailbox) = self.mailbox {
            cx.set_mailbox_capacity(mailbox);
        }
    }
}

impl Handler<Add> for Counter {
    type Result = ();

    fn handle(&mut self, Add(number): Add, _: &mut Context<Self>) {
        self.total += number;
    }
}

impl Handler<Total> for Counter {
    type Result = u64;

    fn handle(&mut self, _: Total, _: &mut Context<Self>) -> u64 {
        self.total
    }
}

async fn ask(script: &Script) {
    let counter = Counter { total: 0, mailbox: None }.start();
    let play = async {
        for _ in 0..TRIPS {
            assert_eq!(counter.send(Total).await.expect(RUNS), 0);
        }
    };
    script.play(play).await;
}

async fn count(script: &Script, mailbox: Option<usize>) {
    let counter = Counter { total: 0, mailbox }.start();
    let play = async {
        produce(counter.clone(), NUMBERS, mailbox).await;
        assert_eq!(counter.send(Total).await.expect(RUNS), sum(1));
    };
    script.play(play).await;
}

async fn fan_in(script: &Script, mailbox: Option<usize>) {
    let counter = Counter { total: 0, mailbox }.start();
    let play = async {
        let produce = |_| spawn_local(produce(counter.clone(), NUMBERS / PRODUCERS, mailbox));
        let producers: Vec<JoinHandle<()>> = (0..PRODUCERS).map(produce).collect();
        for producer in producers {
            producer.await.expect("no producer panics");
        }
        assert_eq!(counter.send(Total).await.expect(RUNS), sum(PRODUCERS));
    };
    script.play(play).await;
}

async fn produce(counter: Addr<Counter>, numbers: u64, mailbox: Option<usize>) {
    for number in 0..numbers {
        if mailbox.is_none() {
            counter.do_send(Add(number));
        } else {
            wait_for_room(&counter, Add(number)).await;
        }
    }
}

async fn wait_for_room(counter: &Addr<Counter>, mut add: Add) {
    while let Err(SendError::Full(refused)) = counter.try_send(add) {
        add = refused;
        yield_now().await;
    }
}

/// Pings others and answers their pings.
struct Pinger {
    own: usize,
    lots: Lots,
    left: u64,
    peers: Arc<[Addr<Self>]>,
    done: Latch,
}

struct MeetAll(Arc<[Addr<Pinger>]>);

impl Message for MeetAll {
    type Result = ();
}

struct Begin;

impl Message for Begin {
    type Result = ();
}

struct Ping(usize);

impl Message for Ping {
    type Result = ();
}

struct Pong;

impl Message for Pong {
    type Result = ();
}

impl Pinger {
    fn new(own: usize, done: Latch) -> Self {
        Self { own, lots: Lots::of(own), left: PINGS, peers: Arc::from([]), done }
    }

    fn ping(&mut self) {
        self.peers[self.lots.draw()].do_send(Ping(self.own));
    }
}

impl Actor for Pinger {
    type Context = Context<Self>;
}

impl Handler<MeetAll> for Pinger {
    type Result = ();

    fn handle(&mut self, MeetAll(all): MeetAll, _: &mut Context<Self>) {
        self.peers = all;
    }
}

impl Handler<Begin> for Pinger {
    type Result = ();

    fn handle(&mut self, _: Begin, _: &mut Context<Self>) {
        self.ping();
    }
}

impl Handler<Ping> for Pinger {
    type Result = ();

    fn handle(&mut self, Ping(from): Ping, _: &mut Context<Self>) {
        self.peers[from].do_send(Pong);
    }
}

impl Handler<Pong> for Pinger {
    type Result = ();

    fn handle(&mut self, _: Pong, _: &mut Context<Self>) {
        if self.left == 1 {
            self.done.count_down();
        } else {
            self.left -= 1;
            self.ping();
        }
    }
}

impl Handler<End> for Pinger {
    type Result = ();

    fn handle(&mut self, _: End, cx: &mut Context<Self>) {
        cx.stop();
    }
}

async fn big(script: &Script) {
    let done = Latch::new(CROWD as u64);
    let crowd: Arc<[_]> = (0..CROWD).map(|own| Pinger::new(own, done.clone()).start()).collect();
    for pinger in &*crowd {
        pinger.send(MeetAll(Arc::clone(&crowd))).await.expect(RUNS);
    }
    let play = async {
        crowd.iter().for_each(|pinger| pinger.do_send(Begin));
        done.opened().await;
    };
    script.play(play).await;
    for pinger in &*crowd {
        pinger.send(End).await.expect(RUNS);
    }
}

/// Has begun, and waits for messages that do not come.
struct Idle {
    begun: Latch,
    _state: UntilDropped,
}

impl Actor for Idle {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        self.begun.count_down();
    }
}

async fn spawn(actors: u64, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let mut addresses = Vec::new();
    let play = async {
        addresses = start_idle(actors, &begun, &gone);
        begun.opened().await;
    };
    script.play(play).await;
    drop(addresses);
    gone.opened().await;
}

async fn stop(actors: u64, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let addresses = start_idle(actors, &begun, &gone);
    begun.opened().await;
    let play = async {
        drop(addresses);
        gone.opened().await;
    };
    script.play(play).await;
}

fn start_idle(actors: u64, begun: &Latch, gone: &Latch) -> Vec<Addr<Idle>> {
    let start = |_| Idle { begun: begun.clone(), _state: UntilDropped(gone.clone()) }.start();
    (0..actors).map(start).collect()
}

/// Handles one message and stops.
struct Once {
    _state: UntilDropped,
}

struct Number(#[expect(dead_code, reason = "every message of a bench carries a number")] u64);

impl Message for Number {
    type Result = ();
}

impl Actor for Once {
    type Context = Context<Self>;
}

impl Handler<Number> for Once {
    type Result = ();

    fn handle(&mut self, _: Number, cx: &mut Context<Self>) {
        cx.stop();
    }
}

async fn fork_join(actors: u64, script: &Script) {
    let gone = Latch::new(actors);
    let play = async {
        for number in 0..actors {
            Once { _state: UntilDropped(gone.clone()) }.start().do_send(Number(number));
        }
        gone.opened().await;
    };
    script.play(play).await;
}

/// Why a send cannot fail here.
const RUNS: &str = "the actor runs";
