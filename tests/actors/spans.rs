//! The span of whoever sends a message, and the one it is handled in: the second follows from the first.

use crate::support::{ms, supervised};
use arbour::{Actor, ActorSpec, Address, Context, Failure, Reply, spawn_actor, task_group};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tokio::task::yield_now;
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Instrument, Metadata, Subscriber, info, info_span};
use tracing_core::span::Current;

/// Says something before and after it has waited.
struct Teller;

enum Message {
    Tell(&'static str),
    Ask(Reply<()>),
}

impl Actor for Teller {
    type Message = Message;

    fn kind(message: &Message) -> &'static str {
        match message {
            Message::Tell(_) => "tell",
            Message::Ask(_) => "ask",
        }
    }

    async fn handle(&mut self, message: Message, _: &mut Context<Self>) -> Result<(), Failure> {
        let what = if let Message::Tell(what) = message { what } else { "asked" };
        info!("{what}");
        yield_now().await;
        info!("{what}, later");
        if let Message::Ask(reply) = message {
            reply.send(());
        }
        Ok(())
    }
}

#[arbour::test]
async fn a_message_is_handled_in_a_span_that_follows_from_its_senders() {
    let (heard, _guard) = Spans::listen();
    with_teller(8, async |teller| {
        let send = async {
            teller.tell(Message::Tell("told")).await.unwrap();
            teller.try_tell(Message::Tell("tried")).unwrap();
            teller.ask(Message::Ask).await.unwrap();
        };
        send.instrument(info_span!("order", number = 7)).await;
    })
    .await;
    let tell = "message{actor=teller kind=tell} after order{number=7}";
    let ask = "message{actor=teller kind=ask} after order{number=7}";
    assert_eq!(
        heard.lines(),
        [(tell, "told"), (tell, "tried"), (ask, "asked")]
            .map(|(span, what)| [format!("{span}: {what}"), format!("{span}: {what}, later")])
            .concat()
    );
}

#[arbour::test]
async fn each_message_has_the_span_of_its_own_sender_also_when_it_waited_for_room() {
    let (heard, _guard) = Spans::listen();
    with_teller(1, async |teller| {
        task_group(async |group| {
            for what in ["one", "two", "three", "four"] {
                let teller = teller.clone();
                let send = async move { teller.tell(Message::Tell(what)).await.unwrap() };
                group.spawn_value(send.instrument(info_span!("sender", what)));
            }
        })
        .await
        .unwrap();
    })
    .await;
    let span = |what| format!("message{{actor=teller kind=tell}} after sender{{what={what}}}");
    let expected = ["one", "two", "three", "four"]
        .map(|what| [format!("{}: {what}", span(what)), format!("{}: {what}, later", span(what))])
        .concat();
    assert_eq!(heard.lines(), expected);
}

#[arbour::test]
async fn a_message_that_was_sent_outside_of_any_span_is_handled_in_that_of_the_actor_alone() {
    let (heard, _guard) = Spans::listen();
    with_teller(8, async |teller| {
        let traced = teller.tell(Message::Tell("traced")).instrument(info_span!("order"));
        traced.await.unwrap();
        teller.tell(Message::Tell("bare")).await.unwrap();
    })
    .await;
    let lines = heard.lines();
    assert_eq!(lines[2..], ["task{name=teller}: bare", "task{name=teller}: bare, later"], "{lines:?}");
}

#[arbour::test]
async fn a_supervised_actor_leaves_the_span_of_a_message_when_it_has_handled_it() {
    let (heard, _guard) = Spans::listen();
    let (address, child) = ActorSpec::new("teller", || Teller).build();
    let run = supervised(child, async |_| {
        let send = async { address.ask(Message::Ask).await.unwrap() };
        send.instrument(info_span!("order")).await;
        sleep(ms(1)).await;
        info!("after all");
    });
    run.await.1.unwrap();
    assert!(heard.lines().contains(&"after all".to_owned()), "{:?}", heard.lines());
    assert_eq!(heard.entered(), 0);
}

/// An actor of nobody with room for so many messages, until it has handled all.
async fn with_teller(room: usize, body: impl AsyncFnOnce(Address<Teller>)) {
    task_group(async |group| {
        let teller = spawn_actor(&group, "teller", Teller, room);
        body(teller).await;
    })
    .await
    .unwrap();
}

/// A subscriber that notes what these tests say, with the span it is said in.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    /// By number, from 1 on: the span, and after it what it follows from.
    spans: Vec<String>,
    kinds: Vec<&'static Metadata<'static>>,
    entered: Vec<Id>,
    lines: Vec<String>,
}

fn index(span: &Id) -> usize {
    usize::try_from(span.into_u64()).unwrap() - 1
}

impl Spans {
    fn listen() -> (Self, DefaultGuard) {
        let spans = Self::default();
        (spans.clone(), set_default(spans))
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().lines.clone()
    }

    fn entered(&self) -> usize {
        self.0.lock().unwrap().entered.len()
    }
}

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut noted = self.0.lock().unwrap();
        let fields = if fields.0.is_empty() { String::new() } else { format!("{{{}}}", fields.0.join(" ")) };
        noted.spans.push(format!("{}{fields}", span.metadata().name()));
        noted.kinds.push(span.metadata());
        Id::from_u64(noted.spans.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        let mut noted = self.0.lock().unwrap();
        let before = format!(" after {}", noted.spans[index(follows)]);
        noted.spans[index(span)].push_str(&before);
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().target() != module_path!() {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut noted = self.0.lock().unwrap();
        let mut line = fields.0.join(" ");
        if let Some(id) = noted.entered.last().cloned() {
            line = format!("{}: {line}", noted.spans[index(&id)]);
        }
        noted.lines.push(line);
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered.push(span.clone());
    }

    fn exit(&self, span: &Id) {
        assert_eq!(self.0.lock().unwrap().entered.pop().as_ref(), Some(span), "spans are left inside out");
    }

    fn current_span(&self) -> Current {
        let noted = self.0.lock().unwrap();
        noted.entered.last().map_or_else(Current::none, |id| Current::new(id.clone(), noted.kinds[index(id)]))
    }
}

#[derive(Default)]
struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.0.push(format!("{value:?}")),
            name => self.0.push(format!("{name}={value:?}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push(format!("{field}={value}"));
    }
}
