//! A tell, an ask, and the actor itself, dropped at each poll: nothing is lost, doubled or left behind.

use crate::support::{Journal, Message, Puppet, ms, puppet, send, settle, supervised};
use arbour::{CancelScope, spawn_actor, task_group};
use std::pin::pin;
use std::task::Poll;
use tokio::runtime::Handle;
use tokio::time::sleep;

/// Polls `future` so many times and then drops it; says what it gave by then.
async fn dropped_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut left = polls;
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[arbour::test]
async fn a_tell_dropped_at_any_poll_delivers_its_message_once_or_not_at_all() {
    for capacity in [0, 1] {
        for polls in 0.. {
            let journal = Journal::new();
            let (address, child) = puppet(&journal).mailbox(capacity).build();
            let (told, outcome) = supervised(child, async |_| {
                address.tell(Message::Slow(1, ms(10))).await.unwrap();
                settle().await;
                while address.try_tell(Message::Note(2)).is_ok() {}
                let told = dropped_after(polls, address.tell(Message::Note(7))).await;
                sleep(ms(100)).await;
                address.tell(Message::Note(8)).await.unwrap();
                settle().await;
                told
            })
            .await;
            outcome.unwrap();
            let sevens = journal.lines().iter().filter(|line| *line == "7").count();
            assert_eq!(sevens, usize::from(told.is_some()), "{polls} polls");
            assert_eq!(journal.lines().last().unwrap(), "8");
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
            if told.is_some() {
                break;
            }
        }
    }
}

#[arbour::test]
async fn an_ask_dropped_at_any_poll_is_handled_at_most_once_and_the_actor_goes_on() {
    for polls in 0.. {
        let journal = Journal::new();
        let (address, child) = puppet(&journal).mailbox(1).build();
        let (answer, outcome) = supervised(child, async |_| {
            address.tell(Message::Slow(1, ms(10))).await.unwrap();
            settle().await;
            send(&address, [Message::Slow(2, ms(10))]);
            let ask = address.ask(|reply| Message::AskSlow(ms(10), reply));
            let answer = dropped_after(polls, ask).await;
            sleep(ms(100)).await;
            assert_eq!(address.ask(|reply| Message::Ask(0, reply)).await, Ok(1));
            answer
        })
        .await;
        outcome.unwrap();
        let handled = journal.lines().iter().filter(|line| *line == "awaited").count();
        let abandoned = journal.lines().iter().filter(|line| *line == "abandoned").count();
        assert_eq!(handled, usize::from(answer.is_some()), "{polls} polls: {:?}", journal.lines());
        assert!(abandoned == 0, "dropped before it was handled, it is skipped: {:?}", journal.lines());
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        if answer.is_some() {
            return;
        }
    }
}

#[arbour::test]
async fn an_actor_dropped_with_its_group_at_any_poll_leaves_no_task_and_tells_every_sender() {
    for polls in 0.. {
        let journal = Journal::new();
        let ended = CancelScope::new()
            .run(dropped_after(
                polls,
                task_group(async |group| {
                    let address = spawn_actor(&group, "puppet", Puppet::new(&journal), 1);
                    for n in 0..4 {
                        address.tell(Message::Slow(n, ms(5))).await.unwrap();
                    }
                    address.ask(|reply| Message::Ask(0, reply)).await.unwrap()
                }),
            ))
            .await
            .unwrap();
        settle().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "{polls} polls");
        if let Some(answer) = ended {
            assert_eq!((answer.unwrap(), journal.lines().len()), (1, 9));
            assert!(polls > 4, "{polls} polls");
            return;
        }
    }
}

#[arbour::test]
async fn a_supervised_actor_cancelled_at_any_moment_handles_each_message_at_most_once_and_in_order() {
    for stop in 0..60 {
        let journal = Journal::new();
        let (address, child) = puppet(&journal).mailbox(1).build();
        let app = arbour::Supervisor::builder("app").child(child).build().unwrap();
        let outcome = arbour::move_on_after(ms(stop), async {
            task_group(async |group| {
                group.spawn(app.run());
                for n in 0..10 {
                    address.tell(Message::Slow(n, ms(5))).await.unwrap();
                }
                std::future::pending::<()>().await;
            })
            .await
        })
        .await;
        assert!(outcome.is_err());
        let begun: Vec<String> = journal.lines().into_iter().filter(|line| !line.ends_with("done")).collect();
        let expected: Vec<String> = (0..begun.len()).map(|n| n.to_string()).collect();
        assert_eq!(begun, expected);
        assert!(address.tell(Message::Note(1)).await.is_err());
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    }
}
