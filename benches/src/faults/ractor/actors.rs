//! The actors of these programs: a child that does as it is told, and a parent that goes on whatever happens to it.

use super::Journal;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// Notes its messages, and when it has stopped.
#[derive(Debug)]
pub(super) struct Child(pub(super) Journal);

#[derive(Debug)]
pub(super) enum Order {
    Note,
    Slow(Duration),
    /// Works without an await until it is told to go on, half a second at most.
    Work {
        begun: oneshot::Sender<()>,
        go_on: mpsc::Receiver<()>,
    },
    Panic,
}

impl Actor for Child {
    type Msg = Order;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Order>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Order>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        self.0.note("post_stop");
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Order>, order: Order, (): &mut ()) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Note => {}
            Order::Slow(time) => sleep(time).await,
            Order::Work { begun, go_on } => {
                let _ = begun.send(());
                let _ = go_on.recv_timeout(Duration::from_millis(500));
            }
            Order::Panic => panic!("as told"),
        }
        self.0.note("handled");
        Ok(())
    }
}

/// Hears of its children's ends, and does not end with them.
#[derive(Debug)]
pub(super) struct Parent(pub(super) Journal);

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
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if matches!(event, SupervisionEvent::ActorFailed(..)) {
            self.0.note("heard");
        }
        Ok(())
    }
}
