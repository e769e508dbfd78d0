//! The actors of these programs: a child that notes what happens to it, and a supervisor per strategy.

use super::Journal;
use kameo::Actor;
use kameo::actor::{ActorRef, WeakActorRef};
use kameo::error::{ActorStopReason, Infallible};
use kameo::message::{Context, Message};
use kameo::supervision::SupervisionStrategy;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Notes `+name` when it has started and `-name` when its stop hook is over.
#[derive(Debug, Clone)]
pub(super) struct Child {
    pub(super) name: &'static str,
    pub(super) journal: Journal,
    pub(super) start: Duration,
    pub(super) stop: Duration,
}

impl Child {
    pub(super) fn new(name: &'static str, journal: &Journal) -> Self {
        Self { name, journal: journal.clone(), start: Duration::ZERO, stop: Duration::ZERO }
    }
}

impl Actor for Child {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(child: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        sleep(child.start).await;
        child.journal.note(format_args!("+{}", child.name));
        Ok(child)
    }

    async fn on_stop(&mut self, _: WeakActorRef<Self>, _: ActorStopReason) -> Result<(), Infallible> {
        sleep(self.stop).await;
        self.journal.note(format_args!("-{}", self.name));
        Ok(())
    }
}

/// Panics.
#[derive(Debug)]
pub(super) struct Crash;

impl Message<Crash> for Child {
    type Reply = ();

    async fn handle(&mut self, _: Crash, _: &mut Context<Self, ()>) {
        panic!("as told")
    }
}

/// Is answered.
#[derive(Debug)]
pub(super) struct Ping;

impl Message<Ping> for Child {
    type Reply = ();

    async fn handle(&mut self, _: Ping, _: &mut Context<Self, ()>) {}
}

pub(super) const NONE: &str = "none within an hour";

/// What becomes of an ask.
pub(super) async fn asked_for_an_hour(child: &ActorRef<Child>) -> &'static str {
    match timeout(Duration::from_secs(3_600), async { child.ask(Ping).await.is_ok() }).await {
        Ok(true) => "given",
        Ok(false) => "an error",
        Err(_) => NONE,
    }
}

/// Takes so long.
#[derive(Debug)]
pub(super) struct Slow(pub(super) Duration);

impl Message<Slow> for Child {
    type Reply = ();

    async fn handle(&mut self, Slow(time): Slow, _: &mut Context<Self, ()>) {
        sleep(time).await;
    }
}

macro_rules! supervisors {
    ($($strategy:ident),*) => {$(
        /// A supervisor of this strategy.
        #[derive(Debug)]
        pub(super) struct $strategy;

        impl Actor for $strategy {
            type Args = ();
            type Error = Infallible;

            fn supervision_strategy() -> SupervisionStrategy {
                SupervisionStrategy::$strategy
            }

            async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
                Ok(Self)
            }
        }
    )*};
}

supervisors!(OneForOne, OneForAll, RestForOne);
