//! The attributes of arbour. Users see them as `arbour::actor`, `arbour::main` and `arbour::test`.
//!
//! `main` and `test` turn an `async fn` into a plain one that hands its body to `arbour::__private`: what a
//! runtime is and how it stops is said there, in code, and not in generated text. `actor` writes what a
//! person would write by hand, and uses only what arbour gives to everybody.
#![forbid(unsafe_code)]

mod actor;
mod entry;
mod options;

use entry::Entry;
use proc_macro::TokenStream;

/// Makes an `async fn` the program: its body runs in arbour's root scope.
///
/// The root stops in three gears: a first Ctrl-C or SIGTERM drains, a second cancels, a third aborts.
///
/// Options, all of them optional:
///
/// - `flavor = "multi_thread"` (the default) or `"current_thread"`;
/// - `worker_threads = 4`, from 1 up, for `multi_thread` only (default: the number of cores);
/// - `crate = some::path`, where arbour is found (default: `::arbour`).
///
/// # Errors
///
/// Does not compile when the function is not `async`, has parameters or generics, or an option is
/// unknown, given twice, has a value it does not take, or contradicts another.
///
/// # Examples
///
/// ```
/// use arbour::{Failure, task_group};
///
/// #[arbour::main(worker_threads = 2)]
/// async fn main() -> Result<(), Failure> {
///     let sum = task_group(async |group| {
///         let two = group.spawn_value(async { 2 });
///         two.await.map(|two| two + 3)
///     });
///     assert_eq!(sum.await??, 5);
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn main(options: TokenStream, function: TokenStream) -> TokenStream {
    Entry::Main.expand(options.into(), function.into()).into()
}

/// Makes an `async fn` a test: its body runs in a root scope of its own, on one thread, in paused time.
///
/// In paused time the clock jumps to the next deadline as soon as every task waits, so a test neither
/// sleeps nor depends on how fast the machine is.
///
/// Options, all of them optional:
///
/// - `seeds = 1000` runs the test under each of so many seeds, from 0: on one thread, with the clock paused
///   and without sockets, in an order of tasks that the seed stands for. The first seed that fails is
///   printed. The test then returns nothing or a `Result`;
/// - `seed = 17` runs it under this one alone, as `ARBOUR_SEED=17` in the environment does;
/// - `start_paused = false` lets time run (the default is `true`; it needs one thread);
/// - `flavor = "current_thread"` (the default) or `"multi_thread"`, in which time runs;
/// - `worker_threads = 2`, from 1 up, for `multi_thread` only (default: the number of cores);
/// - `crate = some::path`, where arbour is found (default: `::arbour`).
///
/// # Errors
///
/// Does not compile when the function is not `async`, has parameters or generics, is marked as a test
/// twice, or an option is unknown, given twice, has a value it does not take, or contradicts another.
///
/// # Examples
///
/// ```
/// use arbour::move_on_after;
/// use std::time::Duration;
///
/// #[arbour::test]
/// async fn an_hour_of_silence_is_too_long() {
///     let answer = move_on_after(Duration::from_secs(3_600), std::future::pending::<()>());
///     assert!(answer.await.is_err());
/// }
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, function: TokenStream) -> TokenStream {
    Entry::Test.expand(options.into(), function.into()).into()
}

