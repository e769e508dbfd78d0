//! Servers from their start to their end: what a starter, a caller and a reader of the log learn.

use crate::doer::{Doer, Job, doer, fail, now, slow};
use crate::log::heard;
use crate::supervised::{ms, run, settle, supervisor};
use crate::support::Journal;
use arbour::{
    Actor, ActorSpec, Address, AskError, CallError, Context, ExitKind, Failure, GroupError, Reply, StopError,
    StopReason, SupervisorHandle, run_actor, spawn_actor, task_group,
};
use std::fmt;
use tokio::time::{Instant, sleep};
use tracing::Level;

/// Runs a supervised server beside `body`.
async fn serving<T>(body: impl AsyncFnOnce(Address<Doer>, SupervisorHandle) -> T) -> T {
    let (address, child) = doer().build();
    let (output, outcome) = run(supervisor().child(child), async |handle| {
        settle().await;
        body(address, handle).await
    })
    .await;
    outcome.unwrap();
    output
}

/// How a server starts and ends.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Sound,
    /// Its start takes a second.
    SlowStart,
    /// Its start is declined.
    Declined,
    /// It fails when it has stopped.
    FailsAtTheEnd,
    /// It panics when it has stopped.
    PanicsAtTheEnd,
    /// It fails at its description.
    Unspeakable,
    /// It panics at its description.
    Indescribable,
}

struct Server(Habit);

impl Actor for Server {
    type Message = Option<Reply<u32>>;

    async fn started(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        match self.0 {
            Habit::SlowStart => sleep(ms(1_000)).await,
            Habit::Declined => return Err(Failure::message("declined")),
            _ => {}
        }
        Ok(())
    }

    async fn handle(&mut self, message: Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
        message.ok_or_else(|| Failure::message("broken"))?.send(7);
        Ok(())
    }

    async fn stopped(&mut self, _: StopReason, _: &mut Context<Self>) -> Result<(), Failure> {
        match self.0 {
            Habit::FailsAtTheEnd => Err(Failure::message("the end failed")),
            Habit::PanicsAtTheEnd => panic!("the end panicked"),
            _ => Ok(()),
        }
    }

    fn kind(message: &Self::Message) -> &'static str {
        if message.is_some() { "number" } else { "crash" }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Habit::Unspeakable => Err(fmt::Error),
            Habit::Indescribable => panic!("no words"),
            _ => f.write_str("a server's state"),
        }
    }
}

fn server(habit: Habit) -> ActorSpec<Server> {
    ActorSpec::new("server", move || Server(habit))
}

mod gen_server {
    use super::*;

