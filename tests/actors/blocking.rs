//! Addresses for code that does not await: where they work, and where they say why not.

use crate::doer::{doer, fail, now, pause};
use crate::support::ms;
use arbour::{AskError, Progress, Reply, StopError, TellError, task_group};

fn seven(reply: Reply<u32>) -> crate::doer::Job {
    now(move |_| reply.send(7))
}

#[tokio::test]
async fn they_work_in_a_plain_thread_and_in_spawn_blocking() {
    task_group(async |group| {
        let address = doer().mailbox(1).spawn(&group);
        for plain in [true, false] {
            let address = address.blocking();
            let work = move || {
                address.tell(pause(ms(1))).unwrap();
                address.tell(pause(ms(1))).unwrap();
                address.tell(pause(ms(1))).unwrap();
                let late = address.ask_within(ms(1), |reply: Reply<()>| {
                    now(move |cx| {
                        cx.spawn(async move {
                            tokio::time::sleep(ms(60_000)).await;
                            reply.send(());
                            Ok::<_, arbour::Failure>(())
                        });
                    })
                });
                (address.ask(seven), matches!(late, Err(AskError::TimedOut(_))))
            };
            let answer = if plain {
                let (tell, told) = tokio::sync::oneshot::channel();
                let thread = std::thread::spawn(move || tell.send(work()).unwrap());
                let answer = told.await.unwrap();
                thread.join().unwrap();
                answer
            } else {
                tokio::task::spawn_blocking(work).await.unwrap()
            };
            assert_eq!(answer, (Ok(7), true), "plain: {plain}");
        }
        group.cancel("done");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_message_that_is_not_handled_in_time_is_told_as_not_handled() {
    task_group(async |group| {
        let address = doer().spawn(&group);
        address.tell(pause(ms(60_000))).await.unwrap();
        let blocking = address.blocking();
        let late = tokio::task::spawn_blocking(move || blocking.ask_within(ms(10), seven)).await.unwrap();
        assert_eq!(late, Err(AskError::TimedOut(Progress::NotHandled)));
        group.cancel("done");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn in_a_current_thread_runtime_they_refuse_and_do_not_hang() {
    refuses().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_worker_of_a_runtime_they_refuse_and_do_not_hang() {
    tokio::spawn(refuses()).await.unwrap();
}

async fn refuses() {
    task_group(async |group| {
        let address = doer().spawn(&group);
        let blocking = address.blocking();
        let refused = blocking.tell(fail()).unwrap_err();
        assert!(matches!(refused, TellError::WouldBlock(_)), "{refused:?}");
        assert!(refused.to_string().contains("await `tell` there"), "{refused}");
        assert_eq!(blocking.ask(seven), Err(AskError::WouldBlock));
        assert_eq!(blocking.ask_within(ms(10), seven), Err(AskError::WouldBlock));
        assert_eq!(blocking.stop().unwrap_err(), StopError::WouldDeadlock);
        assert_eq!(address.ask(seven).await, Ok(7), "none of them was sent");
    })
    .await
    .unwrap();
}

#[test]
fn after_the_runtime_has_gone_they_say_that_the_actor_has_stopped() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    runtime.spawn(task_group(async move |group| {
        tell.send(doer().spawn(&group).blocking()).unwrap();
        std::future::pending::<()>().await;
    }));
    let address = told.recv().unwrap();
    assert_eq!(address.ask(seven), Ok(7));
    drop(runtime);
    assert!(matches!(address.tell(fail()), Err(TellError::Stopped(_))));
    assert_eq!(address.ask(seven), Err(AskError::Stopped));
    assert_eq!(address.ask_within(ms(10), seven), Err(AskError::Stopped));
    assert_eq!(address.stop().unwrap().actor.as_ref(), "doer");
}
