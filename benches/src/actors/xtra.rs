//! xtra's rows. Its mailboxes are heaps by priority, and do not keep the order of what is sent.

use super::latch::{Latch, UntilDropped};
use super::row::Play;
use super::scenario::{CROWD, HOPS, Lots, NUMBERS, PINGS, PRODUCERS, RING, Scenario, TRIPS, sum};
use super::script::Script;
use std::sync::Arc;
use tokio::task::{JoinSet, yield_now};
use xtra::{Actor, Address, Context, Handler, Mailbox, spawn_tokio};

pub(super) fn unbounded(scenario: Scenario) -> Play {
    Play::in_tasks("xtra", move |script| play(scenario, script, None))
}

/// As many messages as our mailboxes hold.
pub(super) fn of_64(scenario: Scenario) -> Play {
    Play::in_tasks("xtra 64", move |script| play(scenario, script, Some(64)))
}

async fn play(scenario: Scenario, script: Arc<Script>, mailbox: Option<usize>) {
    match scenario {
        Scenario::PingPong => ring(&script, mailbox, 2, 2 * TRIPS).await,
        Scenario::Ask => ask(&script, mailbox).await,
        Scenario::Count => count(&script, mailbox).await,
        Scenario::FanIn => fan_in(&script, mailbox).await,
        Scenario::ThreadRing => ring(&script, mailbox, RING, HOPS).await,
        Scenario::Big => big(&script, mailbox).await,
        Scenario::Spawn(actors) => spawn(actors, &script, mailbox).await,
        Scenario::Stop(actors) => stop(actors, &script, mailbox).await,
        Scenario::ForkJoin(actors) => fork_join(actors, &script, mailbox).await,
    }
}

/// Ends an actor: in a ring each holds the address of the next, and none would end by itself.
struct End;

/// Takes the token on.
struct Member {
    next: Option<Address<Self>>,
    done: Latch,
}

struct Meet(Address<Member>);

struct Token(u64);

impl Actor for Member {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Meet> for Member {
    type Return = ();

    async fn handle(&mut self, Meet(neighbour): Meet, _: &mut Context<Self>) {
        self.next = Some(neighbour);
    }
}

impl Handler<Token> for Member {
    type Return = ();

    async fn handle(&mut self, Token(left): Token, _: &mut Context<Self>) {
        if left == 0 {
            self.done.count_down();
        } else {
            tell(self.next.as_ref().expect("it met its neighbour"), Token(left - 1)).await;
        }
    }
}

impl Handler<End> for Member {
    type Return = ();

    async fn handle(&mut self, _: End, cx: &mut Context<Self>) {
        cx.stop_self();
    }
}

async fn ring(script: &Script, mailbox: Option<usize>, members: usize, hops: u64) {
    let done = Latch::new(1);
    let start = |_| start(Member { next: None, done: done.clone() }, mailbox);
    let ring: Vec<_> = (0..members).map(start).collect();
    for (place, member) in ring.iter().enumerate() {
        member.send(Meet(ring[(place + 1) % members].clone())).await.expect(RUNS);
    }
    let play = async {
        tell(&ring[0], Token(hops)).await;
        done.opened().await;
    };
    script.play(play).await;
    for member in &ring {
        member.send(End).await.expect(RUNS);
    }
}

struct Counter {
    total: u64,
}

struct Add(u64);

struct Total;

impl Actor for Counter {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Add> for Counter {
    type Return = ();

    async fn handle(&mut self, Add(number): Add, _: &mut Context<Self>) {
        self.total += number;
    }
}

impl Handler<Total> for Counter {
    type Return = u64;

