//! Groups of actors by name: who has joined, and word of who comes and goes.
//!
//! # Invariants
//!
//! 1. A group is there as long as it has a membership, and a membership keeps nothing alive of its actor.
//! 2. Who is found is alive: an actor that cannot be reached any more is not given, also before its memberships are
//!    struck.
//! 3. Memberships are numbered and struck by number: clean-up that comes late, after the actor has left by itself, finds
//!    nothing, and takes nobody else out.
//! 4. A membership stands in the actor's slot before `join` returns, so whichever comes first, the membership or the
//!    actor's end, the membership is struck, and its end told once.
//!
//! Members are found without a lock but that of their shard of the map, which is held for no more than a copy. Changes
//! go one at a time, through [`News`].

mod error;
mod event;
mod roll;

pub use error::{JoinError, NotJoined};
pub use event::GroupEvent;

use crate::news::{Desk, News};
use crate::stream::ReceiveStream;
use crate::{Actor, Address};
use dashmap::DashMap;
use roll::{Membership, Roll};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Groups of actors by name: an actor joins as many as it likes, as often as it likes. Cheap to clone; a clone has the
/// same groups.
///
/// A group comes with its first member and goes with its last. Memberships belong to the actor's slot: they stay through
/// crashes and restarts, and go with the slot. They keep no actor alive, and whom `members` gives is.
///
/// The groups are of one type of actor, so that a member is an [`Address`], with which everything can be done that
/// can be done with an actor: its own methods, [`ask_many`](crate::ask_many), `monitor`, `stop`. Where actors of several
/// types hear the same messages, each type has groups of its own, and the addresses are taken together as
/// [`Recipient`](crate::Recipient)s.
///
/// For the same reason there are no groups of the whole process: a program that wants some has a
/// `static ROOMS: LazyLock<ProcessGroups<Guest>> = LazyLock::new(ProcessGroups::new);`.
///
/// Looking at groups waits for nobody. Joining and leaving are made one at a time.
///
/// # Examples
///
/// ```
/// use arbour::{Actor, Context, Failure, ProcessGroups, Reply, ask_many, spawn_actor, task_group};
///
/// struct Voter(bool);
///
/// impl Actor for Voter {
///     type Message = Reply<bool>;
///
///     async fn handle(&mut self, reply: Reply<bool>, _: &mut Context<Self>) -> Result<(), Failure> {
///         reply.send(self.0);
///         Ok(())
///     }
/// }
///
/// # arbour::testing::block_on(async {
/// let groups = ProcessGroups::new();
/// task_group(async |group| {
///     let ann = spawn_actor(&group, "ann", Voter(true), 16);
///     let ben = spawn_actor(&group, "ben", Voter(false), 16);
///     groups.join("parliament", &ann).unwrap();
///     groups.join("parliament", &ben).unwrap();
///     let votes = ask_many(&groups.members("parliament"), |reply| reply).all().await;
///     assert_eq!(votes, [Ok(true), Ok(false)]);
/// })
/// .await
/// .unwrap();
/// assert!(groups.groups().is_empty());
/// # });
/// ```
pub struct ProcessGroups<A: Actor> {
    shared: Arc<Shared<A>>,
}

struct Shared<A: Actor> {
    rolls: DashMap<Arc<str>, Roll<A>>,
    /// The number of the next membership.
    next: AtomicU64,
    news: News<GroupEvent<A>>,
}

