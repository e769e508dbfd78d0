//! The tasks of an actor: they fail with it and it with them, and end with the incarnation.

use crate::doer::{doer, fail, now, pause, slow};
use crate::support::{Journal, ms, settle, supervised};
use arbour::{Actor, ActorSpec, Context, Failure, GroupError, defer};
use std::future::pending;
use tokio::time::sleep;

#[arbour::test]
async fn the_failure_of_a_task_fails_the_actor_which_is_restarted() {
    let (address, child) = doer().build();
    let spawn = now(|cx| {
        cx.spawn(async {
            sleep(ms(10)).await;
            Err::<(), _>(Failure::message("the task broke"))
        });
    });
    supervised(child, async |handle| {
        let monitor = address.monitor();
        address.tell(spawn).await.unwrap();
        let down = monitor.await;
        assert!(down.exit.as_ref().is_some_and(|exit| exit.kind().is_abnormal()), "{down}");
        assert!(down.to_string().contains("the task broke"), "{down}");
        settle().await;
        assert_eq!(handle.which_child("doer").await.unwrap().incarnation, 2);
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn the_failure_of_a_task_of_an_unsupervised_actor_fails_its_group() {
    let outcome = arbour::task_group(async |group| {
        let address = doer().spawn(&group);
        let spawn = now(|cx| {
            cx.spawn(async { Err::<(), _>(Failure::message("the task broke")) });
        });
        address.tell(spawn).await.unwrap();
        pending::<()>().await;
    })
    .await;
    let Err(GroupError::Failed(failures)) = outcome else { panic!("{outcome:?}") };
    assert!(failures.iter().any(|failure| failure.to_string().contains("the task broke")), "{failures:?}");
}

/// Spawns a task that never ends by itself, and whose clean-up takes 50 ms.
fn spawn_endless(cx: &Context<crate::doer::Doer>, journal: &Journal) {
    let notes = journal.clone();
    cx.spawn(async move {
        let end = notes.clone();
        defer(async move {
            sleep(ms(50)).await;
            end.note("cleaned up");
        });
        notes.note("spawned");
        pending::<Result<(), Failure>>().await
    });
}

/// What is seen when an actor with an endless task comes to such an end, and the next incarnation begins.
async fn after(end: crate::doer::Job) -> Vec<String> {
    let journal = Journal::new();
    let made = journal.clone();
    let spec = ActorSpec::new("doer", move || {
        made.note("made");
        crate::doer::Doer
    });
    let (address, child) = spec.build();
    let notes = journal.clone();
    supervised(child, async |_| {
        address.tell(now(move |cx| spawn_endless(cx, &notes))).await.unwrap();
        settle().await;
        address.tell(end).await.unwrap();
        sleep(ms(100)).await;
    })
    .await
    .1
    .unwrap();
    journal.timed()
}

#[arbour::test]
async fn they_are_cancelled_and_waited_for_before_the_next_incarnation() {
    let expected = ["made@0", "spawned@0", "cleaned up@51", "made@51"];
    assert_eq!(after(fail()).await, expected);
    assert_eq!(after(now(|cx| cx.stop())).await, expected);
    assert_eq!(after(now(|_| panic!("as told"))).await, expected);
    let cancel = slow(|cx| {
        cx.scope().cancel("somebody");
        Box::pin(pending())
    });
    assert_eq!(after(cancel).await, expected);
}

#[arbour::test]
async fn they_outlive_their_message() {
    let journal = Journal::new();
    let (address, child) = doer().build();
    let notes = journal.clone();
    let spawn = now(move |cx| {
        let notes = notes.clone();
        let group = cx.group();
        cx.spawn(async move {
            sleep(ms(20)).await;
            notes.note("first");
            group.spawn_value(async move { notes.note("second") });
            Ok::<_, Failure>(())
        });
    });
    supervised(child, async |_| {
        address.tell(spawn).await.unwrap();
        address.tell(pause(ms(1))).await.unwrap();
        sleep(ms(50)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["first@20", "second@20"]);
}

/// Spawns an endless task in `started`, and then fails in its first incarnation.
struct Early(Journal);

impl Actor for Early {
    type Message = ();

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        cx.spawn(pending::<Result<(), Failure>>());
        self.0.note(format!("started {}", cx.incarnation()));
        if cx.incarnation() == 2 { Err(Failure::message("not today")) } else { Ok(()) }
    }

    async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> {
        Err(Failure::message("as told"))
    }
}

#[arbour::test]
async fn they_do_not_hold_up_the_end_of_one_whose_start_failed() {
    let journal = Journal::new();
    let made = journal.clone();
    let (address, child) = ActorSpec::new("early", move || Early(made.clone())).build();
    supervised(child, async |_| {
        address.tell(()).await.unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["started 1@0", "started 2@0", "started 3@0"]);
}
