//! The rules of a supervisor in the plainest form: one list of children, linear scans, whole histories.
//!
//! It follows DESIGN and the public docs, and is written to be obviously right, not to be fast. It shares nothing with
//! the machine but the vocabulary of policies and of what is reported.

mod calls;
mod child;
mod exits;
mod limits;
mod regroup;
mod starts;
mod stops;

use self::{
    child::{By, Child, State},
    regroup::{Regroup, Stage},
};
use super::words::{Ask, Deed, End, News, Number, Rules, Run, Spec, Time};
use arbour_supervisor::{
    machine::{Config, What},
    strategy::Strategy,
};
use std::{collections::VecDeque, time::Duration};

/// A supervisor as the rules have it.
#[derive(Clone, Debug)]
pub(super) struct Model {
    config: Config,
    /// Of a dynamic supervisor: the rules of those who come, and how many there may be.
    template: Option<(Rules, usize)>,
    /// In the order of start.
    children: Vec<Child>,
    /// How many slots there ever were.
    added: usize,
    phase: Phase,
    /// Calls that wait behind the first start.
    queue: Vec<(u64, Ask)>,
    regroup: Option<Regroup>,
    /// The significant child that went last, while nobody has asked whether it was the last of all.
    lost: Option<Number>,
    /// By when the shutdown must be over.
    deadline: Option<Time>,
    /// When any child was restarted, from the beginning.
    restarts: Vec<Time>,
    now: Time,
    /// The delays that the machine speaks of, for those that are drawn at random.
    drawn: VecDeque<Duration>,
    deeds: Vec<Deed>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    /// The first start is at this child, or at its end.
    First(Option<Number>),
    Up,
    Ending(End),
    Over,
}

impl Model {
    pub(super) fn new(config: Config, specs: &[Spec]) -> Self {
        let mut model = Self {
            config,
            template: None,
            children: Vec::new(),
            added: 0,
            phase: Phase::Idle,
            queue: Vec::new(),
            regroup: None,
            lost: None,
            deadline: None,
            restarts: Vec::new(),
            now: Time::ZERO,
            drawn: VecDeque::new(),
            deeds: Vec::new(),
        };
        for spec in specs {
            model.add(spec.name.clone(), spec.rules);
        }
        model
    }

    pub(super) fn dynamic(config: Config, rules: Rules, max: usize) -> Self {
        Self { template: Some((rules, max)), ..Self::new(config, &[]) }
    }

    /// What is to be done about the news. `drawn` are the delays that the machine speaks of, in their order.
    pub(super) fn hear(&mut self, news: News, now: Time, drawn: VecDeque<Duration>) -> Vec<Deed> {
        (self.now, self.drawn) = (now, drawn);
        match news {
            News::Start if self.phase == Phase::Idle => self.begin(),
            News::Start => {}
            News::Ready(child, run) => self.ready(child, run),
            News::Exited(child, run, exit, directive) => self.exited(child, run, exit, directive),
            News::Declined(child, run) => self.declined(child, run),
            News::Timer => self.timer(),
            News::Shutdown(deadline) => self.shut_down(deadline),
            News::CancelAll(limit) => self.cancel_all(limit),
            News::Call(call, ask) => self.call(call, ask),
        }
        self.stop_those_who_are_next();
        std::mem::take(&mut self.deeds)
    }

    /// When the next timer is due.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.children.iter().filter_map(|child| child.state.deadline()).chain(self.deadline).min()
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Number, name and latest run of all that have a slot.
    pub(super) fn slots(&self) -> Vec<(Number, String, Run)> {
        self.children.iter().map(|child| (child.number, child.name.clone(), child.run)).collect()
    }

    /// What is due comes in the order of time, then of start; the end of the whole shutdown comes last.
    fn timer(&mut self) {
        while let Some(child) = self.due() {
            self.time_is_up(child);
        }
        if self.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.deadline = None;
            self.all_newest_first(Self::abort_now);
        }
    }

    fn due(&self) -> Option<Number> {
        let timed = self.children.iter().filter_map(|child| Some((child.state.deadline()?, child.number)));
        timed.min().filter(|&(at, _)| at <= self.now).map(|(_, child)| child)
    }

    fn time_is_up(&mut self, child: Number) {
        match self.of(child).state {
            State::Starting { by, within, .. } => {
                self.report(child, What::NotReady(within));
                self.cancel(child, Some((by, within)), None);
            }
            State::Draining { .. } => {
                self.report(child, What::DrainOver);
                self.cancel(child, None, None);
            }
            State::Cancelled { late, .. } => {
                self.report(child, What::CleanUpOver);
                self.abort(child, late);
            }
            State::Aborted { late, .. } => self.stuck(child, late),
            State::Waiting { .. } if self.regroup.as_ref().is_some_and(|group| group.waits_in(child)) => {
                self.begin_regroup();
            }
            State::Waiting { .. } => self.start(child, By::Policy),
            State::Down | State::Running { .. } | State::Stuck => {}
        }
    }

    /// At the end of each event: whoever is next in a stop is told.
    fn stop_those_who_are_next(&mut self) {
        if let Some(Regroup { stage: Stage::Stopping { .. }, first, .. }) = self.regroup {
            match self.newest().filter(|&newest| newest >= first) {
                Some(newest) => self.stop(newest),
                None => self.all_of_the_group_are_gone(),
            }
        }
        if let Phase::Ending(end) = self.phase {
            match self.newest() {
                Some(newest) => self.stop(newest),
                None => self.finish(end),
            }
        }
    }

    fn newest(&self) -> Option<Number> {
        self.children.iter().rev().find(|child| child.state.is_awaited()).map(|child| child.number)
    }

    fn all_newest_first(&mut self, tell: impl Fn(&mut Self, Number)) {
        let awaited = self.children.iter().rev().filter(|child| child.state.is_awaited());
        let awaited: Vec<Number> = awaited.map(|child| child.number).collect();
        awaited.into_iter().for_each(|child| tell(self, child));
    }

    fn add(&mut self, name: String, rules: Rules) -> Number {
        let number = self.added;
        self.added += 1;
        self.children.push(Child::new(number, name, rules));
        number
    }

    fn find(&self, number: Number) -> Option<&Child> {
        self.children.iter().find(|child| child.number == number)
    }

    fn of(&self, number: Number) -> &Child {
        self.find(number).expect("a child that is there")
    }

    fn at(&mut self, number: Number) -> &mut Child {
        self.children.iter_mut().find(|child| child.number == number).expect("a child that is there")
    }

    /// Whether the news is of the latest run in its slot; of no other is anything heard.
    fn is_current(&self, child: Number, run: Run) -> bool {
        self.find(child).is_some_and(|found| found.run == run)
    }

    fn is_dynamic(&self) -> bool {
        self.template.is_some()
    }

    fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending(_) | Phase::Over)
    }

    fn strategy(&self) -> Strategy {
        self.regroup.as_ref().map_or(self.config.strategy, |group| group.strategy)
    }

    fn report(&mut self, child: Number, what: What) {
        let run = self.of(child).run;
        self.deeds.push(Deed::Report(child, run, what));
    }
}
