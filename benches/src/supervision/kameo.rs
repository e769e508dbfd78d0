//! kameo's rows.
//!
//! Its children are actors: one crashes when it handles a message, here one that it sends itself when it starts.

use super::plan::{Laps, Plan, Told, Word};
use super::tree::WIDTH;
use futures::FutureExt;
use futures::future::BoxFuture;
use kameo::Actor;
use kameo::actor::{ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};
use kameo::supervision::SupervisionStrategy;
use std::sync::Arc;
use std::time::Duration;

struct OneForOne;

impl Actor for OneForOne {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

struct OneForAll;

impl Actor for OneForAll {
    type Args = ();
    type Error = Infallible;

    fn supervision_strategy() -> SupervisionStrategy {
        SupervisionStrategy::OneForAll
    }

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

#[derive(Clone)]
struct Idle;

impl Actor for Idle {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(idle: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(idle)
    }
}

#[derive(Clone)]
struct Crashing(Arc<Plan>);

impl Actor for Crashing {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(child: Self, own: ActorRef<Self>) -> Result<Self, Infallible> {
        let _ = own.tell(Crash).try_send();
        Ok(child)
    }
}

struct Crash;

impl Message<Crash> for Crashing {
    type Reply = Result<(), Told>;

    async fn handle(&mut self, _: Crash, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        self.0.run().await
    }
}

pub(super) fn crashing(plan: Arc<Plan>) -> BoxFuture<'static, ()> {
    async move {
        if plan.siblings > 0 {
            supervise(OneForAll::spawn(()), plan).await
        } else {
            supervise(OneForOne::spawn(()), plan).await
        }
    }
    .boxed()
}

async fn supervise<S: Actor>(supervisor: ActorRef<S>, plan: Arc<Plan>) {
    let (restarts, period) = plan.limit();
    for _ in 0..plan.siblings {
        Idle::supervise(&supervisor, Idle).restart_limit(restarts, period).spawn().await;
    }
    let child = Crashing::supervise(&supervisor, Crashing(Arc::clone(&plan)));
    child.restart_limit(restarts, period).spawn().await;
    plan.over.notified().await;
    stop(&supervisor).await;
}

async fn stop<S: Actor>(supervisor: &ActorRef<S>) {
    supervisor.stop_gracefully().await.expect("the supervisor runs");
    supervisor.wait_for_shutdown().await;
}

#[derive(Clone)]
struct Served(Arc<Laps>);

impl Actor for Served {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(child: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(child)
    }
}

impl Message<Word> for Served {
    type Reply = ();

    async fn handle(&mut self, word: Word, _: &mut Context<Self, ()>) {
        self.0.hear(word);
    }
}

pub(super) fn recovering(laps: Arc<Laps>, panics: usize) -> BoxFuture<'static, ()> {
    async move {
        let supervisor = OneForOne::spawn(());
        let child = Served::supervise(&supervisor, Served(Arc::clone(&laps)));
        let child = child.restart_limit(u32::MAX, Duration::from_secs(3_600)).spawn().await;
        // What is told before the first start is over is lost with the first panic.
        child.wait_for_startup().await;
        for _ in 0..panics {
            child.tell(Word::Crash).await.expect("the mailbox stays");
            child.tell(Word::Next).await.expect("the mailbox stays");
            laps.next.notified().await;
        }
        stop(&supervisor).await;
    }
    .boxed()
}

/// The root of the tree.
struct Root;

impl Actor for Root {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), own: ActorRef<Self>) -> Result<Self, Infallible> {
        for _ in 0..WIDTH {
            let branch = Branch::supervise(&own, ()).spawn().await;
            branch.wait_for_startup().await;
        }
        Ok(Self)
    }
}

struct Branch;

impl Actor for Branch {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), own: ActorRef<Self>) -> Result<Self, Infallible> {
        for _ in 0..WIDTH {
            Idle::supervise(&own, Idle).spawn().await.wait_for_startup().await;
        }
        Ok(Self)
    }
}

pub(super) fn tree() -> BoxFuture<'static, ()> {
    async {
        let root = Root::spawn(());
        root.wait_for_startup().await;
        stop(&root).await;
    }
    .boxed()
}