    /// An actor's name is that of its child in its supervisor. A start in a group is linked to the group; its failure
    /// comes to the group, to whoever monitors, and to nobody else.
    #[arbour::test]
    async fn start() {
        let outcome = task_group(async |group| {
            let plain = spawn_actor(&group, "plain", Server(Habit::Sound), 16);
            assert_eq!(plain.ask(Some).await, Ok(7));
            let declined = spawn_actor(&group, "declined", Server(Habit::Declined), 16);
            let down = declined.monitor().await;
            assert_eq!(down.to_string(), "the actor declined failed (incarnation 1): declined: declined");
            assert_eq!(declined.ask(Some).await, Err(AskError::Stopped));
            std::future::pending::<()>().await;
        })
        .await;
        let Err(GroupError::Failed(failures)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(failures[0].to_string(), "declined: declined");

        let outcome = run(supervisor(), async |handle| {
            let (address, child) = server(Habit::Sound).build();
            handle.start_child(child).await.unwrap();
            assert_eq!(address.ask(Some).await, Ok(7));

            let (twin, child) = server(Habit::Sound).build();
            let clash = handle.start_child(child).await.unwrap_err();
            assert!(matches!(clash.reason, CallError::AlreadyStarted { .. }), "{clash}");
            drop(clash);
            assert_eq!(twin.ask(Some).await, Err(AskError::Stopped));
            assert_eq!(address.ask(Some).await, Ok(7));
            handle.stop_child("server").await.unwrap();
            handle.delete_child("server").await.unwrap();

            let (address, child) = server(Habit::Declined).build();
            let declined = handle.start_child(child).await.unwrap_err();
            assert!(declined.to_string().contains("declined"), "{declined}");
            drop(declined);
            assert_eq!(address.ask(Some).await, Err(AskError::Stopped));

            let began = Instant::now();
            let (address, child) = server(Habit::SlowStart).build();
            let late = handle.start_child(child.start_timeout(ms(10))).await.unwrap_err();
            assert_eq!(began.elapsed(), ms(10));
            assert!(late.to_string().contains("10ms"), "{late}");
            drop(late);
            assert_eq!(address.ask(Some).await, Err(AskError::Stopped));
            let (_address, child) = server(Habit::SlowStart).build();
            handle.start_child(child.start_timeout(ms(2_000))).await.unwrap();
            assert_eq!(began.elapsed(), ms(1_010));
        })
        .await;
        outcome.1.unwrap();
    }

    /// There is one way to stop, whichever the reason: one who wants another waits no longer than he likes. A second
    /// stop hears of the same end; a time is a `Duration`, of which none is invalid.
    #[arbour::test]
    async fn stop1_stop7() {
        serving(async |address, handle| {
            let down = address.stop().await.unwrap();
            assert!(down.exit.as_ref().is_some_and(|exit| !exit.kind().is_abnormal()), "{down}");
            assert_eq!(down.incarnation, 1);
            assert!(!handle.which_child("doer").await.unwrap().is_running());
            assert_eq!(address.ask(|reply| now(|_| reply.send(()))).await, Err(AskError::Stopped));
            assert_eq!(address.stop().await.unwrap().incarnation, 1);

            handle.restart_child("doer").await.unwrap();
            drop(address.stop());
            settle().await;
            assert_eq!(address.ask(|reply| now(|_| reply.send(()))).await, Ok(()), "nobody had waited");
        })
        .await;
        task_group(async |group| {
            let address = doer().spawn(&group);
            let slow = slow(|_| {
                Box::pin(async {
                    sleep(ms(30)).await;
                    Ok(())
                })
            });
            address.tell(slow).await.unwrap();
            settle().await;
            let began = Instant::now();
            let early = arbour::fail_after(ms(9), address.stop()).await;
            assert!(early.is_err(), "it waits for its end");
            let down = address.stop().await.unwrap();
            assert_eq!(began.elapsed(), ms(29), "what was begun is finished");
            assert_eq!(down.incarnation, 1);
            assert_eq!(address.stop().await.unwrap().incarnation, 1);
            assert!(address.downgrade().upgrade().is_none());
        })
        .await
        .unwrap();
        let (address, child) = doer().build();
        assert_eq!(address.stop().await.unwrap_err(), StopError::NotStarted);
        drop(child);
        assert_eq!(address.stop().await.unwrap().to_string(), "the actor doer never ran");
    }

    #[arbour::test]
    async fn crash() {
        let quiet = heard(Level::WARN, async {
            let (address, child) = server(Habit::Sound).build();
            run(supervisor().child(child), async |_| {
                settle().await;
                address.stop().await.unwrap();
            })
            .await
            .1
            .unwrap();
        })
        .await;
        assert_eq!(quiet, Vec::<String>::new());

        let told = heard(Level::WARN, async {
            let (address, child) = server(Habit::Sound).build();
            let (answer, _) = run(supervisor().child(child), async |_| {
                address.ask(Some).await.unwrap();
                address.tell(None).await.unwrap();
                settle().await;
                address.ask(Some).await
            })
            .await;
            assert_eq!(answer, Ok(7), "it came back");
        })
        .await;
        let [report, decision] = &told[..] else { panic!("{told:#?}") };
        assert!(report.starts_with("ERROR the handler of a message failed: the actor ends"), "{report}");
        for field in ["actor=\"server\"", "kind=\"crash\"", "sequence=2", "a server's state", "broken"] {
            assert!(report.contains(field), "{field} in {report}");
        }
        assert!(
            decision.starts_with("WARN child `server` (incarnation 1) failed: it is restarted"),
            "{decision}"
        );

        let answer = serving(async |address, _| {
            address
                .ask(|reply: Reply<()>| {
                    slow(|_| {
                        drop(reply);
                        Box::pin(async { Err(Failure::message("broken")) })
                    })
                })
                .await
        });
        assert_eq!(answer.await, Err(AskError::Crashed));
    }

    /// Whoever is called when it dies is told of; where it is makes no difference, for an address knows its actor.
    #[arbour::test]
    async fn call_remote() {
        serving(async |address, _| {
            let asking = address.clone();
            let ask = tokio::spawn(async move {
                asking
                    .ask(|reply: Reply<()>| {
                        slow(move |_| {
                            Box::pin(async move {
                                let _reply = reply;
                                sleep(ms(10)).await;
                                panic!("during the call")
                            })
                        })
                    })
                    .await
            });
            assert_eq!(ask.await.unwrap(), Err(AskError::Crashed));
            settle().await;
            address.stop().await.unwrap();
            assert_eq!(address.ask(|reply: Reply<()>| now(|_| reply.send(()))).await, Err(AskError::Stopped));
        })
        .await;
        let pending = {
            let (address, _child) = doer().build();
            address.request(|reply: Reply<()>| now(|_| reply.send(()))).await.unwrap()
        };
        assert_eq!(pending.await, Err(AskError::Stopped), "what will never be is not waited for");
    }

    /// A task that already runs becomes an actor, and its caller goes on when that has ended.
    #[arbour::test]
    async fn otp_5854() {
        task_group(async |group| {
            let (tell, told) = tokio::sync::oneshot::channel();
            let journal = Journal::default();
            let notes = journal.clone();
            let task = group.spawn(async move {
                notes.note("a task");
                run_actor("by hand", 16, |address| {
                    tell.send(address).unwrap_or_else(|_| panic!("somebody waits"));
                    Server(Habit::Sound)
                })
                .await?;
                notes.note("a task again");
                Ok::<_, Failure>(())
            });
            let address: Address<Server> = told.await.unwrap();
            assert_eq!((address.name(), address.ask(Some).await), ("by hand", Ok(7)));
            let monitor = address.monitor();
            let down = address.stop().await.unwrap();
            assert_eq!((down.incarnation, monitor.await.incarnation), (1, 1));
            task.await.unwrap();
            journal.is(["a task", "a task again"]);
            assert_eq!(address.ask(Some).await, Err(AskError::Stopped));
        })
        .await
        .unwrap();
    }

    /// A failure of the hook is the exit; so is a panic. The supervisor reports it; the state has been given up by
    /// then, so it is not told.
    #[arbour::test]
    async fn terminate_crash_format() {
        for (habit, kind, reason) in [
            (Habit::FailsAtTheEnd, ExitKind::Failed, "the end failed"),
            (Habit::PanicsAtTheEnd, ExitKind::Panicked, "the end panicked"),
        ] {
            let told = heard(Level::WARN, async {
                let (address, child) = server(habit).build();
                run(supervisor().child(child), async |_| {
                    settle().await;
                    let down = address.stop().await.unwrap();
                    assert_eq!(down.exit.as_ref().map(arbour::Exit::kind), Some(kind), "{down}");
                    assert!(down.to_string().contains(reason), "{down}");
                })
                .await
                .1
                .unwrap();
            })
            .await;
            assert!(told.iter().any(|line| line.contains(reason)), "{told:#?}");
        }
    }

    #[arbour::test]
    async fn crash_in_format_status() {
        for (habit, note) in [
            (Habit::Unspeakable, "(the description of the state failed)"),
            (Habit::Indescribable, "(the description of the state panicked: no words)"),
        ] {
            let told = heard(Level::ERROR, async {
                let (address, child) = server(habit).build();
                run(supervisor().child(child), async |_| {
                    settle().await;
                    let status = address.status().await.unwrap();
                    assert_eq!((&*status.actor, status.incarnation, &*status.state), ("server", 1, note));
                    assert_eq!(address.ask(Some).await, Ok(7), "it lives");
                    address.tell(None).await.unwrap();
                    settle().await;
                })
                .await
                .1
                .unwrap();
            })
            .await;
            let report = told.iter().find(|line| line.contains("the handler of a message failed"));
            assert!(report.is_some_and(|report| report.contains(note)), "{told:#?}");
        }
    }
}

mod process_test {
    use super::*;

