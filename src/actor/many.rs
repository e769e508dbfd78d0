//! Asking several actors at a time: all, the first, or as many as make a quorum.

use super::Actor;
use super::address::Address;
use super::envelope::Envelope;
use super::error::{AskError, Progress};
use super::reply::{PendingReply, Reply};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// An ask that has not begun, until it is told how long it may take.
type Ask<'a, R> = Box<dyn FnOnce(Option<Instant>) -> Asking<'a, R> + Send + 'a>;

type Asking<'a, R> = Pin<Box<dyn Future<Output = (usize, Result<R, AskError>)> + Send + 'a>>;

/// Asks several actors the same thing at the same time; see [`ask_many`].
#[must_use = "nobody is asked before one of its methods is awaited"]
pub struct AskMany<'a, R> {
    asking: Vec<Ask<'a, R>>,
    within: Option<Duration>,
}

/// Too many actors have given no reply for a quorum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of {wanted} replies came in; {} actors gave none", replies.len(), errors.len())]
#[non_exhaustive]
pub struct NoQuorum<R> {
    /// How many replies were wanted.
    pub wanted: usize,
    /// The replies that came.
    pub replies: Vec<R>,
    /// Why the others did not: who, by its place among those that were asked, and why.
    pub errors: Vec<(usize, AskError)>,
}

/// Asks all these actors the same thing: `message` makes each one's message from its reply.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, Context, Failure, Reply, ask_many, spawn_actor, task_group};
///
/// struct Shard(u64);
///
/// impl Actor for Shard {
///     type Message = Reply<u64>;
///
///     async fn handle(&mut self, reply: Reply<u64>, _: &mut Context<Self>) -> Result<(), Failure> {
///         reply.send(self.0);
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// task_group(async |group| {
///     let shards = [1, 2, 3].map(|n| spawn_actor(&group, "shard", Shard(n), 16));
///     let all = ask_many(&shards, |reply| reply).all().await;
///     assert_eq!(all, [Ok(1), Ok(2), Ok(3)]);
///     assert_eq!(ask_many(&shards, |reply| reply).quorum(2).await.unwrap().len(), 2);
/// })
/// .await
/// .unwrap();
/// # });
/// ```
pub fn ask_many<'a, A: Actor, R: Send + 'static>(
    actors: impl IntoIterator<Item = &'a Address<A>>,
    mut message: impl FnMut(Reply<R>) -> A::Message,
) -> AskMany<'a, R> {
    let asks = actors.into_iter().enumerate().map(|(place, actor)| -> Ask<'a, R> {
        let prepared = actor.prepare(None, actor.slot.may_be_waited_for(), &mut message);
        Box::new(move |until| Box::pin(async move { (place, ask(actor, prepared, until).await) }))
    });
    AskMany { asking: asks.collect(), within: None }
}

async fn ask<A: Actor, R: Send + 'static>(
    actor: &Address<A>,
    prepared: Result<(PendingReply<R>, Envelope<A::Message>), AskError>,
    until: Option<Instant>,
) -> Result<R, AskError> {
    let (mut pending, envelope) = prepared?;
    let Some(until) = until else {
        actor.deliver(envelope).await.map_err(AskError::unsent)?;
        return pending.await;
    };
    match timeout_at(until, actor.deliver(envelope)).await {
        Ok(sent) => sent.map_err(AskError::unsent)?,
        Err(_) => return Err(AskError::TimedOut(Progress::NotHandled)),
    }
    match timeout_at(until, &mut pending).await {
        Ok(replied) => replied,
        Err(_) => Err(pending.give_up()),
    }
}

impl<R> AskMany<'_, R> {
    /// Waits at most so long; whoever has given no reply by then has [timed out](AskError::TimedOut). Default: no limit.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// Everybody's reply, or why there is none, in the order in which they were asked.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the replies so far are lost; messages that are not handled yet are skipped.
    pub async fn all(self) -> Vec<Result<R, AskError>> {
        let mut answers: Vec<Option<Result<R, AskError>>> = self.asking.iter().map(|_| None).collect();
        self.each(|place, answer| {
            answers[place] = Some(answer);
            false
        })
        .await;
        // Each has an answer: one that has none in time says so itself.
        answers.into_iter().flatten().collect()
    }

    /// The first reply that comes. The others are not waited for: messages that are not handled yet are skipped.
    ///
    /// # Cancel safety
    ///
    /// As for [`all`](Self::all).
    ///
    /// # Errors
    ///
    /// [`NoQuorum`] when nobody replies.
    pub async fn first(self) -> Result<R, NoQuorum<R>> {
        let mut replies = self.quorum(1).await?;
        Ok(replies.swap_remove(0))
    }

    /// The first so many replies. The others are not waited for: messages that are not handled yet are skipped.
    ///
    /// # Cancel safety
    ///
    /// As for [`all`](Self::all).
    ///
    /// # Errors
    ///
    /// [`NoQuorum`], with what came, as soon as so many replies cannot come any more.
    pub async fn quorum(self, wanted: usize) -> Result<Vec<R>, NoQuorum<R>> {
        let asked = self.asking.len();
        let (mut replies, mut errors) = (Vec::new(), Vec::new());
        if wanted > 0 && wanted <= asked {
            self.each(|place, answer| {
                match answer {
                    Ok(reply) => replies.push(reply),
                    Err(error) => errors.push((place, error)),
                }
                replies.len() >= wanted || errors.len() > asked - wanted
            })
            .await;
        }
        if replies.len() >= wanted {
            return Ok(replies);
        }
        Err(NoQuorum { wanted, replies, errors })
    }

    /// Gives each answer as it comes, until one says that it is enough.
    async fn each(self, mut take: impl FnMut(usize, Result<R, AskError>) -> bool) {
        let until = self.within.and_then(|time| Instant::now().checked_add(time));
        let mut asking: FuturesUnordered<_> = self.asking.into_iter().map(|ask| ask(until)).collect();
        while let Some((place, answer)) = asking.next().await {
            if take(place, answer) {
                return;
            }
        }
    }
}

impl<R> fmt::Debug for AskMany<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskMany").field("open", &self.asking.len()).field("within", &self.within).finish()
    }
}
