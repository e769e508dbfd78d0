//! Calling servers: one at a time, several at a time, and many.

use crate::doer::{Doer, Job, doer, fail, now, pause, slow};
use crate::supervised::{HOUR, ms, settle};
use crate::support::Polls;
use arbour::{
    Actor, Address, AskError, Context, Failure, Mailbox, NoQuorum, PendingReply, Progress, Reply, ask_many,
    spawn_actor, task_group,
};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::pin::Pin;
use tokio::time::{Instant, sleep};

/// Replies with this after so long; meanwhile others are served.
fn answer(after: u64, value: u32) -> impl FnOnce(Reply<u32>) -> Job + Send {
    move |reply| {
        now(move |cx| {
            cx.spawn(async move {
                sleep(ms(after)).await;
                reply.send(value);
                Ok::<_, Failure>(())
            });
        })
    }
}

/// Runs one server of a group beside `body`.
async fn served<T>(body: impl AsyncFnOnce(Address<Doer>) -> T) -> T {
    task_group(async |group| {
        let address = doer().spawn(&group);
        let output = body(address.clone()).await;
        group.cancel("done");
        output
    })
    .await
    .unwrap()
}

type Labelled = Pin<Box<dyn Future<Output = (&'static str, Result<u32, AskError>)> + Send>>;

fn labelled(label: &'static str, pending: PendingReply<u32>) -> Labelled {
    Box::pin(async move { (label, pending.await) })
}

mod gen_server_test {
    use super::*;

    /// A name that nobody has and a node that is not there have no address, so that nobody can call them.
    #[arbour::test]
    async fn call_3_exit_messages() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let errors = served(async |address| {
            let own = slow(move |cx| {
                let own = cx.address().expect("it lives");
                Box::pin(async move {
                    let by_address = own.ask(answer(0, 1)).await.unwrap_err();
                    let by_recipient = own.recipient::<Job>().ask(answer(0, 1)).await.unwrap_err();
                    tell.send([by_address, by_recipient]).unwrap();
                    Ok(())
                })
            });
            address.tell(own).await.unwrap();
            let [own, by_recipient] = told.await.unwrap();
            assert_eq!(own, by_recipient);
            let late = address.ask_within(ms(10), answer(20, 1)).await.unwrap_err();
            let dropped = address.ask(|reply: Reply<u32>| now(|_| drop(reply))).await.unwrap_err();
            let weak = address.downgrade();
            address.stop().await.unwrap();
            let stopped = address.ask(answer(0, 1)).await.unwrap_err();
            assert!(weak.upgrade().is_none(), "there is nobody to be called");
            [own, late, dropped, stopped]
        })
        .await;
        assert_eq!(
            errors.map(|error| error.to_string()),
            [
                "no reply: the actor doer would wait for itself",
                "no reply in time: the message is being handled, or was",
                "no reply: the message was handled and the reply was dropped unsent",
                "no reply: the actor has stopped",
            ]
        );
    }
}

mod gen_server {
    use super::*;

    /// What a callback returns is checked by the compiler; a handler that drops the reply is what is left, and the
    /// server lives.
    #[arbour::test]
    async fn call() {
        served(async |address| {
            assert_eq!(address.ask(|reply| now(|_| reply.send(1))).await, Ok(1));
            let began = Instant::now();
            assert_eq!(address.ask(answer(10, 2)).await, Ok(2));
            assert_eq!(began.elapsed(), ms(10));
            assert_eq!(address.ask_within(ms(30), answer(20, 3)).await, Ok(3));
            let began = Instant::now();
            let unknown = Err(AskError::TimedOut(Progress::Unknown));
            assert_eq!(address.ask_within(ms(1), answer(30, 4)).await, unknown);
            assert_eq!(began.elapsed(), ms(1));
            address.tell(pause(ms(100))).await.unwrap();
            settle().await;
            let not_handled = Err(AskError::TimedOut(Progress::NotHandled));
            assert_eq!(address.ask_within(ms(10), answer(0, 5)).await, not_handled);
            let dropped = address.ask(|reply: Reply<()>| now(|_| drop(reply))).await;
            assert_eq!(dropped, Err(AskError::NoReply));
            assert_eq!(address.ask(|reply| now(|_| reply.send(6))).await, Ok(6));
        })
        .await;
    }

    #[arbour::test]
    async fn send_request() {
        served(async |address| {
            let mut late = address.request(answer(20, 1)).await.unwrap();
            let early = address.request(answer(10, 2)).await.unwrap();
            assert!(late.try_take().is_none(), "a wait for no time");
            assert_eq!(early.await, Ok(2));
            assert!(late.try_take().is_none(), "an answer to another is none");
            sleep(ms(20)).await;
            assert_eq!(late.try_take(), Some(Ok(1)), "it can still be collected");
            let crashing = address.request(|reply: Reply<u32>| now(|_| drop(reply))).await.unwrap();
            address.stop().await.unwrap();
            assert_eq!(crashing.await, Err(AskError::NoReply));
            assert_eq!(address.request(answer(0, 1)).await.unwrap_err(), AskError::Stopped);
        })
        .await;
    }

