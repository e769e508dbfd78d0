//! Actors that nobody supervises: children of a task group.

use crate::support::{Journal, Message, Puppet, ms, send, settle};
use arbour::{
    Actor, AskError, Cancelled, Context, Failure, GroupError, defer, move_on_after, spawn_actor, task_group,
};
use tokio::time::sleep;

#[arbour::test]
async fn it_handles_what_is_queued_and_ends_when_its_last_address_is_gone() {
    let journal = Journal::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
        let other = address.clone();
        send(&address, [Message::Note(1)]);
        drop(address);
        settle().await;
        assert_eq!(group.len(), 1);
        send(&other, [Message::Slow(2, ms(100)), Message::Note(3)]);
    })
    .await
    .unwrap();
    assert_eq!(journal.timed(), ["1@0", "2@1", "2 done@101", "3@101"]);
}

#[arbour::test]
async fn its_failure_fails_the_group_under_its_name() {
    let journal = Journal::new();
    let outcome = task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
        send(&address, [Message::Fail(9), Message::Note(1)]);
        std::future::pending::<()>().await;
    })
    .await;
    let Err(GroupError::Failed(failures)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failures[0].to_string(), "puppet: as told");
    assert_eq!(journal.lines(), ["fail"]);
}

#[arbour::test]
async fn its_panic_fails_the_group_and_the_asker_is_told() {
    let journal = Journal::new();
    let (told, telling) = tokio::sync::oneshot::channel();
    let outcome = task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
        tokio::spawn(async move {
            let answer = address.ask(|reply| Message::Ask(9, reply)).await;
            told.send(answer).unwrap();
        });
        std::future::pending::<()>().await;
    })
    .await;
    assert!(matches!(outcome, Err(GroupError::Failed(_))), "{outcome:?}");
    assert_eq!(telling.await.unwrap(), Err(AskError::Crashed));
}

#[arbour::test]
async fn one_that_stops_itself_ends_and_refuses_from_then_on() {
    let journal = Journal::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
        send(&address, [Message::Note(1), Message::Stop]);
        settle().await;
        assert!(group.is_empty());
        assert!(matches!(address.tell(Message::Note(2)).await.unwrap_err().into_message(), Message::Note(2)));
    })
    .await
    .unwrap();
    assert_eq!(journal.lines(), ["1"]);
}

#[arbour::test]
async fn one_whose_group_is_drained_handles_what_is_queued_refuses_new_work_and_ends() {
    let journal = Journal::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
        send(&address, [Message::Slow(1, ms(100)), Message::Note(2)]);
        settle().await;
        group.scope().drain();
        settle().await;
        address.tell(Message::Note(3)).await.unwrap_err();
        sleep(ms(200)).await;
        assert!(group.is_empty());
    })
    .await
    .unwrap();
    assert_eq!(journal.lines(), ["1", "1 done", "2"]);
}

#[arbour::test]
async fn one_whose_group_is_cancelled_ends_at_once() {
    let journal = Journal::new();
    let outcome = task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
        send(&address, [Message::Slow(1, ms(100)), Message::Note(2)]);
        settle().await;
        group.cancel("enough");
        sleep(ms(1_000)).await;
    })
    .await;
    assert!(matches!(outcome, Err(GroupError::Cancelled(_))), "{outcome:?}");
    assert_eq!((journal.lines(), journal.time()), (vec!["1".to_owned()], 1));
}

#[arbour::test]
async fn one_that_is_spawned_into_a_group_that_has_finished_refuses_every_message() {
    let journal = Journal::new();
    let group = task_group(async |group| group).await.unwrap();
    let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 16);
    assert!(matches!(address.tell(Message::Note(1)).await.unwrap_err().into_message(), Message::Note(1)));
    assert_eq!(address.ask(Message::Ignore).await, Err(AskError::Stopped));
}

#[tokio::test]
async fn it_runs_in_a_plain_tokio_program() {
    let journal = Journal::new();
    let answer = task_group(async |group| {
        let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 0);
        address.ask(|reply| Message::Ask(0, reply)).await
    });
    assert_eq!(answer.await.unwrap(), Ok(1));
}

/// Fails with the cancellation of something else.
struct Hasty;

impl Actor for Hasty {
    type Message = ();

    async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> {
        Ok(move_on_after(ms(5), std::future::pending::<()>()).await?)
    }
}

#[arbour::test]
async fn an_error_that_is_a_cancellation_of_something_else_is_a_failure_like_others() {
    let outcome = task_group(async |group| {
        let address = spawn_actor(&group, "hasty", Hasty, 16);
        address.tell(()).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    assert!(outcome.unwrap_err().find::<Cancelled>().is_some());
}

/// Has a task of its own that goes on for ever, and cleans up.
struct Busy {
    journal: Journal,
}

impl Actor for Busy {
    type Message = ();

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        let journal = self.journal.clone();
        cx.spawn(async move {
            let deferred = journal.clone();
            defer(async move {
                sleep(ms(10)).await;
                deferred.note("its task has ended");
            });
            std::future::pending::<Result<(), Failure>>().await
        });
        Ok(())
    }

    async fn handle(&mut self, (): (), cx: &mut Context<Self>) -> Result<(), Failure> {
        cx.stop();
        Ok(())
    }
}

#[arbour::test]
async fn its_own_tasks_are_cancelled_when_it_ends_and_waited_for() {
    let journal = Journal::new();
    task_group(async |group| {
        let address = spawn_actor(&group, "busy", Busy { journal: journal.clone() }, 16);
        settle().await;
        address.tell(()).await.unwrap();
        let down = address.ended().await;
        journal.note(down.to_string());
    })
    .await
    .unwrap();
    let expected = ["its task has ended@11", "the actor busy ended normally (incarnation 1)@11"];
    assert_eq!(journal.timed(), expected);
}
