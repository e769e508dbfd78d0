//! Circles of waiting actors, slow handlers and deep mailboxes. Needs the feature `diagnostics`.
#![forbid(unsafe_code)]

use arbour::{
    Actor, Address, AskError, Context, Failure, Mailbox, Recipient, Reply, TellError, fail_after,
    report_deep_mailboxes_at, report_slow_handlers_after, spawn_actor, task_group,
};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;
use tracing_core::field::{Field, Visit};
use tracing_core::{Dispatch, Event, Metadata, Subscriber, span};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// An actor that knows others by name, and does what it is told with them.
#[derive(Default)]
struct Peer {
    others: HashMap<&'static str, Address<Self>>,
    kept: Vec<Reply<String>>,
    last: String,
}

enum Message {
    Knows(&'static str, Address<Peer>),
    /// Asks the first of these to ask the rest.
    Ask(Vec<&'static str>, Reply<String>),
    /// Tells the other so many times, and says what came of the last.
    Tell(&'static str, usize, Reply<String>),
    /// Has the other answer in its place.
    Forward(&'static str, Reply<String>),
    /// Keeps the reply, and answers it from a task of its own when this time is over.
    Later(Duration, Reply<String>),
    /// Asks the other, and in a task of its own the third.
    AskInTask(&'static str, Reply<String>),
    Keep(Reply<String>),
    /// Replies, and then asks the other.
    ReplyThenAsk(&'static str, Reply<String>),
    /// Has the other reply and then ask this one.
    HaveReplied(&'static str, Reply<String>),
    /// What came of the last ask after a reply.
    Last(Reply<String>),
    Wait(Duration),
    Nothing,
}

/// What came of an ask, as text.
fn text(answer: Result<String, AskError>) -> String {
    answer.unwrap_or_else(|error| error.to_string())
}

impl Actor for Peer {
    type Message = Message;

    async fn handle(&mut self, message: Message, cx: &mut Context<Self>) -> Result<(), Failure> {
        match message {
            Message::Knows(name, other) => drop(self.others.insert(name, other)),
            Message::Ask(mut way, reply) if way.is_empty() => {
                way.clear();
                reply.send("reached".to_owned());
            }
            Message::Ask(mut way, reply) => {
                let next = &self.others[way.remove(0)];
                reply.send(text(next.ask(|reply| Message::Ask(way, reply)).await));
            }
            Message::Tell(to, times, reply) => {
                let mut told = Ok(());
                for _ in 0..times {
                    told = self.others[to].tell(Message::Nothing).await;
                }
                reply.send(told.map_or_else(|error| error.to_string(), |()| "told".to_owned()));
            }
            Message::Forward(to, reply) => {
                self.others[to].forward(reply, |reply| Message::Ask(Vec::new(), reply)).await.unwrap();
            }
            Message::Later(time, reply) => drop(cx.spawn(async move {
                sleep(time).await;
                reply.send("later".to_owned());
                Ok::<_, Failure>(())
            })),
            Message::AskInTask(to, reply) => {
                let other = self.others[to].clone();
                drop(cx.spawn(async move {
                    reply.send(text(other.ask(|reply| Message::Ask(Vec::new(), reply)).await));
                    Ok::<_, Failure>(())
                }));
            }
            Message::ReplyThenAsk(other, reply) => {
                reply.send("replied".to_owned());
                self.last = text(self.others[other].ask(|reply| Message::Ask(Vec::new(), reply)).await);
            }
            Message::HaveReplied(by, reply) => {
                let name = if by == "bob" { "ada" } else { "bob" };
                reply.send(text(self.others[by].ask(|reply| Message::ReplyThenAsk(name, reply)).await));
            }
            Message::Last(reply) => reply.send(self.last.clone()),
            Message::Keep(reply) => self.kept.push(reply),
            Message::Wait(time) => sleep(time).await,
            Message::Nothing => {}
        }
        Ok(())
    }

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Wait(_) => "wait",
            _ => "another",
        }
    }
}

/// Actors of these names who all know each other, each with room for two messages.
async fn among<const N: usize>(names: [&'static str; N], body: impl AsyncFnOnce([Address<Peer>; N])) {
    let all = task_group(async |group| {
        let peers = names.map(|name| spawn_actor(&group, name, Peer::default(), Mailbox::bounded(N)));
        for peer in &peers {
            for (name, other) in names.iter().zip(&peers) {
                peer.tell(Message::Knows(name, other.clone())).await.unwrap();
            }
        }
        for peer in &peers {
            peer.ask(|reply| Message::Ask(Vec::new(), reply)).await.unwrap();
        }
        body(peers).await;
        // They hold each other's addresses.
        group.cancel("the test is over");
    });
    fail_after(ms(60_000), all).await.expect("nobody waits for ever").unwrap();
}

#[arbour::test(start_paused = true)]
async fn a_circle_of_asks_is_refused_with_its_actors_in_order_before_the_message_is_queued() {
    among(["ada", "bob", "cyd"], async |[ada, _, _]| {
        let answer = text(ada.ask(|reply| Message::Ask(vec!["bob", "cyd", "ada"], reply)).await);
        assert_eq!(answer, "no reply: these actors would wait for each other: cyd → ada → bob → cyd");
        assert_eq!(ada.mailbox().queued, 0);
    })
    .await;
}

#[arbour::test(start_paused = true)]
async fn a_chain_of_asks_is_no_circle_nor_is_the_same_chain_after_a_refusal() {
    among(["ada", "bob", "cyd"], async |[ada, bob, _]| {
        for _ in 0..2 {
            let chain = ada.ask(|reply| Message::Ask(vec!["bob", "cyd"], reply)).await;
            assert_eq!(chain.as_deref(), Ok("reached"));
            text(ada.ask(|reply| Message::Ask(vec!["bob", "ada"], reply)).await);
        }
        let back = bob.ask(|reply| Message::Ask(vec!["ada"], reply)).await;
        assert_eq!(back.as_deref(), Ok("reached"));
    })
    .await;
}

#[arbour::test(start_paused = true)]
async fn a_circle_of_tells_to_full_mailboxes_is_refused_and_the_message_comes_back() {
    among(["ada", "bob"], async |[ada, bob]| {
        let asking = (
            ada.request(|reply| Message::Tell("bob", 9, reply)).await.unwrap(),
            bob.request(|reply| Message::Tell("ada", 9, reply)).await.unwrap(),
        );
        let answers = [text(asking.0.await), text(asking.1.await)];
        let refused = answers.iter().filter(|answer| answer.contains("would wait for each other")).count();
        assert_eq!(refused, 1, "{answers:?}");
        assert!(answers.contains(&"told".to_owned()), "the other one went on: {answers:?}");
    })
    .await;
}

#[arbour::test(start_paused = true)]
async fn whoever_has_replied_may_ask_the_asker_in_the_same_handler() {
    among(["ada", "bob"], async |[ada, bob]| {
        let replied = bob.request(|reply| Message::ReplyThenAsk("ada", reply)).await.unwrap();
        assert_eq!(text(replied.await), "replied");
        let asked = ada.ask(|reply| Message::HaveReplied("bob", reply)).await;
        assert_eq!(asked.as_deref(), Ok("replied"));
        let last = bob.ask(Message::Last).await;
        assert_eq!(last.as_deref(), Ok("reached"));
    })
    .await;
}

#[arbour::test(start_paused = true)]
async fn a_reply_that_is_kept_for_a_task_is_no_wait_for_the_actor_that_keeps_it() {
    among(["ada", "bob"], async |[ada, bob]| {
        // Ada waits for a reply that a task of bob's gives; meanwhile bob asks ada, who answers after that.
        let first = ada.request(|reply| Message::Ask(vec!["bob"], reply)).await.unwrap();
        assert_eq!(text(first.await), "reached");
        let later = bob.request(|reply| Message::Later(ms(50), reply)).await.unwrap();
        let asked = bob.ask(|reply| Message::Ask(vec!["ada"], reply)).await;
        assert_eq!(asked.as_deref(), Ok("reached"));
        assert_eq!(text(later.await), "later");
    })
    .await;
}

#[arbour::test(start_paused = true)]
async fn what_a_task_of_an_actor_waits_for_is_no_wait_of_the_actor() {
    among(["ada", "bob"], async |[ada, _]| {
        // The task asks ada herself, who answers as soon as her handler has returned.
        let asked = ada.ask(|reply| Message::AskInTask("ada", reply)).await;
        assert_eq!(asked.as_deref(), Ok("reached"));
    })
    .await;
}

#[arbour::test(start_paused = true)]
async fn whoever_passes_a_reply_on_is_not_waited_for_any_more() {
    among(["ada", "bob", "cyd"], async |[ada, bob, _]| {
        let passed = bob.ask(|reply| Message::Forward("cyd", reply)).await;
        assert_eq!(passed.as_deref(), Ok("reached"));
        let kept = ada.request(Message::Keep).await.unwrap();
        let asked = ada.ask(|reply| Message::Ask(vec!["bob"], reply)).await;
        assert_eq!(asked.as_deref(), Ok("reached"));
        drop(kept);
    })
    .await;
}

struct Erased {
    to: Option<Recipient<Reply<u32>>>,
}

impl Actor for Erased {
    type Message = Reply<u32>;

    async fn handle(&mut self, reply: Reply<u32>, cx: &mut Context<Self>) -> Result<(), Failure> {
        let to = self.to.get_or_insert_with(|| cx.address().expect("it was sent this").recipient());
        let asked = to.ask(|reply| reply).await;
        assert_eq!(asked.unwrap_err().to_string(), "no reply: the actor erased would wait for itself");
        reply.send(1);
        Ok(())
    }
}

#[arbour::test(start_paused = true)]
async fn a_recipient_is_watched_as_the_address_it_is() {
    task_group(async |group| {
        let erased = spawn_actor(&group, "erased", Erased { to: None }, 2);
        assert_eq!(fail_after(ms(1_000), erased.ask(|reply| reply)).await.unwrap(), Ok(1));
        group.cancel("the test is over");
    })
    .await
    .unwrap();
}

#[arbour::test(start_paused = true)]
async fn a_handler_that_is_slow_is_reported_once_and_a_quick_one_is_not() {
    report_slow_handlers_after(ms(500));
    let log = Log::default();
    let _guard = tracing_core::dispatcher::set_default(&Dispatch::new(log.clone()));
    among(["slow"], async |[slow]| {
        slow.tell(Message::Wait(ms(400))).await.unwrap();
        slow.tell(Message::Wait(ms(5_000))).await.unwrap();
        slow.ask(|reply| Message::Ask(Vec::new(), reply)).await.unwrap();
    })
    .await;
    let expected = "actor=slow message=wait sequence=4 running=500ms";
    assert_eq!(log.told("takes long"), [expected]);
}

#[arbour::test(start_paused = true)]
async fn a_mailbox_that_is_deep_is_reported_once_per_flood() {
    report_deep_mailboxes_at(100);
    let log = Log::default();
    let _guard = tracing_core::dispatcher::set_default(&Dispatch::new(log.clone()));
    task_group(async |group| {
        let deep = spawn_actor(&group, "deep", Peer::default(), Mailbox::unbounded());
        for _ in 0..2 {
            for _ in 0..151 {
                deep.try_tell(Message::Nothing).unwrap();
            }
            deep.ask(|reply| Message::Ask(Vec::new(), reply)).await.unwrap();
        }
    })
    .await
    .unwrap();
    assert_eq!(log.told("is deep").len(), 2);
}

#[arbour::test(start_paused = true)]
async fn a_refused_tell_hands_its_message_back() {
    let refused = TellError::WouldDeadlock::<u8> {
        message: 7,
        circle: match (Own { told: None }).refuses().await {
            Some(circle) => circle,
            None => panic!("it told itself too much"),
        },
    };
    assert_eq!(refused.into_message(), 7);
}

/// Tells itself more than it may.
struct Own {
    told: Option<arbour::Circle>,
}

impl Own {
    async fn refuses(self) -> Option<arbour::Circle> {
        task_group(async |group| {
            let own = spawn_actor(&group, "own", self, 1);
            own.ask(Some).await.unwrap()
        })
        .await
        .unwrap()
    }
}

impl Actor for Own {
    type Message = Option<Reply<Option<arbour::Circle>>>;

    async fn handle(&mut self, message: Self::Message, cx: &mut Context<Self>) -> Result<(), Failure> {
        let Some(reply) = message else { return Ok(()) };
        let own = cx.address().expect("it was sent this");
        for _ in 0..100 {
            if let Err(TellError::WouldDeadlock { circle, .. }) = own.tell(None).await {
                self.told = Some(circle);
            }
        }
        reply.send(self.told.clone());
        Ok(())
    }
}

/// What is logged, an entry per event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(String, String)>>>);

impl Log {
    /// The fields of each event whose message contains this.
    fn told(&self, what: &str) -> Vec<String> {
        let log = self.0.lock().unwrap();
        log.iter().filter(|(message, _)| message.contains(what)).map(|(_, fields)| fields.clone()).collect()
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    fields: Vec<String>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => self.fields.push(format!("{name}={value:?}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push(format!("{field}={value}"));
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push((fields.message, fields.fields.join(" ")));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