impl<A: Actor> ProcessGroups<A> {
    /// No groups yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared { rolls: DashMap::new(), next: AtomicU64::new(0), news: News::new() }),
        }
    }

    /// Has the actor join a group. Joined more than once, it is a member as often, and has to leave as often.
    ///
    /// # Errors
    ///
    /// [`JoinError`] when the actor has ended for good.
    pub fn join(&self, group: impl Into<Arc<str>>, address: &Address<A>) -> Result<(), JoinError> {
        let group = group.into();
        if address.is_over() {
            return Err(JoinError { group, actor: Arc::clone(address.shared_name()) });
        }
        let membership = self.shared.enter(group, address);
        address.list(&membership);
        Ok(())
    }

    /// Has the actor leave a group, once.
    ///
    /// # Errors
    ///
    /// [`NotJoined`] when it is no member, or not any more: one that has ended has left.
    pub fn leave(&self, group: &str, address: &Address<A>) -> Result<(), NotJoined> {
        let left = self.shared.remove(group, |roll| roll.take_latest_of(address.identity()));
        if left {
            return Ok(());
        }
        Err(NotJoined { group: group.into(), actor: Arc::clone(address.shared_name()) })
    }

    /// The living members of a group in the order in which they joined, each as often as it did. None, if there is no
    /// such group.
    #[must_use]
    pub fn members(&self, group: &str) -> Vec<Address<A>> {
        let memberships = self.shared.memberships_of(group);
        memberships.iter().filter_map(|membership| membership.member.upgrade()).collect()
    }

    /// Calls a function with each living member, one after the other, in the caller; tells how many there were. While it
    /// runs, groups may be joined and left: it is given those who were members when it began.
    ///
    /// To have them served side by side, each in a task of its own, hand [`members`](Self::members) to
    /// [`for_each_concurrent`](crate::for_each_concurrent).
    ///
    /// # Panics
    ///
    /// When the function does; the rest is not called.
    pub fn dispatch(&self, group: &str, call: impl FnMut(Address<A>)) -> usize {
        let members = self.members(group);
        let count = members.len();
        members.into_iter().for_each(call);
        count
    }

    /// The names of the groups that have living members, in no order. What others do meanwhile may be seen or not.
    #[must_use]
    pub fn groups(&self) -> Vec<Arc<str>> {
        let mut names: Vec<_> = self.shared.rolls.iter().map(|roll| Arc::clone(roll.key())).collect();
        names
            .retain(|name| self.shared.memberships_of(name).iter().any(|one| one.member.upgrade().is_some()));
        names
    }

    /// The members of a group at this moment, and a stream of who joins and leaves from then on, each once and in order.
    /// There need be no such group yet. The stream ends with the groups.
    ///
    /// Nobody waits for a slow subscriber: what it has not taken yet is kept for it, so it costs memory until it takes
    /// it, or drops the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// # use arbour::{Actor, Context, Failure, GroupEvent, ProcessGroups, spawn_actor, task_group};
    /// # struct Guest;
    /// # impl Actor for Guest {
    /// #     type Message = ();
    /// #     async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> { Ok(()) }
    /// # }
    /// # arbour::testing::block_on(async {
    /// let groups = ProcessGroups::new();
    /// task_group(async |group| {
    ///     let (ann, ben) = (spawn_actor(&group, "ann", Guest, 16), spawn_actor(&group, "ben", Guest, 16));
    ///     groups.join("party", &ann).unwrap();
    ///     let (present, changes) = groups.monitor("party");
    ///     assert!(present[0].is_same(&ann));
    ///     groups.join("party", &ben).unwrap();
    ///     let Ok(GroupEvent::Joined { member, .. }) = changes.recv().await else { panic!() };
    ///     assert_eq!(member.name(), "ben");
    /// })
    /// .await
    /// .unwrap();
    /// # });
    /// ```
    #[must_use = "it is kept for this stream until it is taken"]
    pub fn monitor(&self, group: impl Into<Arc<str>>) -> (Vec<Address<A>>, ReceiveStream<GroupEvent<A>>) {
        let group = group.into();
        let (present, changes) = self.shared.subscribe(|| self.shared.memberships_of(&group), Some(&group));
        (present.into_iter().map(|(_, member)| member).collect(), changes)
    }

    /// Like [`monitor`](Self::monitor), for all groups: each member stands with the name of its group.
    #[must_use = "it is kept for this stream until it is taken"]
    #[expect(clippy::type_complexity, reason = "a list and a stream, as `monitor` gives them")]
    pub fn monitor_all(&self) -> (Vec<(Arc<str>, Address<A>)>, ReceiveStream<GroupEvent<A>>) {
        self.shared.subscribe(|| self.shared.all_memberships(), None)
    }
}

/// Who is there, with the name of the group.
type Present<A> = Vec<(Arc<str>, Address<A>)>;

impl<A: Actor> Shared<A> {
    fn enter(self: &Arc<Self>, group: Arc<str>, address: &Address<A>) -> Arc<Membership<A>> {
        self.news.change(|desk| {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let groups = Arc::downgrade(self);
            let membership = Arc::new(Membership { group, member: address.downgrade(), number, groups });
            let group = Arc::clone(&membership.group);
            self.rolls.entry(Arc::clone(&group)).or_default().add(Arc::clone(&membership));
            desk.tell(|| GroupEvent::Joined { group, member: membership.member.clone() });
            membership
        })
    }

    fn strike(&self, membership: &Membership<A>) {
        self.remove(&membership.group, |roll| roll.take(membership));
    }

    /// Ends a membership; whether there was one. What is removed is dropped after the change.
    fn remove(&self, group: &str, take: impl FnOnce(&mut Roll<A>) -> Option<Arc<Membership<A>>>) -> bool {
        let removed = self.news.change(|desk| self.take_out(desk, group, take));
        removed.is_some()
    }

    fn take_out(
        &self,
        desk: &mut Desk<GroupEvent<A>>,
        group: &str,
        take: impl FnOnce(&mut Roll<A>) -> Option<Arc<Membership<A>>>,
    ) -> Option<Arc<Membership<A>>> {
        let taken = take(&mut *self.rolls.get_mut(group)?)?;
        self.rolls.remove_if(group, |_, roll| roll.is_empty());
        let (group, member) = (Arc::clone(&taken.group), taken.member.clone());
        desk.tell(|| GroupEvent::Left { group, member });
        Some(taken)
    }

    /// Who is there and a subscription, at one moment. Those who are over are struck before, so that their leaving is not
    /// told to somebody who has never heard of them.
    fn subscribe(
        &self,
        list: impl Fn() -> Vec<Arc<Membership<A>>>,
        about: Option<&Arc<str>>,
    ) -> (Present<A>, ReceiveStream<GroupEvent<A>>) {
        loop {
            let (memberships, present, changes) = self.news.change(|desk| {
                let memberships = list();
                let reached = memberships
                    .iter()
                    .filter_map(|one| Some((Arc::clone(&one.group), one.member.upgrade()?)));
                let present: Present<A> = reached.collect();
                let all_alive = present.len() == memberships.len();
                let changes = all_alive.then(|| desk.subscribe(about.cloned()));
                (memberships, present, changes)
            });
            if let Some(changes) = changes {
                return (present, changes);
            }
            memberships.iter().filter(|one| one.member.upgrade().is_none()).for_each(|one| self.strike(one));
        }
    }

    fn memberships_of(&self, group: &str) -> Vec<Arc<Membership<A>>> {
        self.rolls.get(group).map(|roll| roll.memberships().collect()).unwrap_or_default()
    }

    fn all_memberships(&self) -> Vec<Arc<Membership<A>>> {
        self.rolls.iter().flat_map(|roll| roll.memberships().collect::<Vec<_>>()).collect()
    }
}

impl<A: Actor> Default for ProcessGroups<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Actor> Clone for ProcessGroups<A> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<A: Actor> fmt::Debug for ProcessGroups<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessGroups").field("groups", &self.shared.rolls.len()).finish_non_exhaustive()
    }
}
