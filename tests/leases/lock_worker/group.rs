//! Workers that share the resources of one place.

use super::event::Works;
use super::program::{HANGS, LockWorker, program};
use super::records::Record;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// What all of them are told.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) engine: String,
    pub(crate) resources: usize,
    pub(crate) ttl: Duration,
    pub(crate) work_for: Duration,
}

impl Group {
    /// A worker of the group.
    pub(crate) fn start(&self, name: &str) -> LockWorker {
        self.start_with(name, &[])
    }

    pub(crate) fn start_with(&self, name: &str, more: &[&str]) -> LockWorker {
        LockWorker::start(name, &self.arguments(more))
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let ms = |time: Duration| format!("{}ms", time.as_millis());
        let mut arguments = vec![
            format!("--engine={}", self.engine),
            format!("--resources={}", self.resources),
            format!("--lease-ttl={}", ms(self.ttl)),
            format!("--work-for={}", ms(self.work_for)),
            "--verbose".to_owned(),
        ];
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        arguments
    }

    /// Waits until each resource is worked on by one of these.
    pub(crate) async fn until_worked_on(&self, workers: &mut [LockWorker]) {
        self.until_at_least(0, workers).await;
    }

    /// Waits until each resource is worked on by one of these, and none of these has less than its share.
    pub(crate) async fn until_shared(&self, workers: &mut [LockWorker]) {
        self.until_at_least(self.resources / workers.len(), workers).await;
    }

    async fn until_at_least(&self, least: usize, workers: &mut [LockWorker]) {
        let settle = async {
            while !self.is_settled(least, &shares(workers)) {
                LockWorker::until_any_tells(workers).await;
            }
        };
        let settled = timeout(HANGS, settle).await;
        let last = |worker: &LockWorker| worker.events().into_iter().rev().take(20).rev().collect::<Vec<_>>();
        let lasts = || workers.iter().map(last).collect::<Vec<_>>();
        assert!(settled.is_ok(), "shares of {} stay {:?}: {:#?}", self.resources, shares(workers), lasts());
    }

    fn is_settled(&self, least: usize, shares: &[usize]) -> bool {
        shares.iter().sum::<usize>() == self.resources && shares.iter().all(|share| *share >= least)
    }

    /// What `check` finds: everything that was written, in which nothing must be wrong.
    pub(crate) async fn check(&self) -> Vec<Record> {
        // It has no lease, and need not hurry.
        let patient = Self { engine: self.engine.clone(), ttl: HANGS, ..*self };
        let mut check = Command::new(program());
        let output = check.arg("check").args(patient.arguments(&[])).output().await.unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        let wrong = || found.lines().filter(|line| !line.starts_with("record ")).collect::<Vec<_>>();
        assert_eq!(output.status.code(), Some(0), "{complaint}\n{:#?}", wrong());
        eprintln!("{}", found.lines().last().unwrap_or_default());
        found.lines().filter_map(Record::read).collect()
    }
}

/// How many resources each of these works on. Whose release was not acknowledged has told of none, but the next holder
/// has a newer fence.
fn shares(workers: &[LockWorker]) -> Vec<usize> {
    let works: Vec<Works> = workers.iter().map(LockWorker::works).collect();
    let is_newest = |(resource, fence): &(&String, &u64)| {
        works.iter().all(|other| other.get(*resource).is_none_or(|newest| newest <= *fence))
    };
    works.iter().map(|own| own.iter().filter(is_newest).count()).collect()
}
