//! The three gears, driven by signals: this binary runs itself again as a program and sends it SIGTERM.
//!
//! A program is one of the functions below; it tells on its standard output how far it has come, and the test waits
//! for that and not for a time.

use arbour::{Root, Signal, defer, shield, stopping};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const PROGRAM: &str = "ARBOUR_TEST_PROGRAM";

/// A program that runs, and what it says.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    began: Instant,
}

/// How a program ended.
struct Ended {
    status: ExitStatus,
    rest: String,
    took: Duration,
}

/// Runs this test again, in a process of its own, as the program of that name.
fn start(program: &str) -> Running {
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new(this)
        .args(["signals::this_binary_as_a_program", "--exact", "--nocapture", "--test-threads=1"])
        .env(PROGRAM, program)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    Running { child, output, began: Instant::now() }
}

impl Running {
    /// Waits until the program has said this.
    fn hear(&mut self, word: &str) -> &mut Self {
        let mut line = String::new();
        while !line.trim_end().ends_with(word) {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the program never said {word:?}");
        }
        self
    }

    fn send(&mut self, signal: &str) -> &mut Self {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
        self
    }

    fn end(&mut self) -> Ended {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        Ended { status: self.child.wait().unwrap(), rest, took: self.began.elapsed() }
    }
}

impl Ended {
    fn assert_in_time(&self) {
        assert_eq!(self.status.signal(), None, "the signal itself ended the program");
        assert!(self.took < Duration::from_secs(20), "it took {:?}", self.took);
    }
}

/// What a program tells the test.
fn say(word: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "\n{word}").unwrap();
    output.flush().unwrap();
}

/// Does nothing in the test run itself.
#[test]
fn this_binary_as_a_program() {
    match std::env::var(PROGRAM).as_deref() {
        Ok("drains") => drains(),
        Ok("is_deaf") => is_deaf(),
        Ok("holds") => holds(),
        Ok("runs_out_of_time") => runs_out_of_time(),
        Ok("has_no_limit") => has_no_limit(),
        Ok("tells_its_signal") => tells_its_signal(),
        Ok(unknown) => panic!("there is no program {unknown}"),
        Err(_) => {}
    }
}

#[arbour::main(worker_threads = 2)]
async fn drains() {
    defer(async { say("deferred") });
    say("up");
    stopping().await;
    // A cancellation would end it here.
    sleep(Duration::from_millis(10)).await;
    say("drained");
}

#[test]
fn a_first_signal_drains_and_the_program_ends_by_itself() {
    let ended = start("drains").hear("up").send("-TERM").hear("drained").end();
    ended.assert_in_time();
    assert!(ended.rest.contains("deferred"), "{}", ended.rest);
    assert!(ended.status.success(), "{:?}", ended.status);
}

#[test]
fn a_drain_may_be_asked_for_with_control_c() {
    let ended = start("drains").hear("up").send("-INT").hear("drained").end();
    ended.assert_in_time();
    assert!(ended.status.success(), "{:?}", ended.status);
}

#[arbour::main(worker_threads = 2)]
async fn is_deaf() {
    defer(async {
        sleep(Duration::from_millis(10)).await;
        say("deferred");
    });
    arbour::task_group(async |group| {
        group.spawn_value(async {
            defer(async { say("child cleaned up") });
            stopping().await;
            say("asked to drain");
            std::future::pending::<()>().await;
        });
        say("up");
        std::future::pending::<()>().await;
    })
    .await
    .unwrap();
    say("went on");
}

#[test]
fn a_second_signal_cancels_clean_up_runs_and_the_exit_code_is_that_of_the_signal() {
    let ended = start("is_deaf").hear("up").send("-TERM").hear("asked to drain").send("-TERM").end();
    ended.assert_in_time();
    assert_eq!(ended.status.code(), Some(128 + 15));
    let (child, root) = (ended.rest.find("child cleaned up"), ended.rest.find("deferred"));
    assert!(child.is_some() && child < root, "{}", ended.rest);
    assert!(!ended.rest.contains("went on"), "{}", ended.rest);
}

