//! The thread in which a store asks SQLite, one request after the other.

use super::database::Database;
use super::failure::Failure;
use super::open::{SqliteOpenError, open};
use super::waiting::{Waiter, Waiting};
use crate::clock::{Clock, Moment};
use crate::store::LeaseName;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use tokio::sync::oneshot;

/// What the thread is asked for.
enum Job {
    Ask(Box<dyn FnOnce(&mut Database) + Send>),
    Wait(Waiter),
}

/// The way to the thread, which ends when there is none any more.
#[derive(Clone)]
pub(super) struct Thread {
    jobs: Sender<Job>,
}

impl Thread {
    /// A thread that has opened the file.
    pub(super) async fn start(path: Arc<Path>, clock: Clock) -> Result<Self, SqliteOpenError> {
        let (jobs, todo) = channel();
        let (tell, opened) = oneshot::channel();
        let file = Arc::clone(&path);
        let run = move || match open(&file, clock.clone()) {
            Ok(database) => {
                // Who opened it may have gone: then nobody can ask, and the loop ends at once.
                let _ = tell.send(Ok(()));
                serve(database, &clock, &todo);
            }
            Err(error) => drop(tell.send(Err(error))),
        };
        let no_thread = |source| SqliteOpenError::NoThread { path: path.to_path_buf(), source };
        Builder::new().name("arbour-sqlite".to_owned()).spawn(run).map_err(no_thread)?;
        match opened.await {
            Ok(opened) => opened.map(|()| Self { jobs }),
            Err(_) => Err(no_thread(std::io::Error::other("it panicked"))),
        }
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        request: impl FnOnce(&mut Database) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Ask(Box::new(move |database| {
            if !reply.is_closed() {
                let _ = reply.send(request(database));
            }
        })))?;
        answer.await.unwrap_or(Err(Failure::NoThread))
    }

    pub(super) async fn until_free(&self, name: LeaseName, at_most: Moment) -> Result<(), Failure> {
        let (told, answer) = oneshot::channel();
        self.send(Job::Wait(Waiter { name, at_most, told }))?;
        answer.await.unwrap_or(Err(Failure::NoThread))
    }

    fn send(&self, job: Job) -> Result<(), Failure> {
        self.jobs.send(job).map_err(|_| Failure::NoThread)
    }
}

fn serve(mut database: Database, clock: &Clock, jobs: &Receiver<Job>) {
    let mut waiting = Waiting::default();
    loop {
        match next(jobs, &waiting, clock) {
            Ok(Job::Ask(ask)) => ask(&mut database),
            Ok(Job::Wait(waiter)) => waiting.join(waiter),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        waiting.tell(&mut database, clock);
    }
}

fn next(jobs: &Receiver<Job>, waiting: &Waiting, clock: &Clock) -> Result<Job, RecvTimeoutError> {
    match waiting.next_look(clock.now()) {
        Some(within) => jobs.recv_timeout(within),
        None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}
