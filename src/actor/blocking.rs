//! The address for code that does not await: the same calls, which block the thread.

use super::Actor;
use super::address::{Address, StopError};
use super::error::{AskError, Progress, TellError};
use super::monitor::Down;
use super::reply::Reply;
use crate::thread::block_thread;
use std::time::{Duration, Instant};

/// An address whose calls block the thread until they have come about; see [`Address::blocking`].
///
/// It is for threads that run no asynchronous code: plain ones, and those of `spawn_blocking` and
/// [`thread::run_sync`](crate::thread::run_sync). The actor runs in its own runtime; when that is gone, so is the actor,
/// and calls say so. On a thread where a task is polled a call is refused with an error, for whatever it waits for may
/// need that thread.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, Context, Failure, Reply, spawn_actor, task_group, thread};
///
/// struct Doubler;
///
/// impl Actor for Doubler {
///     type Message = (u32, Reply<u32>);
///
///     async fn handle(&mut self, (n, reply): Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
///         reply.send(2 * n);
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// task_group(async |group| {
///     let doubler = spawn_actor(&group, "doubler", Doubler, 16).blocking();
///     let doubled = thread::run_sync(move || doubler.ask(|reply| (21, reply))).await;
///     assert_eq!(doubled.unwrap(), Ok(42));
/// })
/// .await
/// .unwrap();
/// # });
/// ```
#[derive(Debug)]
pub struct BlockingAddress<A: Actor> {
    address: Address<A>,
}

impl<A: Actor> BlockingAddress<A> {
    pub(super) fn new(address: Address<A>) -> Self {
        Self { address }
    }

    /// See [`Address::tell`].
    ///
    /// # Errors
    ///
    /// [`TellError::WouldBlock`] on a thread where a task is polled; else as for [`Address::tell`].
    pub fn tell(&self, message: A::Message) -> Result<(), TellError<A::Message>> {
        let mut message = Some(message);
        let told = block_thread(
            async {
                match message.take() {
                    Some(message) => self.address.tell(message).await,
                    None => Ok(()),
                }
            },
            None,
        );
        match (told, message) {
            (Ok(Some(told)), _) => told,
            (_, Some(message)) => Err(TellError::WouldBlock(message)),
            (_, None) => Ok(()),
        }
    }

    /// See [`Address::try_tell`], which does not block either.
    ///
    /// # Errors
    ///
    /// As for [`Address::try_tell`].
    pub fn try_tell(&self, message: A::Message) -> Result<(), TellError<A::Message>> {
        self.address.try_tell(message)
    }

    /// See [`Address::ask`].
    ///
    /// # Errors
    ///
    /// [`AskError::WouldBlock`] on a thread where a task is polled; else as for [`Address::ask`].
    pub fn ask<R: Send + 'static>(
        &self,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<R, AskError> {
        block_thread(self.address.ask(message), None).map_or(Err(AskError::WouldBlock), answered)
    }

    /// See [`Address::ask_within`]. Time is the system's.
    ///
    /// # Errors
    ///
    /// As for [`ask`](Self::ask), and [`AskError::TimedOut`].
    pub fn ask_within<R: Send + 'static>(
        &self,
        time: Duration,
        message: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<R, AskError> {
        let until = Instant::now().checked_add(time);
        let requested =
            block_thread(self.address.request(message), until).map_err(|_| AskError::WouldBlock)?;
        let mut pending = requested.unwrap_or(Err(AskError::TimedOut(Progress::NotHandled)))?;
        match block_thread(&mut pending, until) {
            Ok(Some(replied)) => replied,
            Ok(None) => Err(pending.give_up()),
            Err(_) => Err(AskError::WouldBlock),
        }
    }

    /// See [`Address::stop`].
    ///
    /// # Errors
    ///
    /// [`StopError::WouldDeadlock`] on a thread where a task is polled; else as for [`Address::stop`].
    pub fn stop(&self) -> Result<Down, StopError> {
        match block_thread(self.address.stop(), None) {
            Ok(Some(stopped)) => stopped,
            Ok(None) | Err(_) => Err(StopError::WouldDeadlock),
        }
    }

    /// The address for code that awaits.
    #[must_use]
    pub fn address(&self) -> &Address<A> {
        &self.address
    }
}

/// What came of a wait without a limit of time.
fn answered<R>(waited: Option<Result<R, AskError>>) -> Result<R, AskError> {
    waited.unwrap_or(Err(AskError::Stopped))
}

impl<A: Actor> Clone for BlockingAddress<A> {
    fn clone(&self) -> Self {
        Self { address: self.address.clone() }
    }
}
