//! ractor's rows. Its mailboxes are unbounded, and an actor ends when it is stopped, not with its last reference.

use super::latch::{Latch, UntilDropped};
use super::row::Play;
use super::scenario::{CROWD, HOPS, Lots, NUMBERS, PINGS, PRODUCERS, RING, Scenario, TRIPS, sum};
use super::script::Script;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use std::sync::Arc;
use tokio::task::JoinSet;

pub(super) fn unbounded(scenario: Scenario) -> Play {
    Play::in_tasks("ractor", move |script| play(scenario, script))
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
    done: Latch,
}

enum Hop {
    Meet(ActorRef<Self>),
    Token(u64),
}

impl Actor for Member {
    type Msg = Hop;
    type State = Option<ActorRef<Hop>>;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Hop>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        Ok(None)
    }

    async fn handle(
        &self,
        _: ActorRef<Hop>,
        hop: Hop,
        next: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match hop {
            Hop::Meet(neighbour) => *next = Some(neighbour),
            Hop::Token(0) => self.done.count_down(),
            Hop::Token(left) => next.as_ref().expect("it met its neighbour").cast(Hop::Token(left - 1))?,
        }
        Ok(())
    }
}

async fn ring(script: &Script, members: usize, hops: u64) {
    let done = Latch::new(1);
    let mut ring = Vec::new();
    for _ in 0..members {
        ring.push(start(Member { done: done.clone() }, ()).await);
    }
    for (place, member) in ring.iter().enumerate() {
        member.cast(Hop::Meet(ring[(place + 1) % members].clone())).expect(RUNS);
    }
    let play = async {
        ring[0].cast(Hop::Token(hops)).expect(RUNS);
        done.opened().await;
    };
    script.play(play).await;
    stop_all(&ring);
}

struct Counter;

enum Counting {
    Add(u64),
    Total(RpcReplyPort<u64>),
}

impl Actor for Counter {
    type Msg = Counting;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Counting>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Counting>,
        message: Counting,
        total: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Counting::Add(number) => *total += number,
            Counting::Total(reply) => reply.send(*total)?,
        }
        Ok(())
    }
}

async fn total(counter: &ActorRef<Counting>) -> u64 {
    counter.call(Counting::Total, None).await.expect(RUNS).unwrap()
}

async fn ask(script: &Script) {
    let counter = start(Counter, ()).await;
    let play = async {
        for _ in 0..TRIPS {
            assert_eq!(total(&counter).await, 0);
        }
    };
    script.play(play).await;
    counter.stop(None);
}

async fn count(script: &Script) {
    let counter = start(Counter, ()).await;
    let play = async {
        produce(counter.clone(), NUMBERS).await;
        assert_eq!(total(&counter).await, sum(1));
    };
    script.play(play).await;
    counter.stop(None);
}

async fn fan_in(script: &Script) {
    let counter = start(Counter, ()).await;
    let play = async {
        let producers = (0..PRODUCERS).map(|_| produce(counter.clone(), NUMBERS / PRODUCERS));
        producers.collect::<JoinSet<()>>().join_all().await;
        assert_eq!(total(&counter).await, sum(PRODUCERS));
    };
    script.play(play).await;
    counter.stop(None);
}

async fn produce(counter: ActorRef<Counting>, numbers: u64) {
    for number in 0..numbers {
        counter.cast(Counting::Add(number)).expect(RUNS);
    }
}

/// Pings others and answers their pings.
struct Pinger {
    own: usize,
    done: Latch,
}

struct Pinging {
    lots: Lots,
    left: u64,
    peers: Arc<[ActorRef<Ball>]>,
}

enum Ball {
    Meet(Arc<[ActorRef<Self>]>),
    Begin,
    Ping(usize),
    Pong,
}

