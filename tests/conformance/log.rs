//! What stands in the log while a case runs.

use crate::recorder::Recorder;
use std::sync::LazyLock;
use tracing::{Dispatch, Level};

/// While there is one subscriber only, a place that tells something asks the thread that came there first whether
/// anybody listens, and remembers the answer for all: a test beside this one would answer for it. With these there is
/// never one only.
static OTHERS: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [Level::ERROR; 2].map(|level| Dispatch::new(Recorder::new(level))));

/// What Arbour says while `body` runs, from this level on: `LEVEL text [fields]`.
pub(crate) async fn heard(level: Level, body: impl Future<Output = ()>) -> Vec<String> {
    LazyLock::force(&OTHERS);
    let recorder = Recorder::new(level);
    let events = recorder.events();
    let guard = tracing::subscriber::set_default(recorder);
    body.await;
    drop(guard);
    let events = events.lock().unwrap();
    let ours = events.iter().filter(|event| event.target.starts_with("arbour"));
    ours.map(|event| format!("{} {} [{}]", event.level, event.text, event.fields)).collect()
}
