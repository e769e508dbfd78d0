//! Actors made by `#[actor]`: what their methods become, and what their users can do with them.

use crate::support::{Journal, settle, supervised};
use arbour::{
    Actor, ActorSpec, Address, AskError, Context, Failure, Redelivery, Reply, StopReason, TellError, actor,
    spawn_actor, task_group,
};
use std::cell::Cell;
use std::fmt;

/// Runs an actor in a group of its own, beside `body`.
async fn with<A: Actor>(actor: A, body: impl AsyncFnOnce(Address<A>)) {
    task_group(async |group| body(spawn_actor(&group, "actor", actor, 16)).await).await.unwrap();
}

/// Notes how often it was asked although it is only read, in a type that threads cannot share.
struct Counter {
    total: u64,
    asked: Cell<u64>,
}

#[actor]
impl Counter {
    async fn add(&mut self, n: u64) {
        self.total += n;
    }

    async fn total(&self) -> u64 {
        self.asked.set(self.asked.get() + 1);
        tokio::task::yield_now().await;
        self.total
    }

    fn asked(&self) -> u64 {
        self.asked.get()
    }

    fn add_all(&mut self, numbers: Vec<u64>, mut more: u64) {
        more += numbers.iter().sum::<u64>();
        self.total += more;
    }

    #[actor(ask)]
    async fn flush(&mut self) {
        self.total = 0;
    }

    #[actor(skip)]
    fn is_even(&self) -> bool {
        self.total.is_multiple_of(2)
    }

    fn new() -> Self {
        Self { total: 0, asked: Cell::new(0) }
    }
}

#[arbour::test]
async fn methods_without_a_result_are_told_and_those_with_one_asked() {
    with(Counter::new(), async |counter| {
        counter.add(2).await.unwrap();
        counter.add_all(vec![3, 4], 5).await.unwrap();
        assert_eq!(counter.total().await, Ok(14));
        assert_eq!(counter.asked().await, Ok(1));
    })
    .await;
}

#[arbour::test]
async fn an_ask_without_a_result_is_answered_when_it_was_handled() {
    with(Counter::new(), async |counter| {
        counter.add(2).await.unwrap();
        let flushed: Result<(), AskError> = counter.flush().await;
        flushed.unwrap();
        assert_eq!(counter.total().await, Ok(0));
    })
    .await;
}

#[arbour::test]
async fn the_message_is_an_enum_that_can_be_sent_by_itself() {
    with(Counter::new(), async |counter| {
        counter.try_tell(CounterMessage::AddAll { numbers: vec![1], more: 1 }).unwrap();
        assert_eq!(counter.ask(|reply| CounterMessage::Total { reply }).await, Ok(2));
    })
    .await;
    assert_eq!(Counter::kind(&CounterMessage::AddAll { numbers: Vec::new(), more: 0 }), "add_all");
    assert_eq!(format!("{:?}", CounterMessage::Add { n: 1 }), "Add { .. }");
}

#[arbour::test]
async fn the_methods_can_be_called_on_a_value() {
    let mut counter = Counter::new();
    counter.add(3).await;
    assert_eq!(counter.total().await, 3);
    assert!(!counter.is_even());
}

#[arbour::test]
async fn a_told_message_comes_back_from_an_actor_that_has_ended() {
    let (ended, child) = ActorSpec::new("counter", Counter::new).build();
    supervised(child, async |_| ()).await.1.unwrap();
    let refused: TellError<CounterMessage> = ended.add(7).await.unwrap_err();
    assert!(matches!(refused.into_message(), CounterMessage::Add { n: 7 }));
}

#[arbour::test]
async fn a_thread_tells_and_asks_by_the_same_names() {
    with(Counter::new(), async |counter| {
        let blocking = counter.blocking();
        let asked = tokio::task::spawn_blocking(move || {
            blocking.add(2).unwrap();
            blocking.total()
        });
        assert_eq!(asked.await.unwrap(), Ok(2));
    })
    .await;
}

/// Anything that can be counted, of any type that can.
struct Tally<T, U = ()> {
    items: Vec<T>,
    mark: U,
}

