//! What a server does when nothing comes for so long, and what comes before all that is queued.

use crate::doer::{Doer, Job, doer, note, now, pause};
use crate::supervised::ms;
use crate::support::Journal;
use arbour::{Actor, ActorSpec, Address, Context, Failure, task_group};
use tokio::time::{Instant, sleep};

type First = Box<dyn FnOnce(&mut Context<Prepared>) + Send>;

/// A server that does this first of all.
struct Prepared {
    first: Option<First>,
}

enum Event {
    Note(Journal, &'static str),
    /// Sets the time-out from within a continuation.
    Wait(Journal),
}

impl Actor for Prepared {
    type Message = Event;

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        if let Some(first) = self.first.take() {
            first(cx);
        }
        Ok(())
    }

    async fn handle(&mut self, event: Event, cx: &mut Context<Self>) -> Result<(), Failure> {
        match event {
            Event::Note(journal, what) => journal.note(what),
            Event::Wait(journal) => cx.when_idle(ms(500), Event::Note(journal, "timeout")),
        }
        Ok(())
    }
}

/// Runs one that does this first, beside `body`.
async fn prepared(
    first: impl FnOnce(&mut Context<Prepared>) + Send + 'static,
    body: impl AsyncFnOnce(Address<Prepared>),
) {
    task_group(async |group| {
        let mut first: Option<First> = Some(Box::new(first));
        let spec = ActorSpec::new("server", move || Prepared { first: first.take() });
        let address = spec.spawn(&group);
        body(address).await;
        group.cancel("done");
    })
    .await
    .unwrap();
}

/// Runs a server beside `body`.
async fn served(body: impl AsyncFnOnce(Address<Doer>)) {
    task_group(async |group| {
        body(doer().spawn(&group)).await;
        group.cancel("done");
    })
    .await
    .unwrap();
}

mod gen_server {
    use super::*;

    /// The time is relative; an absolute one is so much later than now.
    #[arbour::test]
    async fn start_event_timeout() {
        type Setting = fn(&mut Context<Prepared>, Journal);
        let settings: [Setting; 3] = [
            |cx, journal| cx.when_idle(ms(500), Event::Note(journal, "timeout")),
            |cx, journal| cx.handle_next(Event::Wait(journal)),
            |cx, journal| {
                let at = Instant::now() + ms(500);
                cx.when_idle(at - Instant::now(), Event::Note(journal, "timeout"));
            },
        ];
        for set in settings {
            let journal = Journal::default();
            let notes = journal.clone();
            prepared(
                move |cx| set(cx, notes),
                async |address| {
                    sleep(ms(400)).await;
                    address.status().await.unwrap();
                    sleep(ms(99)).await;
                    journal.is([]);
                    sleep(ms(2)).await;
                    journal.is(["timeout"]);
                    sleep(ms(2_000)).await;
                    journal.is(["timeout"]);
                },
            )
            .await;
            let journal = Journal::default();
            let notes = journal.clone();
            prepared(
                move |cx| set(cx, notes),
                async |address| {
                    sleep(ms(499)).await;
                    address.tell(Event::Note(journal.clone(), "request")).await.unwrap();
                    sleep(ms(2_000)).await;
                    journal.is(["request"]);
                },
            )
            .await;
        }
    }

    #[arbour::test]
    async fn start_event_timeout_zero() {
        let journal = Journal::default();
        let notes = journal.clone();
        let first = move |cx: &mut Context<Prepared>| {
            cx.address().expect("it lives").try_tell(Event::Note(notes.clone(), "message")).unwrap();
            cx.when_idle(ms(0), Event::Note(notes, "timeout"));
        };
        prepared(first, async |_address| sleep(ms(10)).await).await;
        journal.is(["timeout", "message"]);
    }

    #[arbour::test]
    async fn continuation() {
        let journal = Journal::default();
        served(async |address| {
            let notes = journal.clone();
            address
                .try_tell(now(move |cx| {
                    notes.note("first");
                    let then = notes.clone();
                    cx.handle_next(now(move |cx| {
                        then.note("continued");
                        cx.handle_next(note(&then, "and again"));
                    }));
                    cx.handle_next(note(&notes, "in its order"));
                }))
                .unwrap();
            address.try_tell(note(&journal, "queued")).unwrap();
            sleep(ms(10)).await;
        })
        .await;
        journal.is(["first", "continued", "in its order", "and again", "queued"]);
    }

    /// Which kind of message sets it makes no difference: a call, a cast, a timer.
    #[arbour::test]
    async fn handle_event_timeout() {
        type Setting = fn(&Address<Doer>, Job) -> Job;
        let settings: [(Setting, u64); 3] = [
            (|_, set| set, 0),
            (|_, set| now(|cx| cx.after("info", ms(100), set)), 100),
            (|_, set| now(|cx| cx.handle_next(set)), 0),
        ];
        for (setting, later) in settings {
            for disturbed in [false, true] {
                let journal = Journal::default();
                served(async |address| {
                    let notes = journal.clone();
                    let set = now(move |cx| cx.when_idle(ms(500), note(&notes, "timeout")));
                    address.tell(setting(&address, set)).await.unwrap();
                    sleep(ms(later + 499)).await;
                    address.status().await.unwrap();
                    journal.is([]);
                    if disturbed {
                        let asked = address.ask(|reply| now(|_| reply.send(()))).await;
                        assert_eq!(asked, Ok(()));
                    }
                    sleep(ms(2)).await;
                    let expected: &[&str] = if disturbed { &[] } else { &["timeout"] };
                    assert_eq!(journal.entries(), expected);
                    sleep(ms(2_000)).await;
                    assert_eq!(journal.entries(), expected);
                })
                .await;
            }
        }
    }

    #[arbour::test]
    async fn handle_event_timeout_zero() {
        let journal = Journal::default();
        served(async |address| {
            address.try_tell(pause(ms(10))).unwrap();
            let notes = journal.clone();
            address.try_tell(now(move |cx| cx.when_idle(ms(0), note(&notes, "timeout")))).unwrap();
            address.try_tell(note(&journal, "queued")).unwrap();
            sleep(ms(20)).await;
        })
        .await;
        journal.is(["timeout", "queued"]);
    }
}
