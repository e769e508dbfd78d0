//! tokio's rows: an actor written by hand is a task that owns a bounded mpsc receiver; replies come by oneshot.

use super::latch::{Latch, UntilDropped};
use super::row::Play;
use super::scenario::{CROWD, HOPS, Lots, NUMBERS, PINGS, PRODUCERS, RING, Scenario, TRIPS, sum};
use super::script::Script;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

pub(super) fn of_1024(scenario: Scenario) -> Play {
    Play::in_tasks("tokio 1024", move |script| play(scenario, script, 1024))
}

/// As many messages as our mailboxes hold.
pub(super) fn of_64(scenario: Scenario) -> Play {
    Play::in_tasks("tokio 64", move |script| play(scenario, script, 64))
}

async fn play(scenario: Scenario, script: Arc<Script>, mailbox: usize) {
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

enum Hop {
    Meet(mpsc::Sender<Self>),
    Token(u64),
}

/// Takes the token on.
async fn member(mut mailbox: mpsc::Receiver<Hop>, done: Latch) {
    let mut next = None;
    while let Some(hop) = mailbox.recv().await {
        match hop {
            Hop::Meet(neighbour) => next = Some(neighbour),
            Hop::Token(0) => done.count_down(),
            Hop::Token(left) => {
                tell(next.as_ref().expect("it met its neighbour"), Hop::Token(left - 1)).await
            }
        }
    }
}

async fn ring(script: &Script, mailbox: usize, members: usize, hops: u64) {
    let done = Latch::new(1);
    let mut actors = JoinSet::new();
    let ring = start(&mut actors, members, mailbox, |_, rx| member(rx, done.clone()));
    for (place, member) in ring.iter().enumerate() {
        tell(member, Hop::Meet(ring[(place + 1) % members].clone())).await;
    }
    let play = async {
        tell(&ring[0], Hop::Token(hops)).await;
        done.opened().await;
    };
    script.play(play).await;
}

enum Counting {
    Add(u64),
    Total(oneshot::Sender<u64>),
}

async fn counter(mut mailbox: mpsc::Receiver<Counting>) {
    let mut total = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            Counting::Add(number) => total += number,
            Counting::Total(reply) => reply.send(total).expect("the asker waits"),
        }
    }
}

async fn total(counter: &mpsc::Sender<Counting>) -> u64 {
    let (reply, total) = oneshot::channel();
    tell(counter, Counting::Total(reply)).await;
    total.await.expect("the actor runs")
}

async fn ask(script: &Script, mailbox: usize) {
    let mut actors = JoinSet::new();
    let counter = &start(&mut actors, 1, mailbox, |_, rx| counter(rx))[0];
    let play = async {
        for _ in 0..TRIPS {
            assert_eq!(total(counter).await, 0);
        }
    };
    script.play(play).await;
}

async fn count(script: &Script, mailbox: usize) {
    let mut actors = JoinSet::new();
    let counter = &start(&mut actors, 1, mailbox, |_, rx| counter(rx))[0];
    let play = async {
        produce(counter.clone(), NUMBERS).await;
        assert_eq!(total(counter).await, sum(1));
    };
    script.play(play).await;
}

async fn fan_in(script: &Script, mailbox: usize) {
    let mut actors = JoinSet::new();
    let counter = &start(&mut actors, 1, mailbox, |_, rx| counter(rx))[0];
    let play = async {
        let producers = (0..PRODUCERS).map(|_| produce(counter.clone(), NUMBERS / PRODUCERS));
        producers.collect::<JoinSet<()>>().join_all().await;
        assert_eq!(total(counter).await, sum(PRODUCERS));
    };
    script.play(play).await;
}

async fn produce(counter: mpsc::Sender<Counting>, numbers: u64) {
    for number in 0..numbers {
        tell(&counter, Counting::Add(number)).await;
    }
}

enum Ball {
    Meet(Arc<[mpsc::Sender<Self>]>),
    Begin,
    Ping(usize),
    Pong,
}

/// Pings others and answers their pings.
async fn pinger(own: usize, mut mailbox: mpsc::Receiver<Ball>, done: Latch) {
    let (mut lots, mut left, mut peers) = (Lots::of(own), PINGS, Arc::from([]));
    while let Some(ball) = mailbox.recv().await {
        match ball {
            Ball::Meet(all) => peers = all,
            Ball::Ping(from) => tell(&peers[from], Ball::Pong).await,
            Ball::Pong if left == 1 => done.count_down(),
            Ball::Begin => tell(&peers[lots.draw()], Ball::Ping(own)).await,
            Ball::Pong => {
                left -= 1;
                tell(&peers[lots.draw()], Ball::Ping(own)).await;
            }
        }
    }
}

async fn big(script: &Script, mailbox: usize) {
    let done = Latch::new(CROWD as u64);
    let mut actors = JoinSet::new();
    let crowd = start(&mut actors, CROWD, mailbox, |own, rx| pinger(own, rx, done.clone()));
    let crowd: Arc<[mpsc::Sender<Ball>]> = crowd.into();
    for pinger in &*crowd {
        tell(pinger, Ball::Meet(Arc::clone(&crowd))).await;
    }
    let play = async {
        for pinger in &*crowd {
            tell(pinger, Ball::Begin).await;
        }
        done.opened().await;
    };
    script.play(play).await;
}

/// Has begun, and waits for messages that do not come.
async fn idle(mut mailbox: mpsc::Receiver<u64>, begun: Latch, _state: UntilDropped) {
    begun.count_down();
    while mailbox.recv().await.is_some() {}
}

async fn spawn(actors: u64, script: &Script, mailbox: usize) {
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

async fn stop(actors: u64, script: &Script, mailbox: usize) {
    let (begun, gone) = (Latch::new(actors), Latch::new(actors));
    let addresses = start_idle(actors, mailbox, &begun, &gone);
    begun.opened().await;
    let play = async {
        drop(addresses);
        gone.opened().await;
    };
    script.play(play).await;
}

fn start_idle(actors: u64, mailbox: usize, begun: &Latch, gone: &Latch) -> Vec<mpsc::Sender<u64>> {
    let start = |_| {
        let (address, rx) = mpsc::channel(mailbox);
        tokio::spawn(idle(rx, begun.clone(), UntilDropped(gone.clone())));
        address
    };
    (0..actors).map(start).collect()
}

/// Handles one message and stops.
async fn once(mut mailbox: mpsc::Receiver<u64>, _state: UntilDropped) {
    mailbox.recv().await.expect("it is told something");
}

async fn fork_join(actors: u64, script: &Script, mailbox: usize) {
    let gone = Latch::new(actors);
    let play = async {
        for number in 0..actors {
            let (address, rx) = mpsc::channel(mailbox);
            tokio::spawn(once(rx, UntilDropped(gone.clone())));
            tell(&address, number).await;
        }
        gone.opened().await;
    };
    script.play(play).await;
}

async fn tell<M>(address: &mpsc::Sender<M>, message: M) {
    assert!(address.send(message).await.is_ok(), "the actor runs");
}

/// Starts so many actors. They are aborted with the set: in a ring, each holds the address of the next.
fn start<M, F>(
    actors: &mut JoinSet<()>,
    count: usize,
    mailbox: usize,
    actor: impl Fn(usize, mpsc::Receiver<M>) -> F,
) -> Vec<mpsc::Sender<M>>
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = |number| {
        let (address, rx) = mpsc::channel(mailbox);
        actors.spawn(actor(number, rx));
        address
    };
    (0..count).map(start).collect()
}
