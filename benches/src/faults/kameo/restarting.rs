//! Restarts of one child: when, how often, beside whom.

use super::actors::{Child, Crash, NONE, OneForOne, asked_for_an_hour};
use super::{Finding, Journal};
use kameo::Actor;
use kameo::actor::{ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// K4. kameo reads the machine's clock, so that this one takes its time.
pub(super) async fn slow_crashes_exhaust_the_limit() -> Finding {
    const CRASHES: usize = 6;
    let journal = Journal::new();
    let app = OneForOne::spawn(());
    let child = Child::supervise(&app, Child::new("child", &journal));
    let child = child.restart_limit(3, Duration::from_millis(400)).spawn().await;
    let mut longest = Duration::ZERO;
    for _ in 0..CRASHES {
        let began = Instant::now();
        sleep(Duration::from_millis(300)).await;
        longest = longest.max(began.elapsed());
        let _ = child.tell(Crash).await;
    }
    sleep(Duration::from_millis(300)).await;
    let starts = journal.count("+child");
    Finding::new(
        starts <= CRASHES,
        format!(
            "limit of 3 in 400 ms, a crash every 300 ms (at most {} ms), so never more than 2 in a window: \
             {} of {CRASHES} crashes were followed by a restart",
            longest.as_millis(),
            starts - 1
        ),
    )
}

/// K5.
pub(super) async fn incarnations_overlap() -> Finding {
    let journal = Journal::new();
    let app = OneForOne::spawn(());
    let slow = Child { stop: Duration::from_millis(200), ..Child::new("child", &journal) };
    let child = Child::supervise(&app, slow).spawn().await;
    sleep(Duration::from_millis(10)).await;
    let _ = child.tell(Crash).await;
    sleep(Duration::from_secs(1)).await;
    Finding::new(
        journal.words().starts_with("+child +child -child"),
        format!("on_stop takes 200 ms, crash at 10 ms: {}", journal.timed()),
    )
}

/// A supervisor with a child, which crashes it and asks it in one handler.
struct Family {
    child: ActorRef<Child>,
    journal: Journal,
}

impl Actor for Family {
    type Args = Journal;
    type Error = Infallible;

    async fn on_start(journal: Journal, own: ActorRef<Self>) -> Result<Self, Infallible> {
        let child = Child::supervise(&own, Child::new("child", &journal)).spawn().await;
        Ok(Self { child, journal })
    }
}

struct CrashAndAsk;

impl Message<CrashAndAsk> for Family {
    /// What became of the ask.
    type Reply = &'static str;

    async fn handle(&mut self, _: CrashAndAsk, _: &mut Context<Self, &'static str>) -> &'static str {
        let _ = self.child.tell(Crash).await;
        sleep(Duration::from_millis(10)).await;
        let answer = asked_for_an_hour(&self.child).await;
        self.journal.note("returned");
        answer
    }
}

/// K8.
pub(super) async fn a_restart_waits_for_the_supervisors_handler() -> Finding {
    let journal = Journal::new();
    let family = Family::spawn(journal.clone());
    let answer = family.ask(CrashAndAsk).await.unwrap_or("not to be had");
    sleep(Duration::from_secs(1)).await;
    Finding::new(
        answer == NONE,
        format!(
            "a handler of the supervisor crashed its child and asked it; the answer: {answer}; {}",
            journal.timed()
        ),
    )
}

/// Crashes a child five times, each when it has come back from the crash before.
async fn crash_five_times(child: &ActorRef<Child>) {
    for _ in 0..5 {
        sleep(Duration::from_millis(10)).await;
        let _ = child.tell(Crash).await;
    }
}

/// K11.
pub(super) async fn there_is_no_delay() -> Finding {
    let journal = Journal::new();
    let app = OneForOne::spawn(());
    let child = Child::supervise(&app, Child::new("child", &journal)).spawn().await;
    crash_five_times(&child).await;
    sleep(Duration::from_secs(60)).await;
    let (crashes, starts) = (journal.times_of("-child"), journal.times_of("+child"));
    Finding::new(
        crashes.len() == 5 && crashes == starts[1..],
        format!("five crashes in a row at {crashes:?} ms, restarts at {:?} ms", &starts[1..]),
    )
}

/// K11.
pub(super) async fn a_group_has_no_limit() -> Finding {
    const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let journal = Journal::new();
    let app = OneForOne::spawn(());
    for name in NAMES {
        crash_five_times(&Child::supervise(&app, Child::new(name, &journal)).spawn().await).await;
    }
    sleep(Duration::from_millis(10)).await;
    let restarts: usize = NAMES.iter().map(|name| journal.count(&format!("+{name}")) - 1).sum();
    Finding::new(
        app.is_alive() && restarts == 5 * NAMES.len(),
        format!(
            "a limit of 5 restarts in 5 s is one of each child alone: ten children were restarted {restarts} \
             times within {} ms, and their supervisor {}",
            journal.time(),
            if app.is_alive() { "went on" } else { "gave up" }
        ),
    )
}