    /// A collection is whatever holds futures; a request has one place in it, for it is moved there.
    #[arbour::test]
    async fn send_request_receive_reqid_collection() {
        served(async |address| {
            let mut collection = FuturesUnordered::new();
            assert_eq!(collection.next().await.map(|(label, _): (&str, _)| label), None);
            for (label, after) in [("slow", 30), ("quick", 10), ("middle", 20)] {
                collection.push(labelled(label, address.request(answer(after, 1)).await.unwrap()));
            }
            let began = Instant::now();
            for (left, label, at) in [(2, "quick", 10), (1, "middle", 20)] {
                assert_eq!(collection.next().await, Some((label, Ok(1))));
                assert_eq!((collection.len(), began.elapsed()), (left, ms(at)));
            }
            let (hold, held) = tokio::sync::oneshot::channel();
            let holds = address.request(|reply| now(|_| hold.send(reply).unwrap())).await.unwrap();
            collection.push(labelled("held", holds));
            let deadline = began + ms(25);
            assert!(tokio::time::timeout_at(deadline, collection.next()).await.is_err());
            drop(collection);
            assert!(held.await.unwrap().is_abandoned(), "nobody will see its reply");

            let mut collection = FuturesUnordered::new();
            let gone = doer_that_fails().await;
            collection.push(labelled("gone", gone));
            collection.push(labelled("here", address.request(answer(10, 2)).await.unwrap()));
            assert_eq!(collection.next().await, Some(("gone", Err(AskError::Stopped))));
            assert_eq!(collection.next().await, Some(("here", Ok(2))));
        })
        .await;
    }