#[actor(derive(Clone))]
impl<T, U> Tally<T, U>
where
    T: Clone + Send + 'static,
    U: Send + 'static,
    Self: Sized,
{
    async fn put(&mut self, item: T) {
        self.items.push(item);
    }

    async fn items(&self) -> Vec<T> {
        self.items.clone()
    }

    async fn absorb(&mut self, mut other: Vec<Self>) -> usize {
        other.iter_mut().for_each(|other| self.items.append(&mut other.items));
        self.items.len()
    }
}

impl<T: Clone, U: Clone> Clone for Tally<T, U> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), mark: self.mark.clone() }
    }
}

#[arbour::test]
async fn a_generic_actor_has_generic_messages_that_may_carry_actors_of_its_kind() {
    let tally = |items: &[&'static str]| Tally { items: items.to_vec(), mark: 'x' };
    with(tally(&["a"]), async |address: Address<Tally<&str, char>>| {
        address.put("b").await.unwrap();
        assert_eq!(address.items().await.unwrap(), ["a", "b"]);
        assert_eq!(address.absorb(vec![tally(&["c"]), tally(&[])]).await, Ok(3));
    })
    .await;
    assert_eq!(Tally::<u8, char>::kind(&TallyMessage::Put { item: 1 }), "put");
}

/// Fails, or answers with a failure, or hands on what it was asked.
#[derive(Default)]
struct Door {
    waiting: Vec<(u64, Reply<u64>)>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0} is no number")]
struct NoNumber(String);

#[actor(derive(Clone))]
impl Door {
    async fn parse(&mut self, number: String) -> Result<u64, NoNumber> {
        number.parse().map_err(|_| NoNumber(number))
    }

    #[actor(tell)]
    async fn check(&mut self, number: String) -> Result<(), NoNumber> {
        self.parse(number).await.map(drop)
    }

    async fn incarnation(&mut self, cx: &mut Context<Self>) -> u64 {
        cx.incarnation()
    }

    async fn wait(&mut self, least: u64, answer: Reply<u64>) {
        self.waiting.push((least, answer));
    }

    async fn knock(&mut self, cx: &mut Context<Self>, strength: u64) {
        for (_, answer) in self.waiting.extract_if(.., |(least, _)| *least <= strength) {
            answer.send(cx.incarnation() * strength);
        }
    }

    async fn checked(
        &mut self,
        answer: Reply<u64>,
        number: String,
        cx: &mut Context<Self>,
    ) -> Result<(), NoNumber> {
        let number = self.parse(number).await?;
        answer.send(number + u64::from(cx.attempt()));
        Ok(())
    }
}

fn door() -> ActorSpec<Door> {
    ActorSpec::new("door", Door::default)
}

#[arbour::test]
async fn an_error_of_a_told_method_ends_the_incarnation_and_one_of_an_asked_method_reaches_the_asker() {
    let (address, child) = door().build();
    let outcome = supervised(child, async |_| {
        let answered = address.parse("three".to_owned()).await;
        assert_eq!(answered, Ok(Err(NoNumber("three".to_owned()))));
        assert_eq!(address.incarnation().await, Ok(1));
        address.check("3".to_owned()).await.unwrap();
        assert_eq!(address.incarnation().await, Ok(1));
        address.check("three".to_owned()).await.unwrap();
        assert_eq!(address.incarnation().await, Ok(2));
    })
    .await;
    outcome.1.unwrap();
}

#[arbour::test]
async fn a_reply_that_is_a_parameter_is_sent_when_the_actor_wants() {
    with(Door::default(), async |address| {
        let (waited, knocked) = arbour::join!(address.wait(3), async {
            tokio::task::yield_now().await;
            address.knock(1).await.unwrap();
            address.knock(5).await
        });
        knocked.unwrap();
        assert_eq!(waited, Ok(5));
    })
    .await;
}

#[arbour::test]
async fn an_error_before_the_reply_ends_the_incarnation_and_the_asker_learns_it() {
    let (address, child) = door().redelivery(Redelivery::up_to(1)).build();
    let outcome = supervised(child, async |_| {
        assert_eq!(address.checked("3".to_owned()).await, Ok(4));
        assert_eq!(address.checked("three".to_owned()).await, Err(AskError::Crashed));
        assert_eq!(address.incarnation().await, Ok(3));
    })
    .await;
    outcome.1.unwrap();
}

/// Notes when its hooks run.
struct Hooked {
    journal: Journal,
}

#[actor]
impl Hooked {
    #[actor(started)]
    async fn begin(&mut self, cx: &mut Context<Self>) {
        self.journal.note(format!("started {}", cx.name()));
    }

    #[actor(stopping)]
    fn stopping(&mut self) -> Result<(), Failure> {
        self.journal.note("stopping");
        Ok(())
    }

    #[actor(stopped)]
    async fn end(&mut self, _: &mut Context<Self>, _: StopReason) {
        self.journal.note("stopped");
    }

    #[actor(describe)]
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines", self.journal.lines().len())
    }

    fn note(&self, line: String) {
        self.journal.note(line);
    }
}

