//! An actor whose messages say what it is to do.

use crate::support::Journal;
use arbour::{Actor, ActorSpec, Context, Failure};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::sleep;

pub(crate) struct Doer;

pub(crate) type Doing<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

type ToDo = dyn for<'a> FnOnce(&'a mut Context<Doer>) -> Doing<'a> + Send;

/// What is to be done, as a function of the context.
pub(crate) struct Job(Box<ToDo>);

impl Actor for Doer {
    type Message = Job;

    async fn handle(&mut self, Job(job): Job, cx: &mut Context<Self>) -> Result<(), Failure> {
        job(cx).await
    }
}

/// One to be supervised.
pub(crate) fn doer() -> ActorSpec<Doer> {
    ActorSpec::new("doer", || Doer)
}

/// What awaits.
pub(crate) fn slow(job: impl for<'a> FnOnce(&'a mut Context<Doer>) -> Doing<'a> + Send + 'static) -> Job {
    Job(Box::new(job))
}

/// What is done at once.
pub(crate) fn now(job: impl FnOnce(&mut Context<Doer>) + Send + 'static) -> Job {
    slow(move |cx| {
        job(cx);
        Box::pin(async { Ok(()) })
    })
}

pub(crate) fn note(journal: &Journal, what: impl Into<String>) -> Job {
    let (journal, what) = (journal.clone(), what.into());
    now(move |_| journal.note(what))
}

pub(crate) fn pause(time: Duration) -> Job {
    slow(move |_| {
        Box::pin(async move {
            sleep(time).await;
            Ok(())
        })
    })
}

pub(crate) fn fail() -> Job {
    slow(|_| Box::pin(async { Err(Failure::message("as told")) }))
}
