//! Asking: the reply, and the reason when there is none.

use crate::support::{Journal, Message, ms, puppet, send, settle, supervised};
use arbour::{Actor, ActorSpec, AskError, Context, Failure, Reply, fail_after};
use tokio::time::sleep;

#[arbour::test]
async fn an_ask_gives_the_reply() {
    let (address, child) = puppet(&Journal::new()).build();
    let (answer, outcome) =
        supervised(child, async |_| address.ask(|reply| Message::Ask(0, reply)).await).await;
    outcome.unwrap();
    assert_eq!(answer, Ok(1));
}

#[arbour::test]
async fn an_asker_whose_handler_fails_or_panics_learns_that_it_crashed() {
    struct Crasher;
    impl Actor for Crasher {
        type Message = (bool, Reply<()>);
        async fn handle(&mut self, message: Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
            assert!(!message.0, "as told");
            Err(Failure::message("as told"))
        }
    }
    let (address, child) = ActorSpec::new("crasher", || Crasher).build();
    let (answers, outcome) = supervised(child, async |_| {
        [address.ask(|reply| (true, reply)).await, address.ask(|reply| (false, reply)).await]
    })
    .await;
    outcome.unwrap();
    assert_eq!(answers, [Err(AskError::Crashed), Err(AskError::Crashed)]);
    assert_eq!(AskError::Crashed.to_string(), "no reply: the actor crashed while it handled the message");
}

#[arbour::test]
async fn an_asker_whose_handler_was_cancelled_learns_that_the_actor_stopped() {
    let (address, child) = puppet(&Journal::new()).build();
    let (answer, outcome) = supervised(child, async |_| address.ask(Message::AskCancel).await).await;
    outcome.unwrap();
    assert_eq!(answer, Err(AskError::Stopped));
}

#[arbour::test]
async fn an_asker_whose_reply_was_dropped_by_a_handler_that_went_well_learns_that() {
    let (address, child) = puppet(&Journal::new()).build();
    let (answer, outcome) = supervised(child, async |_| address.ask(Message::Ignore).await).await;
    outcome.unwrap();
    assert_eq!(answer, Err(AskError::NoReply));
}

#[arbour::test]
async fn a_reply_that_the_actor_kept_and_lost_in_a_crash_is_told_as_no_reply() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let (answer, outcome) = supervised(child, async |_| {
        let asker = address.clone();
        let ask = tokio::spawn(async move { asker.ask(Message::Keep).await });
        settle().await;
        assert!(!ask.is_finished());
        send(&address, [Message::Panic(1)]);
        ask.await.unwrap()
    })
    .await;
    outcome.unwrap();
    assert_eq!(answer, Err(AskError::NoReply));
}

#[arbour::test]
async fn a_reply_may_be_sent_later_from_another_task_while_the_actor_goes_on() {
    struct Deferring;
    impl Actor for Deferring {
        type Message = (u64, Reply<u64>);
        async fn handle(&mut self, (n, reply): Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
            tokio::spawn(async move {
                sleep(ms(n)).await;
                reply.send(n * 2);
            });
            Ok(())
        }
    }
    let journal = Journal::new();
    let (address, child) = ActorSpec::new("deferring", || Deferring).build();
    let (answers, outcome) = supervised(child, async |_| {
        tokio::join!(address.ask(|reply| (100, reply)), address.ask(|reply| (50, reply)))
    })
    .await;
    outcome.unwrap();
    assert_eq!((answers, journal.time()), ((Ok(200), Ok(100)), 100));
}

#[arbour::test]
async fn the_first_answer_counts() {
    struct Twice;
    impl Actor for Twice {
        type Message = Reply<u32>;
        async fn handle(&mut self, reply: Reply<u32>, _: &mut Context<Self>) -> Result<(), Failure> {
            let other = reply.clone();
            reply.send(1);
            assert!(other.is_abandoned());
            other.send(2);
            Ok(())
        }
    }
    let (address, child) = ActorSpec::new("twice", || Twice).build();
    let (answer, outcome) = supervised(child, async |_| address.ask(|reply| reply).await).await;
    outcome.unwrap();
    assert_eq!(answer, Ok(1));
}

#[arbour::test]
async fn an_answer_that_was_sent_before_a_crash_counts() {
    struct LastWords;
    impl Actor for LastWords {
        type Message = Reply<u32>;
        async fn handle(&mut self, reply: Reply<u32>, _: &mut Context<Self>) -> Result<(), Failure> {
            reply.send(7);
            panic!("after the answer")
        }
    }
    let (address, child) = ActorSpec::new("last words", || LastWords).build();
    let (answer, outcome) = supervised(child, async |_| address.ask(|reply| reply).await).await;
    outcome.unwrap();
    assert_eq!(answer, Ok(7));
}

#[arbour::test]
async fn an_ask_that_is_abandoned_before_it_is_handled_is_skipped() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    let (sequence, outcome) = supervised(child, async |_| {
        send(&address, [Message::Slow(1, ms(100))]);
        let ask = fail_after(ms(50), address.ask(|reply| Message::Ask(0, reply)));
        ask.await.unwrap_err();
        address.ask(Message::Sequence).await
    })
    .await;
    outcome.unwrap();
    assert_eq!(journal.lines(), ["1", "1 done"]);
    assert_eq!(sequence, Ok(2), "what is skipped has no number");
}

#[arbour::test]
async fn an_ask_that_is_abandoned_while_it_is_handled_is_handled_to_the_end_and_the_handler_may_know() {
    let journal = Journal::new();
    let (address, child) = puppet(&journal).build();
    supervised(child, async |_| {
        fail_after(ms(50), address.ask(|reply| Message::AskSlow(ms(100), reply))).await.unwrap_err();
        sleep(ms(100)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.timed(), ["abandoned@100"]);
}

#[arbour::test]
async fn asking_an_actor_that_has_ended_says_that_it_has_stopped() {
    let (address, child) = puppet(&Journal::new()).build();
    supervised(child, async |_| settle().await).await.1.unwrap();
    assert_eq!(address.ask(Message::Ignore).await, Err(AskError::Stopped));
    assert_eq!(AskError::Stopped.to_string(), "no reply: the actor has stopped");
}

#[arbour::test]
async fn an_actor_may_ask_another() {
    struct Front(arbour::Address<crate::support::Puppet>);
    impl Actor for Front {
        type Message = Reply<u32>;
        async fn handle(&mut self, reply: Reply<u32>, _: &mut Context<Self>) -> Result<(), Failure> {
            reply.send(self.0.ask(|reply| Message::Ask(0, reply)).await? + 1);
            Ok(())
        }
    }
    let (back, child) = puppet(&Journal::new()).build();
    let (front, second) = ActorSpec::new("front", move || Front(back.clone())).build();
    let (answer, outcome) = supervised(child, async |handle| {
        handle.start_child(second).await.unwrap();
        front.ask(|reply| reply).await
    })
    .await;
    outcome.unwrap();
    assert_eq!(answer, Ok(2));
}
