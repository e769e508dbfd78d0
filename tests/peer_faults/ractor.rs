//! Faults of ractor 0.16.5, by their number in `COMPARE.md`.

use crate::support::{Journal, Message, NoteOnDrop, Pace, endless, ms, run, settle, worker};
use arbour::stream::{SendError, TrySendError};
use arbour::{
    Actor, ActorSpec, Backoff, CancelScope, ChildSpec, Context, Failure, Shutdown, TellError, task_group,
};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::mpsc;
use tokio::time::sleep;

/// R1, ractor 0.16.5: a parent that was stopped and joined leaves its child running inside a handler, and `post_stop`
/// of the child never runs.
#[arbour::test]
async fn a_supervisor_that_is_stopped_waits_for_the_handler_and_the_stop_hook_of_its_child() {
    let journal = Journal::new();
    let (address, child) = worker("a", &journal, Pace { stop: ms(20), ..Pace::default() }).build();
    run(endless().child(child), async |_| {
        address.tell(Message::Slow("handled", ms(300))).await.unwrap();
        settle().await;
    })
    .await
    .1
    .unwrap();
    journal.note("ended");
    assert_eq!(
        journal.lines(),
        ["a 1 started@0", "handled@300", "a 1 stopped@320", "a 1 cleaned up@320", "ended@320"]
    );
}

/// R1, ractor 0.16.5: the end of a parent kills its children, and nobody waits for what they clean up.
#[arbour::test]
async fn a_supervisor_that_is_cancelled_ends_after_the_clean_up_of_a_child_that_was_in_a_handler() {
    let journal = Journal::new();
    let (address, child) = worker("a", &journal, Pace { clean_up: ms(200), ..Pace::default() }).build();
    let scope = CancelScope::new();
    let handle = scope.handle();
    let app = endless().child(child).build().unwrap();
    task_group(async |group| {
        let running = group.spawn_value(scope.run(app.run()));
        address.tell(Message::Slow("handled", ms(300))).await.unwrap();
        sleep(ms(100)).await;
        handle.cancel("enough");
        let _ = running.await.unwrap();
    })
    .await
    .unwrap();
    journal.note("ended");
    assert_eq!(journal.lines(), ["a 1 started@0", "a 1 cleaned up@300", "ended@300"]);
}