    async fn handle(&mut self, _: Total, _: &mut Context<Self>) -> u64 {
        self.total
    }
}

async fn ask(script: &Script, mailbox: Option<usize>) {
    let counter = start(Counter { total: 0 }, mailbox);
    let play = async {
        for _ in 0..TRIPS {
            assert_eq!(counter.send(Total).await, Ok(0));
        }
    };
    script.play(play).await;
}

async fn count(script: &Script, mailbox: Option<usize>) {
    let counter = start(Counter { total: 0 }, mailbox);
    let play = async {
        produce(counter.clone(), NUMBERS).await;
        wait_for_total(&counter, sum(1)).await;
    };
    script.play(play).await;
}

async fn fan_in(script: &Script, mailbox: Option<usize>) {
    let counter = start(Counter { total: 0 }, mailbox);
    let play = async {
        let producers = (0..PRODUCERS).map(|_| produce(counter.clone(), NUMBERS / PRODUCERS));
        producers.collect::<JoinSet<()>>().join_all().await;
        wait_for_total(&counter, sum(PRODUCERS)).await;
    };
    script.play(play).await;
}

async fn produce(counter: Address<Counter>, numbers: u64) {
    for number in 0..numbers {
        tell(&counter, Add(number)).await;
    }
}

/// The question overtakes numbers that were told before it.
async fn wait_for_total(counter: &Address<Counter>, total: u64) {
    while counter.send(Total).await != Ok(total) {
        yield_now().await;
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

struct MeetAll(Arc<[Address<Pinger>]>);

struct Begin;

struct Ping(usize);

struct Pong;

impl Pinger {
    fn new(own: usize, done: Latch) -> Self {
        Self { own, lots: Lots::of(own), left: PINGS, peers: Arc::from([]), done }
    }

    async fn ping(&mut self) {
        tell(&self.peers[self.lots.draw()], Ping(self.own)).await;
    }
}

impl Actor for Pinger {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<MeetAll> for Pinger {
    type Return = ();

    async fn handle(&mut self, MeetAll(all): MeetAll, _: &mut Context<Self>) {
        self.peers = all;
    }
}

impl Handler<Begin> for Pinger {
    type Return = ();

    async fn handle(&mut self, _: Begin, _: &mut Context<Self>) {
        self.ping().await;
    }
}

impl Handler<Ping> for Pinger {
    type Return = ();

    async fn handle(&mut self, Ping(from): Ping, _: &mut Context<Self>) {
        tell(&self.peers[from], Pong).await;
    }
}

impl Handler<Pong> for Pinger {
    type Return = ();

    async fn handle(&mut self, _: Pong, _: &mut Context<Self>) {
        if self.left == 1 {
            self.done.count_down();
        } else {
            self.left -= 1;
            self.ping().await;
        }
    }
}

impl Handler<End> for Pinger {
    type Return = ();

    async fn handle(&mut self, _: End, cx: &mut Context<Self>) {
        cx.stop_self();
    }
}

async fn big(script: &Script, mailbox: Option<usize>) {
    let done = Latch::new(CROWD as u64);
    let crowd: Arc<[_]> = (0..CROWD).map(|own| start(Pinger::new(own, done.clone()), mailbox)).collect();
    for pinger in &*crowd {
        pinger.send(MeetAll(Arc::clone(&crowd))).await.expect(RUNS);
    }
    let play = async {
        for pinger in &*crowd {
            tell(pinger, Begin).await;
        }
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
    type Stop = ();

    async fn started(&mut self, _: &Mailbox<Self>) -> Result<(), ()> {
        self.begun.count_down();
        Ok(())
    }

    async fn stopped(self) {}
}

async fn spawn(actors: u64, script: &Script, mailbox: Option<usize>) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let mut addresses = Vec::new();
    let play = async {
        addresses = start_idle(actors, mailbox, &begun, &gone);
        begun.opened().await;
    };
    script.play(play).await;
    drop(addresses);
    gone.opened().await;
}

async fn stop(actors: u64, script: &Script, mailbox: Option<usize>) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let addresses = start_idle(actors, mailbox, &begun, &gone);
    begun.opened().await;
    let play = async {
        drop(addresses);
        gone.opened().await;
    };
    script.play(play).await;
}

fn start_idle(actors: u64, mailbox: Option<usize>, begun: &Latch, gone: &Latch) -> Vec<Address<Idle>> {
    let start = |_| start(Idle { begun: begun.clone(), _state: UntilDropped(gone.clone()) }, mailbox);
    (0..actors).map(start).collect()
}

/// Handles one message and stops.
struct Once {
    _state: UntilDropped,
}

struct Number(#[expect(dead_code, reason = "every message of a bench carries a number")] u64);

impl Actor for Once {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Number> for Once {
    type Return = ();

    async fn handle(&mut self, _: Number, cx: &mut Context<Self>) {
        cx.stop_self();
    }
}

async fn fork_join(actors: u64, script: &Script, mailbox: Option<usize>) {
    let gone = Latch::new(actors);
    let play = async {
        for number in 0..actors {
            let once = start(Once { _state: UntilDropped(gone.clone()) }, mailbox);
            tell(&once, Number(number)).await;
        }
        gone.opened().await;
    };
    script.play(play).await;
}

fn start<A: Actor<Stop = ()>>(actor: A, mailbox: Option<usize>) -> Address<A> {
    spawn_tokio(actor, mailbox.map_or_else(Mailbox::unbounded, Mailbox::bounded))
}

/// Waits until the message is in the mailbox, not for what its handler returns.
async fn tell<A: Handler<M>, M: Send + 'static>(address: &Address<A>, message: M) {
    drop(address.send(message).detach().await.expect(RUNS));
}

/// Why a send cannot fail here.
const RUNS: &str = "the actor runs";
