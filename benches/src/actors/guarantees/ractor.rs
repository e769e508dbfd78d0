//! ractor's actors of the tests: a clerk, and a parent that goes on whatever happens to it.

use super::journal::{CLEAN_UP, CLEANED_UP, Journal};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};

/// Notes what it is told.
pub(super) struct Clerk;

pub(super) enum Order {
    Note(u64),
    /// Is noted, and answered with the number.
    Asked(u64, RpcReplyPort<u64>),
    /// Drops the way back.
    Forget(#[expect(dead_code, reason = "it is dropped unsent")] RpcReplyPort<u64>),
    Panic,
    PanicAsked(#[expect(dead_code, reason = "it is dropped unsent")] RpcReplyPort<u64>),
}

impl Actor for Clerk {
    type Msg = Order;
    type State = Journal;
    type Arguments = Journal;

    async fn pre_start(&self, _: ActorRef<Order>, journal: Journal) -> Result<Journal, ActorProcessingErr> {
        Ok(journal)
    }

    async fn handle(
        &self,
        _: ActorRef<Order>,
        order: Order,
        journal: &mut Journal,
    ) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Note(number) => journal.note(number),
            Order::Asked(number, reply) => {
                journal.note(number);
                let _ = reply.send(number);
            }
            Order::Forget(_) => {}
            Order::Panic | Order::PanicAsked(_) => panic!("as told"),
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Order>, journal: &mut Journal) -> Result<(), ActorProcessingErr> {
        tokio::time::sleep(CLEAN_UP).await;
        journal.note(CLEANED_UP);
        Ok(())
    }
}

/// Hears of its children's ends, and does not end with them.
pub(super) struct Parent;

impl Actor for Parent {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        _: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// A parent and its clerk.
pub(super) async fn supervised(journal: &Journal) -> (ActorRef<()>, ActorRef<Order>) {
    let (parent, _) = Actor::spawn(None, Parent, ()).await.unwrap();
    let (clerk, _) = Actor::spawn_linked(None, Clerk, journal.clone(), parent.get_cell()).await.unwrap();
    (parent, clerk)
}
