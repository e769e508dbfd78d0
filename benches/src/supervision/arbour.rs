//! Arbour's rows.

use super::plan::{Laps, Plan, Word};
use super::tree::WIDTH;
use arbour::{
    Actor, ActorSpec, Backoff, ChildSpec, Context, Failure, Redelivery, RestartLimit, Strategy, Supervisor,
    SupervisorBuilder, stopping,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

pub(super) fn crashing(plan: Arc<Plan>) -> BoxFuture<'static, ()> {
    let (restarts, period) = plan.limit();
    let mut children = Supervisor::builder("crashing")
        .limit(RestartLimit::new(restarts, period).expect("an hour is a period"));
    if plan.siblings > 0 {
        children = children.strategy(Strategy::OneForAll).stop_together();
    }
    for number in 0..plan.siblings {
        children = children.child(idle(format!("sibling {number}")));
    }
    let crashes = Arc::clone(&plan);
    let child = ChildSpec::new("child", move |_| {
        let plan = Arc::clone(&crashes);
        async move {
            plan.run().await?;
            stay().await
        }
    });
    run(children.child(child.backoff(Backoff::none())), async move { plan.over.notified().await }).boxed()
}

/// Runs the supervisor until the other future is over.
async fn run(children: SupervisorBuilder, over: impl Future<Output = ()> + Send) {
    let supervisor = children.build().expect("no name is taken twice");
    let handle = supervisor.handle();
    let stop = async move {
        over.await;
        handle.request_stop();
    };
    let (ended, ()) = tokio::join!(supervisor.run(), stop);
    ended.expect("the limit is never reached");
}

fn idle(name: String) -> ChildSpec {
    ChildSpec::new(name, |_| stay())
}

async fn stay() -> Result<(), Failure> {
    stopping().await;
    Ok(())
}

struct Served(Arc<Laps>);

impl Actor for Served {
    type Message = Word;

    async fn handle(&mut self, word: Word, _: &mut Context<Self>) -> Result<(), Failure> {
        self.0.hear(word);
        Ok(())
    }
}

pub(super) fn recovering(laps: Arc<Laps>, panics: usize) -> BoxFuture<'static, ()> {
    let served = Arc::clone(&laps);
    let actor = ActorSpec::new("served", move || Served(Arc::clone(&served)));
    let (address, child) = actor.redelivery(Redelivery::none()).build();
    let limit = RestartLimit::new(u32::MAX, Duration::from_secs(3_600)).expect("an hour is a period");
    let children = Supervisor::builder("app").limit(limit).child(child.backoff(Backoff::none()));
    let over = async move {
        for _ in 0..panics {
            address.tell(Word::Crash).await.expect("the slot stays");
            address.tell(Word::Next).await.expect("the slot stays");
            laps.next.notified().await;
        }
    };
    run(children, over).boxed()
}

pub(super) fn tree() -> BoxFuture<'static, ()> {
    let up = Arc::new(Notify::new());
    let mut root = Supervisor::builder("root");
    for number in 0..WIDTH {
        let name: Arc<str> = format!("middle {number}").into();
        let middle = Arc::clone(&name);
        root = root.child(ChildSpec::supervisor(name, move || branch(Arc::clone(&middle)).build()));
    }
    // Started last, so that it runs when all the others are ready.
    let last = Arc::clone(&up);
    let root = root.child(ChildSpec::new("last", move |_| {
        last.notify_one();
        stay()
    }));
    run(root, async move { up.notified().await }).boxed()
}

fn branch(name: Arc<str>) -> SupervisorBuilder {
    (0..WIDTH).fold(Supervisor::builder(name), |branch, leaf| branch.child(idle(format!("leaf {leaf}"))))
}
