//! The attributes of arbour. Users see them as `arbour::main` and `arbour::test`.
//!
//! Each turns an `async fn` into a plain one that hands its body to `arbour::__private`: what a runtime
//! is and how it stops is said there, in code, and not in generated text.
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

/// X.
#[proc_macro_attribute]
pub fn actor(options: TokenStream, block: TokenStream) -> TokenStream {
    actor::expand(options.into(), block.into()).into()
}
