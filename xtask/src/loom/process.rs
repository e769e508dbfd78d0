//! Runs processes that may not come to an end, two at a time.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A process that is gone.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None`: it was killed because its time was up.
    pub(crate) status: Option<ExitStatus>,
    /// Standard output, then standard error.
    pub(crate) output: String,
    /// The time it was given.
    pub(crate) limit: Duration,
}

/// Runs a process to its end, or kills it when its time is up.
pub(crate) fn end_within(limit: Duration, command: &mut Command) -> Result<Ended, String> {
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} could not be started: {error}", command.get_program().display()))?;
    let (closed, pipes) = channel();
    read_to_end(0, child.stdout.take(), closed.clone());
    read_to_end(1, child.stderr.take(), closed);

    // A process that is gone has closed both pipes, so waiting for them is waiting for it.
    let mut texts = [String::new(), String::new()];
    let mut in_time = true;
    for _ in 0..texts.len() {
        let left = limit.saturating_sub(start.elapsed());
        let (index, text) = pipes.recv_timeout(left).or_else(|_| {
            in_time = false;
            child.kill().map_err(|error| format!("a process could not be killed: {error}"))?;
            pipes.recv().map_err(|error| format!("a pipe was lost: {error}"))
        })?;
        texts[index] = text;
    }
    let status = child.wait().map_err(|error| format!("a process was lost: {error}"))?;
    Ok(Ended { status: in_time.then_some(status), output: texts.concat(), limit })
}

fn read_to_end(index: usize, pipe: Option<impl Read + Send + 'static>, closed: Sender<(usize, String)>) {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What could be read before an error is all there is to show.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        let _ = closed.send((index, String::from_utf8_lossy(&bytes).into_owned()));
    });
}

/// Does the work for each job, two at a time; the results are in the jobs' order.
pub(crate) fn two_at_a_time<J: Sync, R: Send>(jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(jobs.iter().enumerate());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || std::iter::from_fn(take).map(|(index, job)| (index, work(job))).collect::<Vec<_>>();
    let mut results = thread::scope(|scope| {
        let other = scope.spawn(worker);
        let mut results = worker();
        results.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        results
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn both_outputs_and_the_status_are_kept() {
        let ended =
            end_within(Duration::from_secs(60), &mut shell("echo out; echo err >&2; exit 3")).unwrap();
        assert_eq!(ended.output, "out\nerr\n");
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
    }

    #[test]
    fn a_process_that_does_not_end_is_killed() {
        let ended = end_within(Duration::from_millis(1), &mut shell("exec sleep 600")).unwrap();
        assert!(ended.status.is_none());
    }

    #[test]
    fn two_jobs_run_beside_each_other_and_results_keep_the_order() {
        let both = Barrier::new(2);
        let doubled = two_at_a_time(&[1, 2, 3, 4], |job| {
            both.wait();
            job * 2
        });
        assert_eq!(doubled, [2, 4, 6, 8]);
    }
}