impl Actor for Pinger {
    type Msg = Ball;
    type State = Pinging;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Ball>, (): ()) -> Result<Pinging, ActorProcessingErr> {
        Ok(Pinging { lots: Lots::of(self.own), left: PINGS, peers: Arc::from([]) })
    }

    async fn handle(
        &self,
        _: ActorRef<Ball>,
        ball: Ball,
        state: &mut Pinging,
    ) -> Result<(), ActorProcessingErr> {
        match ball {
            Ball::Meet(all) => state.peers = all,
            Ball::Ping(from) => state.peers[from].cast(Ball::Pong)?,
            Ball::Pong if state.left == 1 => self.done.count_down(),
            Ball::Begin => state.peers[state.lots.draw()].cast(Ball::Ping(self.own))?,
            Ball::Pong => {
                state.left -= 1;
                state.peers[state.lots.draw()].cast(Ball::Ping(self.own))?;
            }
        }
        Ok(())
    }
}

async fn big(script: &Script) {
    let done = Latch::new(CROWD as u64);
    let mut crowd = Vec::new();
    for own in 0..CROWD {
        crowd.push(start(Pinger { own, done: done.clone() }, ()).await);
    }
    let crowd: Arc<[ActorRef<Ball>]> = crowd.into();
    for pinger in &*crowd {
        pinger.cast(Ball::Meet(Arc::clone(&crowd))).expect(RUNS);
    }
    let play = async {
        for pinger in &*crowd {
            pinger.cast(Ball::Begin).expect(RUNS);
        }
        done.opened().await;
    };
    script.play(play).await;
    stop_all(&crowd);
}

/// Has begun, and waits for messages that do not come.
struct Idle;

impl Actor for Idle {
    type Msg = u64;
    type State = UntilDropped;
    type Arguments = (Latch, UntilDropped);

    async fn pre_start(
        &self,
        _: ActorRef<u64>,
        (begun, state): (Latch, UntilDropped),
    ) -> Result<UntilDropped, ActorProcessingErr> {
        begun.count_down();
        Ok(state)
    }
}

async fn spawn(actors: u64, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let mut references = Vec::new();
    let play = async {
        references = start_idle(actors, &begun, &gone).await;
        begun.opened().await;
    };
    script.play(play).await;
    stop_all(&references);
    gone.opened().await;
}

async fn stop(actors: u64, script: &Script) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let references = start_idle(actors, &begun, &gone).await;
    begun.opened().await;
    let play = async {
        stop_all(&references);
        gone.opened().await;
    };
    script.play(play).await;
}

async fn start_idle(actors: u64, begun: &Latch, gone: &Latch) -> Vec<ActorRef<u64>> {
    let mut references = Vec::with_capacity(actors as usize);
    for _ in 0..actors {
        references.push(start(Idle, (begun.clone(), UntilDropped(gone.clone()))).await);
    }
    references
}

/// Handles one message and stops.
struct Once;

impl Actor for Once {
    type Msg = u64;
    type State = UntilDropped;
    type Arguments = UntilDropped;

    async fn pre_start(
        &self,
        _: ActorRef<u64>,
        state: UntilDropped,
    ) -> Result<UntilDropped, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        own: ActorRef<u64>,
        _: u64,
        _: &mut UntilDropped,
    ) -> Result<(), ActorProcessingErr> {
        own.stop(None);
        Ok(())
    }
}

async fn fork_join(actors: u64, script: &Script) {
    let gone = Latch::new(actors);
    let play = async {
        for number in 0..actors {
            let once = start(Once, UntilDropped(gone.clone())).await;
            once.cast(number).expect(RUNS);
        }
        gone.opened().await;
    };
    script.play(play).await;
}

async fn start<A: Actor>(actor: A, arguments: A::Arguments) -> ActorRef<A::Msg> {
    let (actor, _) = Actor::spawn(None, actor, arguments).await.expect("it starts");
    actor
}

fn stop_all<M>(actors: &[ActorRef<M>]) {
    actors.iter().for_each(|actor| actor.stop(None));
}

/// Why a cast cannot fail here.
const RUNS: &str = "the actor runs";
