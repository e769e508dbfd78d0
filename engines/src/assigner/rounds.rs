//! The rounds of one worker: it looks, does what its plan says, and waits for something to change.

use super::Assigner;
use super::crew::{Crew, Gone, Left};
use super::plan::{Plan, View};
use crate::clock::Moment;
use crate::leases::{LeaseStatus, Leases};
use crate::machine::LeaseState;
use crate::store::{Holding, LeaseName, LeaseStore, Operation, StoreError};
use arbour_primitives::scope::{ScopeHandle, race, stopping};
use arbour_primitives::sync::Notice;
use arbour_supervisor::{ChildInfo, ChildRef, DynamicSupervisorHandle, TaskGroup};
use std::collections::{BTreeMap, HashSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What a worker knows between its rounds.
pub(super) struct Rounds {
    leases: Leases,
    group: LeaseName,
    resources: Vec<LeaseName>,
    moves: usize,
    me: Arc<str>,
    crew: Crew,
    supervisor: DynamicSupervisorHandle<LeaseName>,
    /// The child of each resource that it has or is about to have.
    mine: BTreeMap<LeaseName, ChildRef>,
    /// The child of each resource that it is giving up.
    leaving: BTreeMap<LeaseName, ChildRef>,
    /// Until when it does not take again what ended by itself.
    passed_over: BTreeMap<LeaseName, Moment>,
    /// Until when it does not reach again for what another was faster to take, unless that is released.
    outrun: BTreeMap<LeaseName, Moment>,
    /// How often it looks though nothing seems to change, and for how long it passes something over.
    every: Duration,
    answer_within: Duration,
    /// From the beginning of one round to that of the next, at least: what changes together is seen together.
    apart: Duration,
}

/// Something that is a reason to look again, and perhaps the lease that was released.
type Change<'a> = Pin<Box<dyn Future<Output = Option<LeaseName>> + Send + 'a>>;

/// The most that a round waits for what changes beside what it has heard of.
const APART: Duration = Duration::from_millis(10);

impl Rounds {
    pub(super) fn new(
        assigner: Assigner,
        leases: Leases,
        me: Arc<str>,
        crew: Crew,
        supervisor: DynamicSupervisorHandle<LeaseName>,
    ) -> Self {
        let Assigner { group, resources, moves, .. } = assigner;
        let (mine, leaving, passed_over, outrun) = <_>::default();
        let (every, answer_within) = (leases.times().renew_every, leases.times().answer_within);
        let apart = APART.min(leases.times().ttl() / 1_000);
        Self {
            leases,
            group,
            resources,
            moves,
            me,
            crew,
            supervisor,
            mine,
            leaving,
            passed_over,
            outrun,
            every,
            answer_within,
            apart,
        }
    }

    /// Goes on until the scope is drained.
    pub(super) async fn run(mut self, group: &TaskGroup) {
        while !ScopeHandle::current().is_some_and(|scope| scope.is_draining()) {
            let begun = Instant::now();
            let there = self.supervisor.which_children().await;
            let notice = self.forget_the_gone();
            self.forget_who_does_not_come_back(&there);
            let watched = match self.round(group).await {
                Ok(watched) => watched,
                Err(error) => {
                    tracing::warn!(group = self.group.as_str(), %error, again_in = ?self.every, "a worker cannot see its group");
                    Vec::new()
                }
            };
            let released = self.change(watched, notice).await;
            // Others of them may be free as well by now; those that are not are seen to be held.
            if released.is_some_and(|released| self.outrun.contains_key(&released)) {
                self.outrun.clear();
            }
            sleep_until(begun + self.apart).await;
        }
    }

    fn forget_the_gone(&mut self) -> Notice {
        let now = self.leases.own_clock().now();
        self.passed_over.retain(|_, until| *until > now);
        self.outrun.retain(|_, until| *until > now);
        let (gone, notice) = self.crew.gone();
        gone.into_iter().for_each(|left| self.forget(left, now));
        notice
    }

    /// A child is told of twice that ends while it is being stopped, and its resource may have another by then.
    fn forget(&mut self, Left { resource, child, how }: Left, now: Moment) {
        if self.leaving.get(&resource) == Some(&child) {
            self.leaving.remove(&resource);
        } else if self.mine.get(&resource) == Some(&child) {
            self.mine.remove(&resource);
            match how {
                Gone::ByItself => drop(self.passed_over.insert(resource, now + self.every)),
                Gone::Outrun => drop(self.outrun.insert(resource, now + self.answer_within)),
                Gone::Asked => {}
            }
        }
    }

    /// A child that has failed for the last time says nothing. Others have told of their end before these were there.
    fn forget_who_does_not_come_back(&mut self, there: &[ChildInfo]) {
        let there: HashSet<ChildRef> = there.iter().map(|info| info.child).collect();
        let until = self.leases.own_clock().now() + self.every;
        for (resource, _) in self.mine.extract_if(.., |_, child| !there.contains(child)) {
            tracing::warn!(resource = resource.as_str(), again_in = ?self.every, "the work on a resource has failed for good; it is assigned anew");
            self.passed_over.insert(resource, until);
        }
    }

    /// Looks, takes and gives up; gives the leases whose release would change the plan.
    async fn round(&mut self, group: &TaskGroup) -> Result<Vec<LeaseName>, StoreError> {
        let members = self.list(format!("{}.members/", self.group)).await?;
        let held = self.list(format!("{}/", self.group)).await?;
        let plan = self.view(&members, held).plan();
        self.carry_out(&plan, group).await;
        let others = members.into_iter().filter(|member| *member.owner != *self.me).map(|member| member.name);
        Ok(others.chain(plan.watch).chain(self.outrun.keys().cloned()).collect())
    }

    fn view(&self, members: &[Holding], held: Vec<Holding>) -> View<'_> {
        View {
            me: &self.me,
            members: members.iter().map(|member| member.owner.clone()).collect(),
            resources: &self.resources,
            holders: self.holders(held),
            mine: self.mine.keys().cloned().collect(),
            leaving: self.leaving.keys().cloned().collect(),
            passed_over: self.passed_over.keys().chain(self.outrun.keys()).cloned().collect(),
            moves: self.moves,
        }
    }

    /// Who has what: as the store has told it, but for what was granted to this worker since then.
    fn holders(&self, told: Vec<Holding>) -> BTreeMap<LeaseName, String> {
        let is_granted = |status: &LeaseStatus| {
            matches!(status.state, LeaseState::Held { .. }) && self.mine.contains_key(&status.name)
        };
        let granted = self.leases.statuses().into_iter().filter(is_granted);
        let own = granted.map(|status| (status.name, self.me.to_string()));
        told.into_iter().map(|holding| (holding.name, holding.owner)).chain(own).collect()
    }

    async fn carry_out(&mut self, plan: &Plan, group: &TaskGroup) {
        for resource in &plan.take {
            match self.supervisor.start_child(resource.clone()).await {
                Ok(started) => self.mine.extend(started.child().map(|child| (resource.clone(), child))),
                Err(refused) => {
                    tracing::warn!(resource = resource.as_str(), %refused, "a resource is not worked on")
                }
            }
        }
        for resource in &plan.shed {
            self.give_up(resource.clone(), group);
        }
    }

    /// Drains the child of this resource, beside the rounds.
    fn give_up(&mut self, resource: LeaseName, group: &TaskGroup) {
        let Some(child) = self.mine.remove(&resource) else { return };
        tracing::info!(resource = resource.as_str(), "a resource is given up, so that shares are fair");
        self.leaving.insert(resource.clone(), child);
        let (supervisor, crew) = (self.supervisor.clone(), self.crew.clone());
        group.task().name(format!("giving up {resource}")).spawn_value(async move {
            // Whether it was stopped or is gone already, the resource is given up.
            let _ = supervisor.stop_child(child).await;
            crew.is_gone(Left { resource, child, how: Gone::Asked });
        });
    }

    /// Waits until one of these is released, which it gives; or a child is gone, the worker is drained, or it is time to
    /// look again.
    async fn change(&self, watched: Vec<LeaseName>, mut notice: Notice) -> Option<LeaseName> {
        let else_what = async {
            let _ =
                arbour_primitives::race!(stopping(), poll_fn(|cx| notice.poll_told(cx)), sleep(self.every));
            None
        };
        let mut changes: Vec<Change<'_>> = vec![Box::pin(else_what)];
        changes.extend(watched.into_iter().map(|name| Box::pin(self.released(name)) as Change<'_>));
        race(changes).await.ok()?.value
    }

    /// Waits until this lease may be free; a store that does not answer says nothing about it.
    async fn released(&self, name: LeaseName) -> Option<LeaseName> {
        if self.leases.store().until_free(&name, self.every).await.is_err() {
            sleep(self.every).await;
            return None;
        }
        Some(name)
    }

    async fn list(&self, prefix: String) -> Result<Vec<Holding>, StoreError> {
        let listed = timeout(self.answer_within, self.leases.store().list(&prefix)).await;
        listed.unwrap_or_else(|_| Err(StoreError::late(Operation::List, &prefix, self.answer_within)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use arbour::testing::block_on;
    use arbour_supervisor::{ChildContext, DynamicSupervisor, Failure, task_group};

    async fn until_stopped(_: ChildContext, _: LeaseName) -> Result<(), Failure> {
        stopping().await;
        Ok(())
    }

    #[test]
    fn a_second_report_of_one_stop_leaves_the_next_child_of_its_resource_alone() {
        block_on(async {
            let leases = Leases::new(MemoryStore::new(), Duration::from_secs(15)).unwrap();
            let assigner = Assigner::new(leases.clone(), "orders", ["p0"]).unwrap();
            let supervisor = DynamicSupervisor::builder("orders", until_stopped).build().unwrap();
            let (handle, crew, name) = (supervisor.handle(), Crew::default(), assigner.resources[0].clone());
            let mut rounds = Rounds::new(assigner, leases, "a".into(), crew.clone(), handle.clone());
            let tell = |child, how| crew.is_gone(Left { resource: name.clone(), child, how });
            let run = task_group(async |group| {
                group.spawn_value(supervisor.run());
                let started = async || handle.start_child(name.clone()).await.unwrap().child().unwrap();
                let (old, new) = (started().await, started().await);
                rounds.leaving.insert(name.clone(), old);
                tell(old, Gone::ByItself);
                drop(rounds.forget_the_gone());
                assert!(rounds.leaving.is_empty() && rounds.passed_over.is_empty());
                rounds.mine.insert(name.clone(), new);
                tell(old, Gone::Asked);
                drop(rounds.forget_the_gone());
                assert_eq!(rounds.mine.get(&name), Some(&new));
                handle.request_stop();
            });
            run.await.unwrap();
        });
    }

    #[test]
    fn what_was_granted_after_the_store_was_asked_is_known_to_be_held() {
        block_on(async {
            let leases = Leases::new(MemoryStore::new(), Duration::from_secs(15)).unwrap();
            let assigner = Assigner::new(leases.clone(), "orders", ["p0", "p1"]).unwrap();
            let supervisor = DynamicSupervisor::builder("orders", until_stopped).build().unwrap();
            let (handle, [p0, p1]) = (supervisor.handle(), assigner.resources.clone().try_into().unwrap());
            let mut rounds =
                Rounds::new(assigner, leases.clone(), "a".into(), Crew::default(), handle.clone());
            let run = task_group(async |group| {
                group.spawn_value(supervisor.run());
                let child = handle.start_child(p0.clone()).await.unwrap().child().unwrap();
                rounds.mine.extend([(p0.clone(), child), (p1.clone(), child)]);
                let others = Leases::new(leases.store().clone(), Duration::from_secs(15)).unwrap();
                let look = others.hold(p1.as_str(), async |_| {
                    let (waits, name) = (leases.clone(), p1.clone());
                    group.spawn_value(async move { waits.hold(name.as_str(), async |_| ()).await });
                    sleep(Duration::from_millis(1)).await;
                    let held = leases.hold(p0.as_str(), async |_| {
                        leases.hold("elsewhere", async |_| rounds.holders(Vec::new())).await.unwrap()
                    });
                    held.await.unwrap()
                });
                assert_eq!(look.await.unwrap(), [(p0, "a".to_owned())].into(), "one is held, one waited for");
                assert_eq!(rounds.holders(Vec::new()), BTreeMap::new());
                handle.request_stop();
            });
            run.await.unwrap();
        });
    }
}
