//! What these tests share: their turns, children that crash in waves, what must hold after a storm.

use arbour::stream::BroadcastRecvError;
use arbour::testing::{block_on, living_scopes};
use arbour::{
    Backoff, ChildSpec, Failure, Happened, RestartLimit, SlotState, SupervisionEvent, Supervisor,
    SupervisorBuilder, SupervisorError, SupervisorHandle, SupervisorSnapshot, defer, race, stopping,
    task_group, tasks,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

pub(crate) const PLANNED: &str = "a planned crash";

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Runs one storm at a time. At its end no scope and no task is left in the process.
pub(crate) fn alone<T>(storm: impl FnOnce() -> T) -> T {
    static TURNS: Mutex<()> = Mutex::new(());
    let _turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    hush();
    let output = storm();
    assert_eq!(living_scopes(), 0, "scopes are left:\n{}", tasks());
    output
}

/// Runs one storm at a time, in paused time.
pub(crate) fn in_turn<T>(storm: impl Future<Output = T>) -> T {
    alone(|| block_on(storm))
}

/// The planned panics are not printed: thousands of them would hide what matters.
fn hush() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let is_planned = info.payload().is::<super::callbacks::Spiteful>()
                || info.payload_as_str().is_some_and(|said| said.starts_with(PLANNED));
            if !is_planned {
                print(info);
            }
        }));
    });
}

/// Restarts without limit and without delay.
pub(crate) fn endless() -> SupervisorBuilder {
    Supervisor::builder("app").limit(RestartLimit::new(u32::MAX, ms(1)).unwrap())
}

/// What all children of a storm see: the wave that is due, and how many of their runs live.
#[derive(Clone)]
pub(crate) struct Weather {
    wave: watch::Sender<u64>,
    living: Arc<AtomicU64>,
}

/// One run: counted until its clean-up is over.
struct Life(Arc<AtomicU64>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Weather {
    pub(crate) fn fair() -> Self {
        Self { wave: watch::Sender::new(0), living: Arc::default() }
    }

    /// Whoever runs now crashes, once.
    pub(crate) fn rise(&self) {
        self.wave.send_modify(|wave| *wave += 1);
    }

    pub(crate) fn living(&self) -> u64 {
        self.living.load(Relaxed)
    }

    /// A child that crashes with the next wave, one with an odd number by a panic. It cleans up with an await.
    pub(crate) fn child(&self, number: usize) -> ChildSpec {
        self.shaky(number, |_| false)
    }

    /// One that also crashes at once in the runs for which `falls`.
    pub(crate) fn shaky(&self, number: usize, falls: fn(u64) -> bool) -> ChildSpec {
        let weather = self.clone();
        let spec = ChildSpec::new(name(number), move |cx| {
            let (mut waves, falls) = (weather.wave.subscribe(), falls(cx.incarnation()));
            weather.living.fetch_add(1, Relaxed);
            let life = Life(Arc::clone(&weather.living));
            async move {
                defer(async move {
                    tokio::task::yield_now().await;
                    drop(life);
                });
                let asked = async {
                    stopping().await;
                    true
                };
                let hit = async {
                    if !falls {
                        waves.changed().await.unwrap();
                    }
                    false
                };
                match race!(biased; asked, hit).value {
                    true => Ok(()),
                    false if number.is_multiple_of(2) => Err(Failure::message(PLANNED)),
                    false => panic!("{PLANNED}"),
                }
            }
        });
        spec.backoff(Backoff::none())
    }
}

/// Runs until it is asked to stop.
pub(crate) async fn until_asked() -> Result<(), Failure> {
    stopping().await;
    Ok(())
}

fn name(number: usize) -> String {
    format!("child {number}")
}

/// What is known of the children from the events alone; it refuses what cannot follow.
struct Ledger {
    slots: HashMap<String, Told>,
    /// Whether each child is started when those before it are ready and those after it are gone.
    in_order: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Told {
    incarnation: u64,
    alive: bool,
    ready: bool,
}

impl Ledger {
    fn hear(&mut self, event: &SupervisionEvent) {
        let Some(child) = &event.child else { return };
        let number = event.incarnation.number();
        if event.happened == Happened::Started && self.in_order {
            self.audit_order(child);
        }
        let slot = self.slots.entry(child.to_string()).or_default();
        let (before, run) = (*slot, Told { incarnation: number, alive: true, ready: false });
        let expected = match event.happened {
            Happened::Started => Told { incarnation: number - 1, alive: false, ready: false },
            Happened::Ready => run,
            Happened::Ended(_) | Happened::Stopped(_) => Told { ready: before.ready, ..run },
            _ => return,
        };
        assert_eq!(before, expected, "before: {event}");
        *slot = match event.happened {
            Happened::Started => run,
            Happened::Ready => Told { ready: true, ..run },
            _ => Told { alive: false, ..run },
        };
    }

    fn audit_order(&self, started: &str) {
        let number = |name: &str| name.trim_start_matches("child ").parse::<usize>().unwrap();
        let place = number(started);
        for (name, told) in &self.slots {
            let fits = match number(name) {
                before if before < place => told.ready,
                after if after > place => !told.alive,
                _ => true,
            };
            assert!(fits, "{name} is {told:?} when {started} is started");
        }
    }
}

/// Runs the supervisor beside `body`, hears each event, and asks for the end; what was told at last must be true.
pub(crate) async fn weathers<T>(
    app: SupervisorBuilder,
    in_order: bool,
    body: impl AsyncFnOnce(SupervisorHandle) -> T,
) -> (T, Result<(), SupervisorError>) {
    let app = app.build().unwrap();
    let (handle, mut events) = (app.handle(), app.handle().events());
    let outcome = task_group(async move |group| {
        let listening = group.spawn_value(async move {
            let mut ledger = Ledger { slots: HashMap::new(), in_order };
            loop {
                match events.recv().await {
                    Ok(event) => ledger.hear(&event),
                    Err(BroadcastRecvError::EndOfStream) => return ledger,
                    Err(lost) => panic!("{lost}"),
                }
                // What is there costs no unit, so it keeps pace with a thousand children.
                while let Ok(event) = events.try_recv() {
                    ledger.hear(&event);
                }
            }
        });
        let running = group.spawn_value(app.run());
        let output = body(handle.clone()).await;
        handle.request_stop();
        let outcome = running.await.unwrap();
        let ledger = listening.await.unwrap();
        for child in handle.snapshot().await.children {
            let told = ledger.slots.get(&child.id).copied().unwrap_or_default();
            assert_eq!((told.incarnation, told.alive), (child.incarnation, false), "{}", child.id);
        }
        (output, outcome)
    });
    outcome.await.unwrap()
}

/// Lets every task come to rest: in paused time the clock moves only when all of them wait.
pub(crate) async fn settle() {
    tokio::time::sleep(ms(1)).await;
}

#[track_caller]
pub(crate) fn assert_all_run(tree: &SupervisorSnapshot, children: usize) {
    assert_eq!(tree.children.len(), children);
    for child in &tree.children {
        assert!(matches!(child.state, SlotState::Running { .. }), "{}: {:?}", child.id, child.state);
    }
}