#[arbour::test]
async fn methods_marked_as_hooks_run_when_the_hooks_do() {
    let journal = Journal::new();
    let notes = journal.clone();
    let (address, child) = ActorSpec::new("hooked", move || Hooked { journal: notes.clone() }).build();
    let outcome = supervised(child, async |_| {
        address.note("one".to_owned()).await.unwrap();
        settle().await;
    })
    .await;
    outcome.1.unwrap();
    assert_eq!(journal.lines(), ["started hooked", "one", "stopping", "stopped"]);
}

#[test]
fn a_method_marked_so_describes_the_actor() {
    struct Described(Hooked);
    impl fmt::Display for Described {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            Actor::describe(&self.0, f)
        }
    }
    let described = arbour::testing::block_on(async { Described(Hooked { journal: Journal::new() }) });
    assert_eq!(described.to_string(), "0 lines");
}

/// Two actors in one module, seen from outside it.
mod shop {
    use arbour::actor;

    #[derive(Debug, Default)]
    pub(crate) struct Till {
        coins: u64,
    }

    #[actor(message = Coins, address = Takes, blocking = TakesAtOnce)]
    impl Till {
        pub(crate) async fn put(&mut self, reply: u64) {
            self.coins += reply;
        }

        async fn coins(&self) -> u64 {
            self.coins
        }
    }

    #[derive(Debug)]
    pub(crate) struct Nobody;

    #[actor]
    impl Nobody {}

    impl Nobody {
        pub(super) fn is_sent_nothing() -> bool {
            size_of::<NobodyMessage>() == 0
        }
    }
}

#[arbour::test]
async fn chosen_names_are_visible_where_the_most_visible_method_is() {
    use shop::{Coins, Takes, Till};
    with(Till::default(), async |till| {
        till.put(2).await.unwrap();
        till.tell(Coins::Put { reply: 3 }).await.unwrap();
        assert_eq!(till.coins().await, Ok(5));
    })
    .await;
}

#[arbour::test]
async fn an_actor_may_have_no_messages_at_all() {
    with(shop::Nobody, async |nobody| assert_eq!(nobody.name(), "actor")).await;
    assert!(shop::Nobody::is_sent_nothing());
}

/// Names that the generated code uses itself, and raw ones.
struct Clash;

#[actor]
impl Clash {
    fn message(&mut self, message: u64, cx: u64, answer: u64, way_back: u64) -> u64 {
        message + cx + answer + way_back
    }

    fn r#type(&mut self, r#type: u64) -> u64 {
        r#type
    }

    fn handle(&mut self, kind: u64, context: &mut Context<Self>) -> u64 {
        kind + context.incarnation()
    }
}

#[arbour::test]
async fn names_of_the_user_are_never_mistaken_for_generated_ones() {
    with(Clash, async |clash| {
        assert_eq!(clash.message(1, 2, 3, 4).await, Ok(10));
        assert_eq!(clash.r#type(5).await, Ok(5));
        assert_eq!(clash.handle(6).await, Ok(7));
    })
    .await;
}