/// Makes an actor of an inherent `impl` block: its methods are its messages.
///
/// ```
/// use arbour::{actor, spawn_actor, task_group};
///
/// struct Counter {
///     total: u64,
/// }
///
/// #[actor]
/// impl Counter {
///     /// Adds.
///     async fn add(&mut self, n: u64) {
///         self.total += n;
///     }
///
///     /// The sum of what was added.
///     async fn total(&self) -> u64 {
///         self.total
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// task_group(async |group| {
///     let counter = spawn_actor(&group, "counter", Counter { total: 0 }, 16);
///     counter.add(2).await.unwrap();
///     counter.add(3).await.unwrap();
///     assert_eq!(counter.total().await, Ok(5));
/// })
/// .await
/// .unwrap();
/// # });
/// ```
///
/// # What is made
///
/// The block stays as it is, so that its methods can be called on a value, in a test for example. Beside it
/// stand four items:
///
/// - `CounterMessage`, an enum with a variant per message, `Add { n }` and `Total { reply }` above, and `Debug`;
/// - the trait [`Actor`] for `Counter`, whose `kind` is the name of the method;
/// - the trait `CounterAddress` for `Address<Counter>`, with a method per message;
/// - the trait `CounterBlocking` for `BlockingAddress<Counter>`, the same for code that is not async.
///
/// They are as visible as the most visible message, so a `pub` actor has a `pub` message at least. In another
/// module `use counter::CounterAddress` brings the methods along. Documentation, `cfg`, `deprecated`, `allow`
/// and `expect` (as `allow`) of a method are carried over to what is made of it; other attributes, such as
/// `#[tracing::instrument]`, stay with the method. `cfg`, `allow` and `expect` of the block hold for all items.
///
/// An async method with `&self` becomes one with `&mut self`: its future would be `Send` only if the actor were
/// `Sync`, which it need not be.
///
/// A generic actor has a generic message and traits, with all the parameters and bounds of the block.
///
/// # What a method is
///
/// | method | is |
/// |---|---|
/// | without result | told: nobody waits for it |
/// | with a result | asked: the result is the reply, a `Result` as a whole, whose error does not end the actor |
/// | without result, marked `#[actor(ask)]` | asked: the reply `()` comes when it has returned |
/// | with a `Result<(), E>`, marked `#[actor(tell)]` | told: an error ends the incarnation |
/// | with a parameter `Reply<R>` | asked for an `R`, which may be sent later or by somebody else; it returns nothing, or a `Result<(), E>` whose error ends the incarnation |
/// | marked `#[actor(started)]`, `#[actor(stopping)]`, `#[actor(stopped)]` | the hook of the trait; it may take the context, and `stopped` the `StopReason`; it returns nothing, or a `Result<(), E>` |
/// | marked `#[actor(describe)]` | the hook `describe`: `fn(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result` |
/// | marked `#[actor(skip)]`, or without `self` | an ordinary function |
///
/// `E` is anything that becomes a [`Failure`] by `?`. Methods that need not wait may be plain `fn`.
///
/// A parameter `&mut Context<Self>`, in any place, is the actor's context and no part of the message. Every
/// other parameter is a field of the variant and a parameter of the address's method.
///
/// # Options
///
/// All of them are optional: `#[actor(message = Name, address = Name, blocking = Name)]` calls what is made
/// otherwise; `derive(Clone)` derives traits for the message, as redelivery wants it; `crate = some::path` says
/// where arbour is found (default: `::arbour`).
///
/// # Errors
///
/// Does not compile, with an error at the tokens it is about,
///
/// - where a message could not own what it carries, or name it: references that are not `'static`, `impl Trait`,
///   patterns instead of names, generic methods, actors with lifetimes;
/// - where the actor could not call the method: `self` by value, `unsafe`, `const`, `extern`;
/// - where a name is taken: two methods with the same variant, a parameter `reply` of an ask, a method that every
///   address has by itself, a second hook of a kind, a method that is named like a hook and not marked;
/// - where a result would be lost: one of a told method that is not a `Result<(), E>`.
///
/// # Examples
///
/// A context, a reply that is sent later, an error that ends the incarnation, and a hook:
///
/// ```
/// use arbour::{ActorSpec, AskError, Context, Failure, Reply, Supervisor, actor, task_group};
///
/// #[derive(Default)]
/// struct Door {
///     waiting: Vec<Reply<u64>>,
/// }
///
/// #[actor]
/// impl Door {
///     #[actor(started)]
///     async fn open(&mut self, cx: &mut Context<Self>) {
///         assert_eq!(cx.name(), "door");
///     }
///
///     /// Waits until somebody knocks: replies how often the door was hung anew.
///     async fn wait(&mut self, answer: Reply<u64>) {
///         self.waiting.push(answer);
///     }
///
///     async fn knock(&mut self, cx: &mut Context<Self>) {
///         self.waiting.drain(..).for_each(|waiting| waiting.send(cx.incarnation()));
///     }
///
///     /// An error goes to who asked.
///     async fn parse(&mut self, number: String) -> Result<u64, std::num::ParseIntError> {
///         number.parse()
///     }
///
///     #[actor(tell)]
///     async fn slam(&mut self) -> Result<(), Failure> {
///         Err(Failure::message("it fell off its hinges"))
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// let (door, child) = ActorSpec::new("door", Door::default).build();
/// let supervisor = Supervisor::builder("house").child(child).build().unwrap();
/// let house = supervisor.handle();
/// task_group(async |group| {
///     group.spawn(supervisor.run());
///     assert!(door.parse("three".to_owned()).await.unwrap().is_err());
///     door.slam().await.unwrap();
///     let (waited, _) = arbour::join!(door.wait(), door.knock());
///     assert_eq!(waited, Ok(2));
///     house.request_stop();
/// })
/// .await
/// .unwrap();
/// assert_eq!(door.wait().await, Err(AskError::Stopped));
/// # });
/// ```
///
/// A generic actor, and a method that is called on the value:
///
/// ```
/// use arbour::{actor, spawn_actor, task_group};
///
/// struct Stack<T> {
///     items: Vec<T>,
/// }
///
/// #[actor]
/// impl<T: Send + 'static> Stack<T> {
///     fn push(&mut self, item: T) {
///         self.items.push(item);
///     }
///
///     fn pop(&mut self) -> Option<T> {
///         self.items.pop()
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// let mut stack = Stack { items: vec![1] };
/// stack.push(2);
/// task_group(async |group| {
///     let stack = spawn_actor(&group, "stack", stack, 16);
///     assert_eq!(stack.pop().await, Ok(Some(2)));
/// })
/// .await
/// .unwrap();
/// # });
/// ```
///
/// [`Actor`]: https://docs.rs/arbour/latest/arbour/trait.Actor.html
/// [`Failure`]: https://docs.rs/arbour/latest/arbour/struct.Failure.html
#[proc_macro_attribute]
pub fn actor(options: TokenStream, block: TokenStream) -> TokenStream {
    actor::expand(options.into(), block.into()).into()
}
