//! Who should have how many resources, and what this worker takes and gives up for that.
//!
//! A function of what is seen: no time, no store. Invariants:
//!
//! 1. Shares differ by at most one, and together they are all resources, if all workers see the same.
//! 2. Who has more already keeps the odd ones: no plan moves more than is needed for shares to be fair.
//! 3. What is taken is free, what is given up is one's own, and no more of it at once than `moves`.
//! 4. Where everybody has their share, nothing is taken or given up.
//! 5. What is only reached for is given up before what is had, as work on that has begun.

use crate::store::LeaseName;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a worker sees.
#[derive(Clone, Debug)]
pub(crate) struct View<'a> {
    /// Itself.
    pub(crate) me: &'a str,
    /// Who is alive; it counts itself among them in any case.
    pub(crate) members: BTreeSet<String>,
    /// Everything there is to share.
    pub(crate) resources: &'a [LeaseName],
    /// Who has what.
    pub(crate) holders: BTreeMap<LeaseName, String>,
    /// What it has or is about to have.
    pub(crate) mine: BTreeSet<LeaseName>,
    /// What it is giving up.
    pub(crate) leaving: BTreeSet<LeaseName>,
    /// What it shall not take now.
    pub(crate) passed_over: BTreeSet<LeaseName>,
    /// How much it gives up at once.
    pub(crate) moves: usize,
}

/// What a worker does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) take: Vec<LeaseName>,
    pub(crate) shed: Vec<LeaseName>,
    /// What it waits for, if it should have more than it has and takes: that others give it up.
    pub(crate) watch: Vec<LeaseName>,
}

/// How far a worker has come with one of its own, as far as is seen.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Another was faster, of which it has not heard yet.
    Outrun,
    /// Nobody has it: it may be granted yet.
    Open,
    /// It has it.
    Granted,
}

impl View<'_> {
    pub(crate) fn plan(&self) -> Plan {
        let shares = self.shares();
        let (share, have) = (shares[self.me], self.mine.len());
        let missing = share.saturating_sub(have);
        let take = self.first(missing, self.resources.iter().filter(|name| self.is_free(name)));
        let surplus = have.saturating_sub(share).min(self.moves.saturating_sub(self.leaving.len()));
        let shed = self.cheapest(surplus);
        let watch = if take.len() < missing { self.awaited(&shares) } else { Vec::new() };
        Plan { take, shed, watch }
    }

    /// How many each worker should have. The odd ones go to who has most already, and then by name.
    fn shares(&self) -> BTreeMap<&str, usize> {
        let mut counts: BTreeMap<&str, usize> = self.members.iter().map(|member| (&**member, 0)).collect();
        counts.entry(self.me).or_default();
        for holder in self.holders.values() {
            if let Some(count) = counts.get_mut(&**holder) {
                *count += 1;
            }
        }
        let (each, odd) = (self.resources.len() / counts.len(), self.resources.len() % counts.len());
        let mut members: Vec<_> = counts.into_iter().collect();
        members.sort_by_key(|(_, count)| Reverse(*count));
        let ranks = members.into_iter().enumerate();
        ranks.map(|(rank, (member, _))| (member, each + usize::from(rank < odd))).collect()
    }

    /// So many of its own that it misses least: of those with which it has come equally far, what suits it least first.
    fn cheapest(&self, count: usize) -> Vec<LeaseName> {
        let mut names: Vec<&LeaseName> = self.mine.iter().collect();
        names.sort_by_cached_key(|name| (self.reach(name), suits(self.me, name)));
        names.into_iter().take(count).cloned().collect()
    }

    fn reach(&self, name: &LeaseName) -> Reach {
        match self.holders.get(name) {
            Some(holder) if holder == self.me => Reach::Granted,
            Some(_) => Reach::Outrun,
            None => Reach::Open,
        }
    }

    /// What others will release next: all that is left of those who have gone or are about to, and of those with more
    /// than their share what suits them least, as many as they give up at once.
    fn awaited(&self, shares: &BTreeMap<&str, usize>) -> Vec<LeaseName> {
        let mut held: BTreeMap<&str, Vec<&LeaseName>> = BTreeMap::new();
        for (name, holder) in self.others() {
            held.entry(holder).or_default().push(name);
        }
        let released = |(holder, names): (&str, Vec<&LeaseName>)| {
            let share = shares.get(holder).copied();
            let count = share.map_or(names.len(), |share| names.len().saturating_sub(share).min(self.moves));
            last(holder, names, count)
        };
        held.into_iter().flat_map(released).collect()
    }

    /// Who else has which of the resources, that this worker might take.
    fn others(&self) -> impl Iterator<Item = (&LeaseName, &str)> {
        let resources: BTreeSet<&LeaseName> = self.resources.iter().collect();
        let holders = self.holders.iter().filter(|(_, holder)| **holder != self.me);
        let might_take =
            move |name: &&LeaseName| resources.contains(name) && !self.passed_over.contains(name);
        holders.map(|(name, holder)| (name, &**holder)).filter(move |(name, _)| might_take(name))
    }

    fn is_free(&self, name: &LeaseName) -> bool {
        let own = self.mine.contains(name) || self.leaving.contains(name);
        !own && !self.holders.contains_key(name) && !self.passed_over.contains(name)
    }

    /// So many of these, what suits this worker best first.
    fn first<'n>(&self, count: usize, names: impl Iterator<Item = &'n LeaseName>) -> Vec<LeaseName> {
        let mut names: Vec<LeaseName> = names.cloned().collect();
        names.sort_by_cached_key(|name| Reverse(suits(self.me, name)));
        names.truncate(count);
        names
    }
}

