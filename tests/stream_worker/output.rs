//! The table, the tree, the progress bar, and a standard output that nobody reads.

use std::process::Command;

use super::program::{Running, program, run};
use super::records::{File, Layout, malformed, plain};

#[tokio::test]
async fn the_table_is_followed_by_the_tree_with_the_restarts_of_each_worker() {
    let input = b"carrier,dep_delay\nUA,2\nUA,NA\nUA,-1.5\nbad\n";
    let ended = run(&["--input=-", "--partitions=2", "--crash-every=1"], input).await;
    let expected = "\
key  count  values  sum   mean   min  max
UA       3       2  0.5  0.250  -1.5    2

records 3, rejected 1, restarts 3

workers (3 restarts)
├─ partition-0  down, no restarts
└─ partition-1  down, 3 restarts, last panicked
";
    assert_eq!((&*ended.stdout, ended.code), (expected, Some(0)), "{}", ended.stdout);
}

#[tokio::test]
async fn a_standard_output_that_nobody_reads_is_a_quiet_end() {
    for arguments in [&["--format=json", "--input=-"][..], &["--format=table", "--input=-"], &["--help"]] {
        let mut running = Running::start(arguments);
        running.stop_listening();
        running.feed(b"carrier,dep_delay\nUA,1\n").await;
        let ended = running.end().await;
        assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0), "{ended:?}");
    }
}

#[tokio::test]
async fn an_interrupted_run_that_nobody_reads_keeps_its_exit_code() {
    let mut running = Running::start(&["--input=-"]);
    running.stop_listening();
    running.feed(&File::new(b"", Layout::DEFAULT, &[malformed(), plain("UA", 1.0)]).bytes).await;
    running.complaint().await;
    running.signal("TERM");
    let ended = running.end_with_open_input().await;
    assert_eq!((ended.code, ended.stderr.len()), (Some(143), 0), "{ended:?}");
}

#[tokio::test]
async fn help_is_printed_and_nothing_is_done() {
    let ended = run(&["--help"], b"").await;
    assert!(ended.stdout.contains("--crash-every N"));
    assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0));
}

#[tokio::test]
async fn without_a_terminal_there_is_no_progress_bar() {
    let ended = run(&["--progress=auto"], b"").await;
    assert_eq!((ended.code, ended.stderr.len()), (Some(0), 0), "{ended:?}");
}

/// What the program writes to a terminal that is its standard error.
#[cfg(target_os = "linux")]
fn on_a_terminal(arguments: &str) -> String {
    let command = format!("'{}' {arguments} > /dev/null", program().display());
    let run =
        Command::new("script").args(["--quiet", "--return", "--command", &command, "/dev/null"]).output();
    let run = run.expect("`script`, of util-linux, lends a terminal");
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_there_is_a_progress_bar_and_it_is_gone_at_the_end() {
    let written = on_a_terminal("");
    assert!(written.contains(" records, 0."), "{written:?}");
    assert!(written.ends_with("\r\x1b[K"), "{written:?}");
    assert_eq!(on_a_terminal("--progress never"), "");
}
