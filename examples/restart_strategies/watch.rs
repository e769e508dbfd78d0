//! Watches a supervisor: each event as a line with its time, the tree whenever it is another.

use arbour::stream::BroadcastReceiver;
use arbour::{Happened, SlotState, SupervisionEvent, SupervisorHandle};
use std::fmt::Write;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What happens at one moment belongs together: the tree is drawn when it is over.
const MOMENT: Duration = Duration::from_millis(1);

/// Stops the supervisor when everybody is up again after a failure; then it waits for the end.
pub(crate) async fn until_restored(
    shop: &SupervisorHandle,
    mut events: BroadcastReceiver<SupervisionEvent>,
) -> String {
    let mut seen = Seen::new();
    while let Ok(event) = events.recv().await {
        seen.event(&event);
        sleep(MOMENT).await;
        while let Ok(event) = events.try_recv() {
            seen.event(&event);
        }
        seen.tree(shop).await;
        if seen.is_restored {
            shop.request_stop();
        }
    }
    seen.text
}

struct Seen {
    began: Instant,
    text: String,
    tree: String,
    has_failed: bool,
    is_restored: bool,
}

impl Seen {
    fn new() -> Self {
        let (text, tree) = (String::new(), String::new());
        Self { began: Instant::now(), text, tree, has_failed: false, is_restored: false }
    }

    fn event(&mut self, event: &SupervisionEvent) {
        self.has_failed |= matches!(event.happened, Happened::Ended(_));
        let at = event.at.saturating_duration_since(self.began.into_std()).as_millis();
        let _ = writeln!(self.text, "{at:>4} ms  {event}");
    }

    /// Draws the tree, unless it is as it was.
    async fn tree(&mut self, shop: &SupervisorHandle) {
        let snapshot = shop.snapshot().await;
        let is_up = |state| matches!(state, SlotState::Running { .. });
        self.is_restored = self.has_failed && snapshot.children.iter().all(|child| is_up(child.state));
        let tree = snapshot.to_string();
        if tree != self.tree {
            for line in tree.lines() {
                let _ = writeln!(self.text, "         {line}");
            }
            self.tree = tree;
        }
    }
}
