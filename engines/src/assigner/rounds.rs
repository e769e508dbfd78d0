//! The rounds of one worker: it looks, does what its plan says, and waits for something to change.

use super::Assigner;
use super::crew::{Crew, Gone};
use super::plan::{Plan, View};
use crate::clock::{Clock, Moment};
use crate::leases::Leases;
use crate::store::{AnyLeaseStore, Holding, LeaseName, LeaseStore, Operation, StoreError, StoreErrorKind};
use arbour_primitives::scope::{ScopeHandle, race, stopping};
use arbour_primitives::sync::Notice;
use arbour_supervisor::{ChildRef, DynamicSupervisorHandle, TaskGroup};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// What a worker knows between its rounds.
pub(super) struct Rounds {
    store: AnyLeaseStore,
    clock: Clock,
    group: LeaseName,
    resources: Vec<LeaseName>,
    moves: usize,
    me: Arc<str>,
    crew: Crew,
    supervisor: DynamicSupervisorHandle<LeaseName>,
    /// The child of each resource that it has or is about to have.
    mine: BTreeMap<LeaseName, ChildRef>,
    /// What it is giving up.
    leaving: BTreeSet<LeaseName>,
    /// Until when it does not take again what ended by itself.
    passed_over: BTreeMap<LeaseName, Moment>,
    /// How often it looks though nothing seems to change, and for how long it passes something over.
    every: Duration,
    answer_within: Duration,
}

type Change<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl Rounds {
    pub(super) fn new(
        assigner: Assigner,
        leases: &Leases,
        me: Arc<str>,
        crew: Crew,
        supervisor: DynamicSupervisorHandle<LeaseName>,
    ) -> Self {
        let Assigner { group, resources, moves, .. } = assigner;
        let (mine, leaving, passed_over) = <_>::default();
        let (every, answer_within) = (leases.times().renew_every, leases.times().answer_within);
        let (store, clock) = (leases.store().clone(), leases.own_clock().clone());
        Self {
            store,
            clock,
            group,
            resources,
            moves,
            me,
            crew,
            supervisor,
            mine,
            leaving,
            passed_over,
            every,
            answer_within,
        }
    }

    /// Goes on until the scope is drained.
    pub(super) async fn run(mut self, group: &TaskGroup) {
        while !ScopeHandle::current().is_some_and(|scope| scope.is_draining()) {
            let notice = self.forget_the_gone();
            let watched = match self.round(group).await {
                Ok(watched) => watched,
                Err(error) => {
                    tracing::warn!(group = self.group.as_str(), %error, again_in = ?self.every, "a worker cannot see its group");
                    Vec::new()
                }
            };
            self.change(watched, notice).await;
        }
    }

    fn forget_the_gone(&mut self) -> Notice {
        let now = self.clock.now();
        let (gone, notice) = self.crew.gone();
        for (resource, how) in gone {
            self.mine.remove(&resource);
            if !self.leaving.remove(&resource) && how == Gone::ByItself {
                self.passed_over.insert(resource, now + self.every);
            }
        }
        self.passed_over.retain(|_, until| *until > now);
        notice
    }

    /// Looks, takes and gives up; gives the leases whose release would change the plan.
    async fn round(&mut self, group: &TaskGroup) -> Result<Vec<LeaseName>, StoreError> {
        let members = self.list(format!("{}.members/", self.group)).await?;
        let held = self.list(format!("{}/", self.group)).await?;
        let plan = self.view(&members, held).plan();
        self.carry_out(&plan, group).await;
        let others = members.into_iter().filter(|member| *member.owner != *self.me).map(|member| member.name);
        let wanted = self.resources.iter().filter(|name| plan.wants_more && self.may_want(name)).cloned();
        Ok(others.chain(wanted).collect())
    }

    fn view(&self, members: &[Holding], held: Vec<Holding>) -> View<'_> {
        View {
            me: &self.me,
            members: members.iter().map(|member| member.owner.clone()).collect(),
            resources: &self.resources,
            holders: held.into_iter().map(|holding| (holding.name, holding.owner)).collect(),
            mine: self.mine.keys().cloned().collect(),
            leaving: self.leaving.clone(),
            passed_over: self.passed_over.keys().cloned().collect(),
            moves: self.moves,
        }
    }

    fn may_want(&self, name: &LeaseName) -> bool {
        !self.mine.contains_key(name) && !self.leaving.contains(name) && !self.passed_over.contains_key(name)
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
        self.leaving.insert(resource.clone());
        let (supervisor, crew) = (self.supervisor.clone(), self.crew.clone());
        group.task().name(format!("giving up {resource}")).spawn_value(async move {
            // Whether it was stopped or is gone already, the resource is given up.
            let _ = supervisor.stop_child(child).await;
            crew.is_gone(resource, Gone::WithoutFault);
        });
    }

    /// Waits until one of these is released, a child is gone, the worker is drained, or it is time to look again.
    async fn change(&self, watched: Vec<LeaseName>, mut notice: Notice) {
        let mut changes: Vec<Change<'_>> = vec![
            Box::pin(stopping()),
            Box::pin(poll_fn(move |cx| notice.poll_told(cx))),
            Box::pin(sleep(self.every)),
        ];
        changes.extend(watched.into_iter().map(|name| Box::pin(self.released(name)) as Change<'_>));
        let _ = race(changes).await;
    }

    /// Waits until this lease may be free; a store that does not answer says nothing about it.
    async fn released(&self, name: LeaseName) {
        if self.store.until_free(&name, self.every).await.is_err() {
            sleep(self.every).await;
        }
    }

    async fn list(&self, prefix: String) -> Result<Vec<Holding>, StoreError> {
        timeout(self.answer_within, self.store.list(&prefix)).await.unwrap_or_else(|_| {
            let why = format!("it took longer than {:?}", self.answer_within);
            Err(StoreError::new(StoreErrorKind::Unknown, Operation::List, prefix.clone(), why))
        })
    }
}
