//! What stands in the log: the fields of OTP's reports, and how little of a storm.

use crate::recorder::Recorder;
use crate::support::{Journal, deaf, failing, ms, outlast, run, service, settle, supervisor};
use arbour::{Backoff, ChildSpec, Failure, RestartLimit, Shutdown, Supervisor};
use std::sync::LazyLock;
use tokio::time::sleep;
use tracing::{Dispatch, Level};

/// While there is one subscriber only, a place that tells something asks the thread that came there first whether
/// anybody listens, and remembers the answer for all: a test beside this one would answer for it. With these there is
/// never one only.
static OTHERS: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [Level::ERROR; 2].map(|level| Dispatch::new(Recorder::new(level))));

/// What supervisors say while `body` runs, from this level on: `LEVEL text [fields]`.
async fn heard(level: Level, body: impl Future<Output = ()>) -> Vec<String> {
    LazyLock::force(&OTHERS);
    let recorder = Recorder::new(level);
    let events = recorder.events();
    let guard = tracing::subscriber::set_default(recorder);
    body.await;
    drop(guard);
    let events = events.lock().unwrap();
    let ours = events.iter().filter(|event| event.target.starts_with("arbour_supervisor::supervisor"));
    ours.map(|event| format!("{} {} [{}]", event.level, event.text, event.fields)).collect()
}

#[arbour::test]
async fn a_crash_is_a_warning_with_supervisor_context_reason_and_offender() {
    let lines = heard(Level::WARN, async {
        let child = ChildSpec::new("fetch", |cx| async move {
            if cx.incarnation() == 1 {
                return Err(Failure::message("no route"));
            }
            arbour::stopping().await;
            Ok(())
        });
        run(supervisor().child(child.shutdown(Shutdown::Wait)), async |_| settle().await).await.1.unwrap();
    })
    .await;
    assert_eq!(
        lines,
        ["WARN child `fetch` (incarnation 1) failed: it is restarted at once, restart 1 in a row \
         [supervisor=\"app\" context=\"child_terminated\" reason=no route child=\"fetch\" incarnation=1 \
         restart=Permanent shutdown=Wait kind=\"worker\"]"]
    );
}

#[arbour::test]
async fn the_end_of_hope_is_an_error_and_names_the_path_of_the_supervisor() {
    let lines = heard(Level::ERROR, async {
        let none = RestartLimit::new(0, ms(1)).unwrap();
        let inner = ChildSpec::supervisor("inner", move || {
            let bad = ChildSpec::new("bad", |_| async {
                sleep(ms(1)).await;
                Err::<(), _>(Failure::message("gone"))
            });
            Supervisor::builder("inner").limit(none).child(bad).build()
        });
        outlast(supervisor().limit(none).child(inner)).await.unwrap_err();
    })
    .await;
    let beginnings: Vec<&str> = lines.iter().map(|line| line.split("context").next().unwrap()).collect();
    assert_eq!(
        beginnings,
        [
            "ERROR child `bad` (incarnation 1) failed: the supervisor gives up, for the supervisor's limit of 0 \
             restarts in 1ms has no restart left [supervisor=\"app/inner\" ",
            "ERROR the supervisor gave up: child `bad` failed, and the supervisor's limit of 0 restarts in 1ms has no \
             restart left [supervisor=\"app/inner\" ",
            "ERROR child `inner` (incarnation 1) failed: the supervisor gives up, for the supervisor's limit of 0 \
             restarts in 1ms has no restart left [supervisor=\"app\" ",
            "ERROR the supervisor gave up: child `inner` failed, and the supervisor's limit of 0 restarts in 1ms has \
             no restart left [supervisor=\"app\" ",
        ]
    );
    assert!(lines[2].contains("kind=\"supervisor\""), "{}", lines[2]);
}

#[arbour::test]
async fn what_overruns_its_time_is_told_with_the_heading_of_a_shutdown() {
    let lines = heard(Level::WARN, async {
        let journal = Journal::new();
        let slow = deaf("slow", &journal, ms(60_000)).shutdown(Shutdown::After(ms(10))).clean_up(ms(10));
        run(supervisor().child(slow), async |_| settle().await).await.1.unwrap();
    })
    .await;
    let told: Vec<_> = lines.iter().map(|line| line.split(" [").next().unwrap()).collect();
    assert_eq!(
        told,
        [
            "WARN child `slow` (incarnation 1) did not finish within its time to drain: it has been cancelled",
            "ERROR child `slow` (incarnation 1) had not cleaned up within its time: it has been aborted",
        ]
    );
    assert!(lines.iter().all(|line| line.contains("context=\"shutdown_error\"")), "{lines:?}");
}

#[arbour::test]
async fn a_normal_life_says_nothing_above_info() {
    let journal = Journal::new();
    let lines = heard(Level::INFO, async {
        run(supervisor().child(service("a", &journal)), async |_| settle().await).await.1.unwrap();
    })
    .await;
    assert_eq!(
        lines,
        [
            "INFO every child is ready [supervisor=\"app\" context=\"progress\"]",
            "INFO the supervisor was shut down [supervisor=\"app\" context=\"shutdown\"]",
        ]
    );
}

#[arbour::test]
async fn of_a_storm_the_first_are_told_then_one_a_second_and_how_many_were_left_out() {
    let lines = heard(Level::WARN, async {
        let journal = Journal::new();
        let endless = RestartLimit::new(u32::MAX, ms(1)).unwrap();
        let tenth = Backoff::new(ms(10), ms(10)).unwrap().jitter(false);
        let app = supervisor().limit(endless).child(failing("storm", &journal).backoff(tenth));
        run(app, async |_| sleep(ms(7_995)).await).await.1.unwrap();
        // One restart at once, then one each 10 ms.
        assert_eq!(journal.count("+storm"), 801);
    })
    .await;
    let (summaries, told): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.contains("left_out"));
    assert_eq!(told.len(), 20 + 7, "a burst, and one more each second");
    let left_out: Vec<u64> = summaries.iter().map(|line| number_after(line, "left_out=")).collect();
    assert_eq!(left_out.len(), 2, "after 5 s, and at the end");
    assert_eq!(left_out.iter().sum::<u64>(), 801 - 27);
}

fn number_after(line: &str, name: &str) -> u64 {
    let digits = line.split(name).nth(1).unwrap();
    digits.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[arbour::test]
async fn the_last_word_on_a_child_is_told_in_the_middle_of_a_storm() {
    let lines = heard(Level::WARN, async {
        let journal = Journal::new();
        let limit = RestartLimit::new(500, ms(60_000)).unwrap();
        let app = supervisor().limit(limit).child(failing("storm", &journal).backoff(Backoff::none()));
        outlast(app).await.unwrap_err();
    })
    .await;
    assert_eq!(lines.len(), 20 + 3, "{lines:#?}");
    assert!(lines[20].starts_with("ERROR child `storm` (incarnation 501) failed: the supervisor gives up"));
    assert!(lines[21].contains("left_out=480"), "{}", lines[21]);
    assert!(lines[22].starts_with("ERROR the supervisor gave up"), "{}", lines[22]);
}