    /// A request to a server that fails before it comes to it.
    async fn doer_that_fails() -> PendingReply<u32> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let failed = task_group(async |group| {
            let address = doer().spawn(&group);
            address.tell(fail()).await.unwrap();
            tell.send(address.request(answer(0, 1)).await.unwrap()).unwrap();
            std::future::pending::<()>().await;
        });
        failed.await.unwrap_err();
        told.await.unwrap()
    }

    #[arbour::test]
    async fn send_request_wait_reqid_collection() {
        served(async |address| {
            let mut collection = FuturesUnordered::new();
            for (label, after) in [("slow", 30), ("quick", 10)] {
                collection.push(labelled(label, address.request(answer(after, 1)).await.unwrap()));
            }
            let began = Instant::now();
            assert_eq!(collection.next().await, Some(("quick", Ok(1))));
            assert!(tokio::time::timeout(ms(10), collection.next()).await.is_err());
            assert_eq!((collection.len(), began.elapsed()), (1, ms(20)));
            assert_eq!(collection.next().await, Some(("slow", Ok(1))), "the rest can still be collected");
            assert_eq!((collection.len(), began.elapsed()), (0, ms(30)));
        })
        .await;
    }

    /// A target is known by its address; who is missing is named by what it hands back.
    #[arbour::test]
    async fn abcast() {
        task_group(async |group| {
            let targets = ["a", "b", "c"].map(|name| spawn_actor(&group, name, Doer, 16));
            targets[1].stop().await.unwrap();
            let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
            let missing: Vec<&str> = targets
                .iter()
                .filter_map(|target| {
                    let tell = tell.clone();
                    let job = now(move |cx| tell.send(cx.name().to_owned()).unwrap());
                    target.try_tell(job).err().map(|_| target.name())
                })
                .collect();
            assert_eq!(missing, ["b"]);
            assert_eq!((told.recv().await.unwrap(), told.recv().await.unwrap()), ("a".into(), "c".into()));
            let asked = ask_many(&targets, |reply| now(|_| reply.send(1))).all().await;
            assert_eq!(asked, [Ok(1), Err(AskError::Stopped), Ok(1)]);
        })
        .await
        .unwrap();
    }

    /// The node that is gone is a runtime that is gone, with the actor that lived there.
    #[arbour::test]
    async fn multicall_remote() {
        let gone =
            std::thread::spawn(|| arbour::testing::block_on(doer_of_another_runtime())).join().unwrap();
        task_group(async |group| {
            let [a, b, dead, suspended] =
                ["a", "b", "dead", "suspended"].map(|name| spawn_actor(&group, name, Doer, 16));
            dead.stop().await.unwrap();
            suspended.tell(pause(HOUR)).await.unwrap();
            settle().await;
            let targets = [a, b, dead, gone, suspended];
            let began = Instant::now();
            let answers = ask_many(&targets, |reply| now(|_| reply.send(1))).within(ms(1_000)).all().await;
            assert_eq!(began.elapsed(), ms(1_000));
            let late = AskError::TimedOut(Progress::NotHandled);
            let bad = [AskError::Stopped, AskError::Stopped, late].map(Err);
            assert_eq!(answers, [[Ok(1), Ok(1)].to_vec(), bad.to_vec()].concat());

            let began = Instant::now();
            let slow = ask_many(&targets[..1], answer_in_a_second).within(ms(100)).all().await;
            assert_eq!(slow, [Err(AskError::TimedOut(Progress::Unknown))]);
            assert_eq!(began.elapsed(), ms(100));
            let NoQuorum { replies, errors, .. } = ask_many(&targets, |reply| now(|_| reply.send(1)))
                .within(ms(100))
                .quorum(3)
                .await
                .unwrap_err();
            assert_eq!((replies, errors.len()), (vec![1, 1], 3));
            group.cancel("done");
        })
        .await
        .unwrap();
    }

    fn answer_in_a_second(reply: Reply<u32>) -> Job {
        answer(1_000, 1)(reply)
    }

    async fn doer_of_another_runtime() -> Address<Doer> {
        let address = task_group(async |group| {
            let address = doer().spawn(&group);
            group.cancel("the node goes down");
            address
        });
        address.await.unwrap()
    }

    /// Counts to ten thousand by asking another, whatever waits in its own mailbox.
    struct Caller {
        counter: Address<Counter>,
    }

    enum Call {
        Count(Polls, Reply<(u32, usize)>),
        Unrelated,
    }

    struct Counter(u32);

    impl Actor for Counter {
        type Message = Reply<u32>;

        async fn handle(&mut self, reply: Reply<u32>, _: &mut Context<Self>) -> Result<(), Failure> {
            self.0 += 1;
            reply.send(self.0);
            Ok(())
        }
    }

    impl Actor for Caller {
        type Message = Call;

        async fn handle(&mut self, call: Call, cx: &mut Context<Self>) -> Result<(), Failure> {
            let Call::Count(polls, reply) = call else { return Ok(()) };
            let mut last = 0;
            for _ in 0..10_000 {
                last = polls.clone().of(self.counter.ask(|reply| reply)).await?;
            }
            reply.send((last, cx.address().map_or(0, |own| own.mailbox().queued)));
            Ok(())
        }
    }

    /// How often a caller of ten thousand calls is polled in them, behind whom so many other messages are queued.
    async fn polls_with(unrelated: usize) -> usize {
        let polls = Polls::default();
        task_group(async |group| {
            let counter = spawn_actor(&group, "counter", Counter(0), 16);
            let caller = spawn_actor(&group, "caller", Caller { counter }, Mailbox::unbounded());
            let counted = caller.request(|reply| Call::Count(polls.clone(), reply)).await.unwrap();
            for _ in 0..unrelated {
                caller.try_tell(Call::Unrelated).unwrap();
            }
            assert_eq!(counted.await, Ok((10_000, unrelated)), "no call went through its own mailbox");
            group.cancel("done");
        })
        .await
        .unwrap();
        polls.count()
    }

    /// The queue that counts is that of the caller, for there the reply is looked for elsewhere. Here a reply has a
    /// place of its own: the calls take the same polls, however much is queued, and the queue is not touched.
    #[arbour::test]
    async fn call_with_huge_message_queue() {
        assert_eq!(polls_with(500_000).await, polls_with(0).await);
    }

    /// A token may be kept, cloned, boxed, sent to another task and passed on to another actor.
    #[arbour::test]
    async fn reply_by_alias_with_payload() {
        served(async |address| {
            let other = address.clone();
            assert_eq!(address.ask(|reply| now(move |_| reply.clone().send(1))).await, Ok(1));
            assert_eq!(address.ask(|reply| now(|_| Box::new(reply).send(2))).await, Ok(2));
            assert_eq!(address.ask(answer(5, 3)).await, Ok(3));
            let forwards = |reply: Reply<u32>| {
                slow(move |_| {
                    Box::pin(async move {
                        other
                            .forward(reply, |reply| now(|_| reply.send(4)))
                            .await
                            .map_err(|_| Failure::message("refused"))
                    })
                })
            };
            assert_eq!(address.ask(forwards).await, Ok(4));
            let opaque = address.ask(|reply: Reply<u32>| now(|_| reply_as_text(reply))).await;
            assert_eq!(opaque, Ok(5));
        })
        .await;
    }

    fn reply_as_text(reply: Reply<u32>) {
        assert_eq!(format!("{reply:?}"), "Reply { abandoned: false }");
        reply.send(5);
    }
}