/// R2, ractor 0.16.5 and slawlor/ractor#84: every mailbox is unbounded.
#[arbour::test]
async fn a_busy_actor_takes_as_many_messages_as_its_mailbox_holds_and_hands_back_the_next() {
    let journal = Journal::new();
    let (address, child) = worker("a", &journal, Pace::default()).build();
    run(endless().child(child), async |_| {
        address.tell(Message::Slow("slow", ms(1_000))).await.unwrap();
        settle().await;
        let taken = (0..1_000_000).take_while(|_| address.try_tell(Message::Note("one")).is_ok()).count();
        assert_eq!(taken, 64, "what a mailbox holds unless something else is asked for");
        let refused = address.try_tell(Message::Note("one more")).unwrap_err();
        assert!(matches!(&refused, TellError::Full(_)));
        // To tell is to wait for room, so that a quick sender goes at the pace of a slow actor.
        address.tell(refused.into_message()).await.unwrap();
        assert_eq!(journal.time(), 1_000);
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines().iter().filter(|line| line.starts_with("one")).count(), 65);
}

/// Whether a type may be shared between threads, decided by the compiler.
struct Probe<T>(PhantomData<T>);

trait Unshared {
    const SHARED: bool = false;
}

impl<T> Unshared for Probe<T> {}

impl<T: Sync> Probe<T> {
    const SHARED: bool = true;
}

/// R3, ractor 0.16.5 and slawlor/ractor#466: `MessagingErr<T>` says of itself that it is `Sync` whatever `T` is, so that
/// safe code can share a `Cell` between threads.
#[test]
fn an_error_that_hands_back_a_message_is_shared_between_threads_exactly_if_the_message_is() {
    macro_rules! shared_as_its_message {
        ($($error:ident),*) => {
            $(
                const { assert!(!Probe::<$error<Cell<u32>>>::SHARED) };
                const { assert!(Probe::<$error<u32>>::SHARED) };
            )*
        };
    }
    shared_as_its_message!(TellError, SendError, TrySendError);
}

/// R4, ractor 0.16.5: nothing is restarted, and what is queued is dropped with an actor that panicked.
#[arbour::test]
async fn what_is_queued_behind_a_panic_is_handled_by_the_next_incarnation_in_order() {
    let journal = Journal::new();
    let (address, child) = worker("a", &journal, Pace::default()).build();
    run(endless().child(child), async |_| {
        for message in [
            Message::Note("one"),
            Message::Panic,
            Message::Note("two"),
            Message::Panic,
            Message::Note("three"),
        ] {
            address.try_tell(message).unwrap();
        }
        assert_eq!(address.ask(Message::Which).await, Ok(3));
    })
    .await
    .1
    .unwrap();
    let notes: Vec<String> = journal.lines().into_iter().filter(|line| !line.contains("a ")).collect();
    assert_eq!(notes.iter().map(|line| &line[..2]).collect::<Vec<_>>(), ["on", "tw", "th"]);
}

/// Blocks its thread when it is dropped, until it is told to go on.
struct Stubborn {
    reached: mpsc::Sender<()>,
    go_on: mpsc::Receiver<()>,
}

impl Drop for Stubborn {
    fn drop(&mut self) {
        self.reached.send(()).unwrap();
        let _ = self.go_on.recv();
    }
}

/// R5, ractor 0.16.5: one lock of the whole process guards every link. So it does in Arbour, where however nothing of a
/// user's is done under it: a thread that is stuck in the clean-up of one tree holds up no other tree.
#[test]
fn a_tree_whose_clean_up_blocks_its_thread_holds_up_no_tree_on_other_threads() {
    let (reached, has_reached) = mpsc::channel();
    let (let_go, go_on) = mpsc::channel::<()>();
    let stuck = std::thread::spawn(move || {
        arbour::testing::block_on(async move {
            let stubborn = Stubborn { reached, go_on };
            let _ = arbour::move_on_after(ms(1), async move {
                let _held = stubborn;
                std::future::pending::<()>().await;
            })
            .await;
        });
    });
    has_reached.recv().unwrap();
    // In a thread of its own, so that a standstill would be a failure and not a test without an end.
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        arbour::testing::block_on(async {
            let journal = Journal::new();
            let (address, child) = worker("a", &journal, Pace::default()).build();
            run(endless().child(child.backoff(Backoff::none())), async |_| {
                address.tell(Message::Panic).await.unwrap();
                assert_eq!(address.ask(Message::Which).await, Ok(2));
            })
            .await
            .1
            .unwrap();
        });
        done.send(()).unwrap();
    });
    let other = is_done.recv_timeout(std::time::Duration::from_secs(20));
    drop(let_go);
    stuck.join().unwrap();
    assert_eq!(other, Ok(()));
}

/// Ticks for ever, as a child of the handler of a message.
struct Clock {
    journal: Journal,
}

impl Actor for Clock {
    type Message = ();

    async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> {
        let journal = self.journal.clone();
        task_group(async |group| {
            group.spawn_value(async move {
                let ticking = NoteOnDrop(journal, "no more ticks".to_owned());
                loop {
                    sleep(ms(100)).await;
                    ticking.0.note("tick");
                }
            });
        })
        .await?;
        Ok(())
    }
}

/// R7, ractor 0.16.5: a timer is a detached task, which outlives its actor.
#[arbour::test]
async fn a_tick_that_an_actor_started_has_ended_when_the_actor_has() {
    let journal = Journal::new();
    let notes = journal.clone();
    let (clock, child) = ActorSpec::new("clock", move || Clock { journal: notes.clone() }).build();
    let child: ChildSpec = child.shutdown(Shutdown::After(ms(0)));
    run(endless().child(child), async |app| {
        clock.tell(()).await.unwrap();
        sleep(ms(250)).await;
        app.stop_child("clock").await.unwrap();
        journal.note("down");
        sleep(ms(1_000)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["tick@100", "tick@200", "no more ticks@250", "down@250"]);
}
