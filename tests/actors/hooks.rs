//! The hooks: `started` before the first message, `stopped` after the last, and when neither runs.

use crate::support::{Journal, ms, settle, supervised};
use arbour::{
    Actor, ActorSpec, ChildSpec, Context, Failure, StopReason, Supervisor, spawn_actor, task_group,
};
use tokio::time::sleep;

/// Notes its hooks; `started` fails in the incarnations that are told to.
struct Hooked {
    journal: Journal,
    fails: fn(u64) -> bool,
}

#[derive(Debug, Clone, Copy)]
enum Message {
    Note,
    Slow,
    Fail,
    Panic,
    Cancel,
    Stop,
}

impl Actor for Hooked {
    type Message = Message;

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        sleep(ms(10)).await;
        self.journal.note(format!("started {} {}", cx.name(), cx.incarnation()));
        if (self.fails)(cx.incarnation()) { Err(Failure::message("not today")) } else { Ok(()) }
    }

    async fn handle(&mut self, message: Message, cx: &mut Context<Self>) -> Result<(), Failure> {
        self.journal.note(format!("{message:?}"));
        match message {
            Message::Note => {}
            Message::Slow => sleep(ms(10)).await,
            Message::Fail => return Err(Failure::message("as told")),
            Message::Panic => panic!("as told"),
            Message::Cancel => {
                cx.scope().cancel("somebody");
                std::future::pending::<()>().await;
            }
            Message::Stop => cx.stop(),
        }
        Ok(())
    }

    async fn stopping(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        self.journal.note("stopping");
        Ok(())
    }

    async fn stopped(&mut self, why: StopReason, _: &mut Context<Self>) -> Result<(), Failure> {
        sleep(ms(10)).await;
        self.journal.note(format!("stopped: {why}"));
        Ok(())
    }
}

fn hooked(journal: &Journal, fails: fn(u64) -> bool) -> (arbour::Address<Hooked>, ChildSpec) {
    let journal = journal.clone();
    ActorSpec::new("hooked", move || Hooked { journal: journal.clone(), fails }).build()
}

/// What is noted when these messages are sent to an actor that is stopped by its supervisor at last.
async fn life(messages: &[Message]) -> Vec<String> {
    let journal = Journal::new();
    let (address, child) = hooked(&journal, |_| false);
    supervised(child, async |_| {
        for message in messages {
            address.tell(*message).await.unwrap();
        }
        sleep(ms(1_000)).await;
    })
    .await
    .1
    .unwrap();
    journal.lines()
}

#[arbour::test]
async fn started_runs_before_the_first_message_stopping_when_it_is_asked_to_stop_and_stopped_at_the_end() {
    let expected = ["started hooked 1", "Note", "Note", "stopping", "stopped: it was asked to stop"];
    assert_eq!(life(&[Message::Note, Message::Note]).await, expected);
}

#[arbour::test]
async fn what_is_queued_is_handled_between_stopping_and_stopped() {
    let journal = Journal::new();
    let (address, child) = hooked(&journal, |_| false);
    supervised(child, async |app| {
        sleep(ms(100)).await;
        address.try_tell(Message::Slow).unwrap();
        address.try_tell(Message::Note).unwrap();
        sleep(ms(1)).await;
        app.request_stop();
    })
    .await
    .1
    .unwrap();
    let expected = ["started hooked 1", "Slow", "stopping", "Note", "stopped: it was asked to stop"];
    assert_eq!(journal.lines(), expected);
}

#[arbour::test]
async fn one_without_an_address_stops_because_it_cannot_be_reached() {
    let journal = Journal::new();
    task_group(async |group| {
        let hooked = Hooked { journal: journal.clone(), fails: |_| false };
        drop(spawn_actor(&group, "hooked", hooked, 1));
    })
    .await
    .unwrap();
    assert_eq!(journal.lines(), ["started hooked 1", "stopped: its last address is gone"]);
}

#[arbour::test]
async fn stopped_runs_when_the_actor_stops_itself() {
    let expected = [
        "started hooked 1",
        "Stop",
        "stopped: it stops by itself",
        "started hooked 2",
        "Note",
        "stopping",
        "stopped: it was asked to stop",
    ];
    assert_eq!(life(&[Message::Stop, Message::Note]).await, expected);
}

#[arbour::test]
async fn stopped_does_not_run_after_a_panic_or_a_cancellation() {
    for crash in [Message::Panic, Message::Cancel] {
        let crashed = format!("{crash:?}");
        let end = "stopped: it was asked to stop";
        let expected = ["started hooked 1", &crashed, "started hooked 2", "Note", "stopping", end];
        assert_eq!(life(&[crash, Message::Note]).await, expected);
    }
}

#[arbour::test]
async fn stopped_hears_of_the_failure_of_a_handler() {
    let lines = life(&[Message::Fail]).await;
    assert_eq!(lines[..3], ["started hooked 1", "Fail", "stopped: it failed: as told"]);
}

#[arbour::test]
async fn a_started_hook_that_fails_the_first_time_is_a_failed_start_of_the_supervisor() {
    let journal = Journal::new();
    let (address, child) = hooked(&journal, |_| true);
    let error = Supervisor::builder("app").child(child).build().unwrap().run().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "supervisor app: the supervisor did not start: child `hooked` failed before it was ready; \
         its last failure: not today"
    );
    assert_eq!(journal.lines(), ["started hooked 1"]);
    address.tell(Message::Note).await.unwrap_err();
}

#[arbour::test]
async fn a_started_hook_that_fails_later_is_one_attempt_and_no_message_is_taken() {
    let journal = Journal::new();
    let (address, child) = hooked(&journal, |incarnation| incarnation == 2 || incarnation == 3);
    supervised(child, async |_| {
        address.tell(Message::Fail).await.unwrap();
        address.tell(Message::Note).await.unwrap();
        sleep(ms(1_000)).await;
    })
    .await
    .1
    .unwrap();
    let expected = [
        "started hooked 1",
        "Fail",
        "stopped: it failed: as told",
        "started hooked 2",
        "started hooked 3",
        "started hooked 4",
        "Note",
        "stopping",
        "stopped: it was asked to stop",
    ];
    assert_eq!(journal.lines(), expected);
}

#[arbour::test]
async fn the_children_after_an_actor_start_when_its_started_hook_has_returned() {
    let journal = Journal::new();
    let (_address, child) = hooked(&journal, |_| false);
    let notes = journal.clone();
    let next = ChildSpec::new("next", move |_| {
        notes.note("next");
        async {
            arbour::stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let app = Supervisor::builder("app").child(child).child(next).build().unwrap();
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    sleep(ms(50)).await;
    handle.request_stop();
    running.await.unwrap().unwrap();
    let end = ["stopping@50", "stopped: it was asked to stop@60"];
    assert_eq!(journal.timed(), [["started hooked 1@10", "next@10"], end].concat());
}

#[arbour::test]
async fn a_stopped_hook_that_fails_while_the_actor_is_stopped_is_no_crash() {
    struct Sore;
    impl Actor for Sore {
        type Message = ();
        async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> {
            Ok(())
        }
        async fn stopped(&mut self, _: arbour::StopReason, _: &mut Context<Self>) -> Result<(), Failure> {
            Err(Failure::message("could not flush"))
        }
    }
    let (_address, child) = ActorSpec::new("sore", || Sore).build();
    let (snapshot, outcome) = supervised(child, async |handle| {
        settle().await;
        handle.stop_child("sore").await.unwrap();
        handle.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(snapshot.to_string(), "app (no restarts)\n└─ sore  down, no restarts");
}