    /// Nobody sends an exit: that one of a group ends normally is nothing to the others, and an actor ends itself by
    /// `cx.stop()`.
    #[arbour::test]
    async fn exit_pid_normal_does_not_cause_the_target_process_to_exit() {
        task_group(async |group| {
            let ends = spawn_actor(&group, "ends", Doer, 16);
            let stays = spawn_actor(&group, "stays", Doer, 16);
            let alive = || stays.ask(|reply| now(|_| reply.send("alive")));
            ends.tell(now(Context::stop)).await.unwrap();
            assert_eq!(ends.ended().await.exit.as_ref().map(arbour::Exit::kind), Some(ExitKind::Normal));
            assert_eq!(alive().await, Ok("alive"));
            stays.tell(now(Context::stop)).await.unwrap();
            assert_eq!(stays.ended().await.exit.as_ref().map(arbour::Exit::kind), Some(ExitKind::Normal));
            assert_eq!(alive().await, Err(AskError::Stopped));
        })
        .await
        .unwrap();
    }

    #[arbour::test]
    async fn send_after_returns_a_timer_reference_that_can_be_read_or_cancelled() {
        let journal = Journal::default();
        let fired = journal.clone();
        let job: Job = slow(move |cx| {
            Box::pin(async move {
                let note = crate::doer::note;
                cx.after("read", ms(100), note(&fired, "never"));
                cx.after("fires", ms(10), note(&fired, "fired"));
                sleep(ms(5)).await;
                assert_eq!(cx.timer_left("read"), Some(ms(95)));
                assert_eq!(cx.cancel_timer("read"), Some(ms(95)));
                assert_eq!((cx.timer_left("read"), cx.cancel_timer("read")), (None, None));
                Ok(())
            })
        });
        serving(async |address, _| {
            address.tell(job).await.unwrap();
            sleep(ms(20)).await;
            let gone = now(|cx| assert_eq!((cx.timer_left("fires"), cx.cancel_timer("fires")), (None, None)));
            address.tell(gone).await.unwrap();
            sleep(ms(200)).await;
            assert_eq!(address.status().await.unwrap().incarnation, 1);
        })
        .await;
        journal.is(["fired"]);
    }

    #[arbour::test]
    async fn simple_alias_unalias_flow() {
        let (hold, held) = tokio::sync::oneshot::channel();
        serving(async |address, _| {
            let pending =
                address.request(|reply: Reply<u32>| now(|_| hold.send(reply).unwrap())).await.unwrap();
            let reply = held.await.unwrap();
            assert!(!reply.is_abandoned());
            drop(pending);
            assert!(reply.is_abandoned());
            reply.send(1);

            let twice = |reply: Reply<u32>| {
                now(move |_| {
                    reply.clone().send(1);
                    reply.send(2);
                })
            };
            let mut pending = address.request(twice).await.unwrap();
            settle().await;
            assert_eq!(pending.try_take(), Some(Ok(1)));
            assert_eq!(pending.try_take(), None, "exactly one");
            address.tell(fail()).await.unwrap();
        })
        .await;
    }
}
