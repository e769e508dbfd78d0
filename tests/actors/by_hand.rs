//! A task that runs already becomes an actor.

use crate::support::{Journal, Message, Puppet, ms, send, settle};
use arbour::{Address, AskError, Failure, TellError, move_on_after, run_actor, task_group};
use tokio::sync::oneshot;

/// A task that becomes a puppet, and what it has come to in the end.
async fn becoming(journal: Journal, here: oneshot::Sender<Address<Puppet>>) -> Result<(), Failure> {
    journal.note("a task");
    let ended = run_actor("puppet", 4, |address| {
        here.send(address).unwrap();
        Puppet::new(&journal)
    })
    .await;
    journal.note(format!("a task again: {:?}", ended.as_ref().map_err(ToString::to_string)));
    ended
}

#[arbour::test]
async fn name_monitor_and_stop_are_those_of_any_actor() {
    let journal = Journal::new();
    task_group(async |group| {
        let (here, there) = oneshot::channel();
        group.spawn(becoming(journal.clone(), here));
        let address = there.await.unwrap();
        assert_eq!(address.name(), "puppet");
        let monitor = address.monitor();
        send(&address, [Message::Note(1)]);
        let down = address.stop().await.unwrap();
        assert_eq!(down.to_string(), "the actor puppet ended normally (incarnation 1)");
        assert_eq!(monitor.await.to_string(), down.to_string());
        assert!(matches!(address.try_tell(Message::Note(2)), Err(TellError::Stopped(_))));
    })
    .await
    .unwrap();
    assert_eq!(journal.lines(), ["a task", "1", "a task again: Ok(())"]);
}

#[arbour::test]
async fn its_failure_is_told_to_the_task_that_it_was() {
    let journal = Journal::new();
    let outcome = task_group(async |group| {
        let (here, there) = oneshot::channel();
        group.spawn(becoming(journal.clone(), here));
        let address = there.await.unwrap();
        assert_eq!(address.ask(|reply| Message::Ask(9, reply)).await, Err(AskError::Crashed));
        let down = address.ended().await;
        assert_eq!(down.to_string(), "the actor puppet failed (incarnation 1): as told");
    })
    .await;
    assert!(outcome.unwrap_err().to_string().contains("as told"));
}

#[arbour::test]
async fn one_that_is_dropped_half_way_refuses_from_then_on() {
    let journal = Journal::new();
    let (here, there) = oneshot::channel();
    let dropped = move_on_after(ms(5), becoming(journal, here)).await;
    dropped.unwrap_err();
    let address = there.await.unwrap();
    settle().await;
    assert!(matches!(address.try_tell(Message::Note(2)), Err(TellError::Stopped(_))));
    assert_eq!(address.ended().await.incarnation, 1);
}