#[test]
fn the_exit_code_is_that_of_the_first_signal() {
    let ended = start("is_deaf").hear("up").send("-INT").hear("asked to drain").send("-TERM").end();
    assert_eq!(ended.status.code(), Some(128 + 2));
}

struct Dropped(&'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        say(self.0);
    }
}

#[arbour::main(worker_threads = 2)]
async fn holds() {
    defer(async { say("deferred") });
    arbour::task_group(async |group| {
        group.spawn_value(async {
            let _dropped = Dropped("dropped");
            shield(async {
                say("up");
                stopping().await;
            })
            .await;
        });
        group.spawn_value(async {
            stopping().await;
            say("asked to drain");
            arbour::cancelled().await;
            say("cancelled");
        });
    })
    .await
    .unwrap();
}

#[test]
fn a_third_signal_aborts_and_drops_what_was_shielded_and_deferred() {
    let mut program = start("holds");
    program.hear("up").send("-TERM").hear("asked to drain").send("-TERM").hear("cancelled").send("-TERM");
    let ended = program.end();
    ended.assert_in_time();
    assert_eq!(ended.status.code(), Some(128 + 15));
    assert!(ended.rest.contains("dropped") && !ended.rest.contains("deferred"), "{}", ended.rest);
}

/// One signal, and then each gear's time is up: drained for 50 ms, cleaned up for 50 ms, then aborted.
fn runs_out_of_time() {
    let time = Duration::from_millis(50);
    let outcome = Root::new().worker_threads(2).drain_time(time).clean_up_time(time).run(async {
        defer(async { say("deferred") });
        let began = Instant::now();
        let _dropped = Dropped("dropped");
        let _report = scopeguard(move || {
            assert!(began.elapsed() >= 2 * Duration::from_millis(50), "aborted too early");
            say("after both times");
        });
        shield(async {
            say("up");
            std::future::pending::<()>().await;
        })
        .await;
    });
    assert_eq!(outcome.signal, Some(Signal::Terminate));
    assert!(outcome.result.is_err());
    say("returned");
}

fn scopeguard(end: impl FnOnce()) -> impl Drop {
    struct Guard<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for Guard<F> {
        fn drop(&mut self) {
            if let Some(end) = self.0.take() {
                end();
            }
        }
    }
    Guard(Some(end))
}

#[test]
fn after_one_signal_each_gear_follows_when_the_time_of_the_one_before_is_up() {
    let ended = start("runs_out_of_time").hear("up").send("-TERM").end();
    ended.assert_in_time();
    assert!(ended.status.success(), "{:?}: {}", ended.status, ended.rest);
    assert!(!ended.rest.contains("deferred"), "{}", ended.rest);
    for word in ["after both times", "dropped", "returned"] {
        assert!(ended.rest.contains(word), "{word}: {}", ended.rest);
    }
}

/// A drain time that no clock can show is no limit.
fn has_no_limit() {
    let outcome = Root::new().current_thread().drain_time(Duration::MAX).run(async {
        say("up");
        stopping().await;
        sleep(Duration::from_millis(50)).await;
        say("drained in peace");
    });
    assert!(outcome.result.is_ok());
}

#[test]
fn a_drain_time_too_long_for_any_clock_is_no_limit() {
    let ended = start("has_no_limit").hear("up").send("-TERM").end();
    assert!(ended.rest.contains("drained in peace"), "{}", ended.rest);
    assert!(ended.status.success(), "{:?}", ended.status);
}

fn tells_its_signal() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(Root::new().run_async(async {
        say("up");
        stopping().await;
        "drained"
    }));
    assert_eq!((outcome.result, outcome.signal), (Ok("drained"), Some(Signal::Interrupt)));
    say(&format!("{} {}", Signal::Interrupt, Signal::Interrupt.number()));
}

#[test]
fn a_root_inside_another_runtime_hears_signals_and_tells_which_came_first() {
    let ended = start("tells_its_signal").hear("up").send("-INT").hear("SIGINT 2").end();
    assert!(ended.status.success(), "{:?}: {}", ended.status, ended.rest);
}
