//! A slot holds no more after a million restarts than after ten thousand: counted in bytes that are allocated, and
//! in pages that the process has in memory, so this test has a process to itself.
//!
//! `cargo xtask stress` restarts a million times, in a build with optimisations; a test build thirty thousand times.
#![forbid(unsafe_code)]

use arbour::stream::{BroadcastReceiver, BroadcastRecvError};
use arbour::testing::living_scopes;
use arbour::{
    Actor, ActorSpec, Address, Backoff, Context, Failure, Happened, RestartLimit, SupervisionEvent,
    Supervisor, defer, task_group,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[global_allocator]
static ALLOCATED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RESTARTS: u64 = if cfg!(debug_assertions) { 30_000 } else { 1_000_000 };

/// By then every buffer has been full once.
const EARLY: u64 = 10_000;

/// So many bytes may come between, which is less than two for each of a million restarts.
const ALLOWED: usize = 1024 * 1024;

const PLANNED: &str = "a planned crash";

/// What the process holds at one moment.
#[derive(Debug, Clone, Copy)]
struct Held {
    heap: usize,
    /// Where the system tells it.
    resident: Option<usize>,
}

impl Held {
    fn now() -> Self {
        let stats = ALLOCATED.stats();
        Self { heap: stats.bytes_allocated - stats.bytes_deallocated, resident: resident() }
    }

    fn growth_since(self, early: Self) -> (usize, usize) {
        let pages = self.resident.zip(early.resident).map(|(now, then)| now.saturating_sub(then));
        (self.heap.saturating_sub(early.heap), pages.unwrap_or_default())
    }
}

fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    pages.split_whitespace().nth(1)?.parse::<usize>().ok().map(|pages| pages * 4096)
}

/// Crashes at its first message, every tenth time by a panic. It measures when it has been restarted often.
struct Crasher {
    finalized: Arc<AtomicU64>,
    measured: Arc<Mutex<Vec<Held>>>,
}

impl Actor for Crasher {
    type Message = u64;

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        let finalized = Arc::clone(&self.finalized);
        defer(async move {
            tokio::task::yield_now().await;
            finalized.fetch_add(1, Relaxed);
        });
        if [EARLY, RESTARTS].contains(&(cx.incarnation() - 1)) {
            self.measured.lock().unwrap().push(Held::now());
        }
        Ok(())
    }

    async fn handle(&mut self, number: u64, cx: &mut Context<Self>) -> Result<(), Failure> {
        assert_eq!(number, cx.incarnation(), "no message is lost or doubled");
        match cx.incarnation() {
            last if last > RESTARTS => Ok(()),
            tenth if tenth.is_multiple_of(10) => panic!("{PLANNED}"),
            _ => Err(Failure::message(PLANNED)),
        }
    }
}

/// Keeps the mailbox full: it sends one message for each run.
async fn feed(address: Address<Crasher>) {
    for number in 1..=RESTARTS + 1 {
        address.tell(number).await.unwrap();
    }
}

/// How many ends were told, those included that came too fast to be heard one by one.
async fn watch(mut events: BroadcastReceiver<SupervisionEvent>) -> (u64, u64) {
    let (mut ended, mut missed) = (0, 0);
    loop {
        match events.recv().await {
            Ok(event) => ended += u64::from(matches!(event.happened, Happened::Ended(_))),
            Err(BroadcastRecvError::Lagged { missed: more }) => missed += more,
            Err(_) => return (ended, missed),
        }
    }
}

/// The planned panics are not printed: thousands of them would hide what matters.
fn hush() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(PLANNED) {
            print(info);
        }
    }));
}

/// Restarts the slot so often, and tells what was held early and late.
async fn storm() -> Vec<Held> {
    let (finalized, measured) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (cleaned, seen) = (Arc::clone(&finalized), Arc::clone(&measured));
    let make = move || Crasher { finalized: Arc::clone(&cleaned), measured: Arc::clone(&seen) };
    let (address, child) = ActorSpec::new("crasher", make).build();
    let endless = RestartLimit::new(u32::MAX, Duration::from_millis(1)).unwrap();
    let app = Supervisor::builder("app").limit(endless).child(child.backoff(Backoff::none()));
    let app = app.build().unwrap();
    let handle = app.handle();
    let watched = task_group(async move |group| {
        let watching = group.spawn_value(watch(handle.events()));
        let mut running = group.task().name("app").spawn_value(app.run());
        feed(address).await;
        while handle.snapshot().await.restarts < RESTARTS {
            tokio::task::yield_now().await;
        }
        handle.request_stop();
        running.wait().await;
        running.await.unwrap().unwrap();
        watching.await.unwrap()
    });
    let (ended, missed) = watched.await.unwrap();
    assert!(ended <= RESTARTS && ended + missed >= RESTARTS, "{ended} ends, {missed} events missed");
    assert_eq!(finalized.load(Relaxed), RESTARTS + 1);
    measured.lock().unwrap().clone()
}

#[test]
fn a_slot_holds_no_more_after_a_million_restarts_than_after_ten_thousand() {
    hush();
    // In real time: while the clock stands still, the window of the limit could forget nothing.
    let threads = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let measured = threads.block_on(storm());
    let [early, late] = measured[..] else { panic!("measured {} times", measured.len()) };
    let (heap, pages) = late.growth_since(early);
    assert!(heap < ALLOWED && pages < ALLOWED, "{heap} bytes and {pages} of pages more: {early:?}, {late:?}");
    assert_eq!(living_scopes(), 0);
    assert_eq!(threads.metrics().num_alive_tasks(), 0);
}