/// So many of what a worker has, what suits it least first.
fn last(worker: &str, mut names: Vec<&LeaseName>, count: usize) -> Vec<LeaseName> {
    names.sort_by_cached_key(|name| suits(worker, name));
    names.into_iter().take(count).cloned().collect()
}

/// How well a resource suits a worker: each order is another, so that workers do not all reach for the same.
fn suits(worker: &str, name: &LeaseName) -> u64 {
    let mut hasher = DefaultHasher::new();
    (worker, name).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<LeaseName> {
        (0..count).map(|number| LeaseName::new(format!("p{number}")).unwrap()).collect()
    }

    /// Workers that see the same, and do at once what they plan.
    struct World {
        resources: Vec<LeaseName>,
        members: BTreeSet<String>,
        holders: BTreeMap<LeaseName, String>,
        moves: usize,
    }

    impl World {
        fn new(resources: usize, members: usize, moves: usize) -> Self {
            let members = (0..members).map(|number| format!("worker {number}")).collect();
            Self { resources: names(resources), members, holders: BTreeMap::new(), moves }
        }

        fn view<'a>(&'a self, me: &'a str) -> View<'a> {
            let own = self.holders.iter().filter(|(_, holder)| *holder == me);
            View {
                me,
                members: self.members.clone(),
                resources: &self.resources,
                holders: self.holders.clone(),
                mine: own.map(|(name, _)| name.clone()).collect(),
                leaving: BTreeSet::new(),
                passed_over: BTreeSet::new(),
                moves: self.moves,
            }
        }

        /// Everybody plans at once; who comes first gets what several reach for. How much was moved.
        fn round(&mut self) -> usize {
            let plans: Vec<(String, Plan)> =
                self.members.iter().map(|member| (member.clone(), self.view(member).plan())).collect();
            let moved = plans.iter().map(|(_, plan)| plan.take.len() + plan.shed.len()).sum();
            for (member, plan) in plans {
                for name in plan.shed {
                    assert_eq!(self.holders.remove(&name), Some(member.clone()), "invariant 3");
                }
                for name in plan.take {
                    self.holders.entry(name).or_insert_with(|| member.clone());
                }
            }
            moved
        }

        /// Rounds until nothing moves; how much was given up in them.
        fn settle(&mut self) -> usize {
            let mut shed = 0;
            for _ in 0..1_000 {
                let before: BTreeSet<_> = self.holders.clone().into_iter().collect();
                if self.round() == 0 {
                    return shed;
                }
                let after: BTreeSet<_> = self.holders.clone().into_iter().collect();
                shed += before.difference(&after).count();
            }
            panic!("it never settles: {:?}", self.holders);
        }

        fn counts(&self) -> Vec<usize> {
            let count = |member| self.holders.values().filter(|holder| *holder == member).count();
            self.members.iter().map(count).collect()
        }

        fn is_fair(&self) -> bool {
            let counts = self.counts();
            let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
            spread <= 1 && counts.iter().sum::<usize>() == self.resources.len()
        }
    }

    #[test]
    fn every_number_of_workers_and_resources_settles_on_fair_shares() {
        for (resources, members, moves) in (0..20).flat_map(|resources| {
            (1..7).flat_map(move |members| [1, 2, 9].map(|moves| (resources, members, moves)))
        }) {
            let mut world = World::new(resources, members, moves);
            world.settle();
            assert!(world.is_fair(), "{resources} for {members}: {:?}", world.counts());
        }
    }

    #[test]
    fn a_worker_that_joins_is_given_its_share_and_nothing_else_moves() {
        let mut world = World::new(12, 3, 1);
        world.settle();
        world.members.insert("worker 3".to_owned());
        assert_eq!(world.settle(), 3, "its share of 12 is 3");
        assert_eq!(world.counts(), [3, 3, 3, 3]);
    }

    #[test]
    fn odd_ones_stay_where_they_are() {
        let mut world = World::new(5, 2, 9);
        world.settle();
        world.members.insert("a worker that comes first by name".to_owned());
        assert_eq!(world.settle(), 1, "two each and one more: only one has to move");
        assert!(world.is_fair());
    }

    #[test]
    fn what_a_worker_leaves_is_all_that_moves_when_it_is_gone() {
        let mut world = World::new(12, 4, 9);
        world.settle();
        world.members.remove("worker 2");
        world.holders.retain(|_, holder| holder != "worker 2");
        assert_eq!(world.settle(), 0);
        assert_eq!(world.counts(), [4, 4, 4]);
    }

    #[test]
    fn no_more_is_given_up_at_once_than_moves() {
        let mut world = World::new(12, 1, 2);
        world.settle();
        world.members.insert("worker 1".to_owned());
        let mut view = world.view("worker 0");
        assert_eq!(view.plan().shed.len(), 2);
        let leaving = view.plan().shed[0].clone();
        view.mine.remove(&leaving);
        view.leaving.insert(leaving);
        assert_eq!(view.plan().shed.len(), 1);
    }

    #[test]
    fn what_is_only_reached_for_is_given_up_before_what_is_had() {
        let names = names(4);
        for (one, other) in (0..4).flat_map(|one| (0..one).map(move |other| (one, other))) {
            let mut world = World::new(4, 2, 9);
            world.holders = [one, other].map(|had| (names[had].clone(), "worker 0".to_owned())).into();
            let mut view = world.view("worker 0");
            view.mine = names.iter().cloned().collect();
            let shed: BTreeSet<_> = view.plan().shed.into_iter().collect();
            assert_eq!(shed.len(), 2);
            assert!(shed.iter().all(|name| !world.holders.contains_key(name)), "{shed:?} of what it has");
        }
    }

    #[test]
    fn what_another_was_faster_to_take_is_given_up_before_what_may_be_granted_yet() {
        let names = names(4);
        for faster in 0..4 {
            let mut world = World::new(4, 2, 1);
            world.holders.insert(names[faster].clone(), "worker 1".to_owned());
            let mut view = world.view("worker 0");
            view.mine = names.iter().cloned().collect();
            assert_eq!(view.plan().shed, [names[faster].clone()]);
        }
    }

    #[test]
    fn who_should_have_more_says_so_and_takes_what_is_free_only() {
        let mut world = World::new(4, 2, 1);
        world.holders =
            world.resources[..3].iter().map(|name| (name.clone(), "worker 0".to_owned())).collect();
        let plan = world.view("worker 1").plan();
        assert_eq!(plan.take, [world.resources[3].clone()]);
        assert_eq!(plan.watch, world.view("worker 0").plan().shed, "what the other gives up next");
    }

    #[test]
    fn who_should_have_more_waits_for_all_that_somebody_leaves_who_has_gone() {
        let mut world = World::new(6, 1, 1);
        world.holders = world.resources.iter().map(|name| (name.clone(), "gone".to_owned())).collect();
        let watch: BTreeSet<_> = world.view("worker 0").plan().watch.into_iter().collect();
        assert_eq!(watch, world.resources.iter().cloned().collect());
    }

    #[test]
    fn what_was_passed_over_is_not_taken() {
        let world = World::new(2, 1, 1);
        let mut view = world.view("worker 0");
        view.passed_over.insert(world.resources[0].clone());
        assert_eq!(view.plan().take, [world.resources[1].clone()]);
    }

    #[test]
    fn what_it_has_or_is_giving_up_is_not_taken_although_nobody_is_seen_to_hold_it() {
        let world = World::new(3, 1, 1);
        let mut view = world.view("worker 0");
        view.mine.insert(world.resources[0].clone());
        view.leaving.insert(world.resources[1].clone());
        assert_eq!(view.plan().take, [world.resources[2].clone()]);
    }

    #[test]
    fn who_should_have_more_waits_for_as_much_as_is_given_up_at_once() {
        let mut world = World::new(6, 2, 2);
        world.holders = world.resources.iter().map(|name| (name.clone(), "worker 0".to_owned())).collect();
        assert_eq!(world.view("worker 1").plan().watch.len(), 2, "of three that it is to have");
    }

    #[test]
    fn only_who_should_have_more_waits_and_only_for_what_it_may_take() {
        let mut world = World::new(3, 1, 1);
        let [taken, passed_over, free] = [0, 1, 2].map(|number| world.resources[number].clone());
        let of_others = LeaseName::new("p99").unwrap();
        for name in [&taken, &passed_over, &of_others] {
            world.holders.insert(name.clone(), "gone".to_owned());
        }
        let mut view = world.view("worker 0");
        view.passed_over.insert(passed_over);
        let plan = view.plan();
        assert_eq!((plan.take, plan.watch), (vec![free.clone()], vec![taken]));

        world.members.extend(["worker 1", "worker 2"].map(str::to_owned));
        world.holders.insert(free, "worker 0".to_owned());
        assert_eq!(world.view("worker 0").plan(), Plan::default(), "it has its share");
    }

    #[test]
    fn random_comings_and_goings_always_settle() {
        let mut random = 7_u64;
        let mut below = |end: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % end
        };
        for _ in 0..300 {
            let mut world = World::new(below(30), 1 + below(5), 1 + below(4));
            for joined in 0..6 {
                world.members.insert(format!("joined {joined}"));
                if below(2) == 0 {
                    let gone = world.members.iter().nth(below(world.members.len())).unwrap().clone();
                    world.members.remove(&gone);
                    world.holders.retain(|_, holder| *holder != gone);
                }
                for _ in 0..below(3) {
                    world.round();
                }
            }
            world.settle();
            assert!(world.is_fair(), "{:?} of {}", world.counts(), world.resources.len());
        }
    }
}
