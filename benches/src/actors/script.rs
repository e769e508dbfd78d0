//! When a system sets up its actors, when it plays the scenario, when it ends: only the play is under the clock.

use std::sync::Arc;
use tokio::sync::Notify;

/// What a system and the row that runs it tell each other.
#[derive(Debug, Default)]
pub(super) struct Script {
    ready: Notify,
    go: Notify,
    done: Notify,
    over: Notify,
}

impl Script {
    /// For the system: says that its actors stand, plays when it may, and returns when it may take them down.
    pub(super) async fn play(&self, scenario: impl Future<Output = ()>) {
        self.ready.notify_one();
        self.go.notified().await;
        scenario.await;
        self.done.notify_one();
        self.over.notified().await;
    }

    /// Until the actors of the system stand.
    pub(super) async fn set_up(self: Arc<Self>) {
        self.ready.notified().await;
    }

    /// Lets the system play, until it has.
    pub(super) async fn played(self: Arc<Self>) {
        self.go.notify_one();
        self.done.notified().await;
    }

    /// Lets the system take its actors down.
    pub(super) fn end(&self) {
        self.over.notify_one();
    }
}

/// Held by whoever runs the system: should it panic, nobody waits for its play.
pub(super) struct Released(pub(super) Arc<Script>);

impl Drop for Released {
    fn drop(&mut self) {
        self.0.ready.notify_one();
        self.0.done.notify_one();
    }
}
