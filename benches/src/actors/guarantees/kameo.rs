//! kameo's actors of the tests: a clerk, and the supervisor that restarts it.

use super::journal::{CLEAN_UP, CLEANED_UP, Journal};
use kameo::Actor;
use kameo::actor::{ActorRef, Spawn, WeakActorRef};
use kameo::error::{ActorStopReason, Infallible};
use kameo::message::{Context, Message};

/// Notes what it is told.
#[derive(Clone)]
pub(super) struct Clerk {
    journal: Journal,
    noted: u64,
}

impl Clerk {
    pub(super) fn new(journal: &Journal) -> Self {
        Self { journal: journal.clone(), noted: 0 }
    }
}

impl Actor for Clerk {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(clerk: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(clerk)
    }

    async fn on_stop(&mut self, _: WeakActorRef<Self>, _: ActorStopReason) -> Result<(), Infallible> {
        tokio::time::sleep(CLEAN_UP).await;
        self.journal.note(CLEANED_UP);
        Ok(())
    }
}

#[derive(Debug)]
pub(super) struct Note(pub(super) u64);

impl Message<Note> for Clerk {
    type Reply = ();

    async fn handle(&mut self, Note(number): Note, _: &mut Context<Self, ()>) {
        self.noted += 1;
        self.journal.note(number);
    }
}

/// Asks how many this clerk has noted.
#[derive(Debug)]
pub(super) struct Noted;

impl Message<Noted> for Clerk {
    type Reply = u64;

    async fn handle(&mut self, _: Noted, _: &mut Context<Self, u64>) -> u64 {
        self.noted
    }
}

#[derive(Debug)]
pub(super) struct Panic;

impl Message<Panic> for Clerk {
    type Reply = ();

    async fn handle(&mut self, _: Panic, _: &mut Context<Self, ()>) {
        panic!("as told")
    }
}

#[derive(Debug)]
pub(super) struct End;

impl Message<End> for Clerk {
    type Reply = ();

    async fn handle(&mut self, _: End, cx: &mut Context<Self, ()>) {
        cx.stop();
    }
}

/// Restarts each child by itself, which is what it does when nothing is said.
pub(super) struct Parent;

impl Actor for Parent {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// A parent and its clerk, which has started.
pub(super) async fn supervised(journal: &Journal) -> (ActorRef<Parent>, ActorRef<Clerk>) {
    let parent = Parent::spawn(());
    let clerk = Clerk::supervise(&parent, Clerk::new(journal)).spawn().await;
    clerk.wait_for_startup().await;
    (parent, clerk)
}
