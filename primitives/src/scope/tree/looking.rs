//! Labels, and what is seen by those who look at the tree.

use super::{Link, NIL, Phase, Record, Tree};
use crate::loom::Text;
use crate::scope::label::{Kind, Label};
use crate::scope::node::{CANCELLED, DRAIN, Node};
use crate::scope::subject::{Step, Subject};
use crate::scope::survey::{Sight, Stage};

/// How far up a report looks: what happens to each of a hundred thousand nested scopes must not cost a walk to
/// the root each time.
const STEPS: usize = 64;

impl Tree {
    pub(in crate::scope) fn describe(&mut self, node: &Node, label: Label) {
        if self.at(node.index).phase != Phase::Ended {
            self.at(node.index).label = Some(Box::new(label));
        }
    }

    pub(in crate::scope) fn spawned(&self, node: &Node) -> u64 {
        self.label(node.index).map_or(0, |label| label.spawned)
    }

    /// A labelled parent counts the tasks it is given.
    pub(super) fn count_spawned(&mut self, parent: u32) {
        if let Some(label) = self.label_mut(parent) {
            label.spawned += 1;
        }
    }

    /// A task that moves away is counted where it moves to.
    pub(super) fn uncount_spawned(&mut self, parent: u32) {
        if let Some(label) = self.label_mut(parent) {
            label.spawned = label.spawned.saturating_sub(1);
        }
    }

    fn label_mut(&mut self, index: u32) -> Option<&mut Label> {
        self.at(index).label.as_deref_mut()
    }

    pub(in crate::scope) fn path(&self, node: &Node) -> Vec<Text> {
        let mut path = Vec::new();
        let mut index = node.index;
        while index != NIL {
            path.extend(self.label(index).and_then(|label| label.name.clone()));
            index = self.records[index].parent;
        }
        path.reverse();
        path
    }

    /// What a report calls a record.
    pub(in crate::scope) fn subject(&self, index: u32) -> Subject {
        let mut steps = vec![self.step(index)];
        let mut above = self.records[index].parent;
        for _ in 0..STEPS {
            if above == NIL {
                break;
            }
            steps.extend(self.step_above(above));
            above = self.records[above].parent;
        }
        Subject { id: self.records.tag(index).id(), steps, is_cut: above != NIL }
    }

    fn step(&self, index: u32) -> Step {
        let record = &self.records[index];
        let label = self.label(index);
        Step {
            kind: kind_of(record, label),
            name: label.and_then(|label| label.name.clone()),
            place: record.place,
        }
    }

    /// What is around is told by its name alone, and a task without one by its place.
    fn step_above(&self, index: u32) -> Option<Step> {
        let step = self.step(index);
        match step.name {
            Some(_) => Some(Step { place: None, ..step }),
            None => (self.records[index].link == Link::Task).then_some(step),
        }
    }

    pub(in crate::scope) fn survey(&self, seen: &mut Vec<Sight>) {
        let is_root = |index: &u32| self.is_begun(*index) && self.records[*index].parent == NIL;
        let indices = 0..self.records.len();
        let mut roots: Vec<u32> = indices.filter(is_root).collect();
        roots.sort_unstable_by_key(|root| std::cmp::Reverse(self.records.tag(*root).id()));
        self.look(roots, seen);
    }

    pub(in crate::scope) fn survey_inside(&self, node: &Node, seen: &mut Vec<Sight>) {
        let mut inside = Vec::new();
        if self.is_begun(node.index) {
            self.push_children(node.index, &mut inside);
        }
        self.look(inside, seen);
    }

    /// Looks at these and at everything inside: the last one first, as siblings are linked.
    fn look(&self, from: Vec<u32>, seen: &mut Vec<Sight>) {
        let mut pending: Vec<(u32, usize)> = from.into_iter().map(|index| (index, 0)).collect();
        let mut inside = Vec::new();
        while let Some((index, depth)) = pending.pop() {
            seen.push(self.sight(index, depth));
            self.push_children(index, &mut inside);
            pending.extend(inside.drain(..).map(|child| (child, depth + 1)));
        }
    }

    fn sight(&self, index: u32, depth: usize) -> Sight {
        let record = &self.records[index];
        let label = self.label(index);
        Sight {
            id: self.records.tag(index).id(),
            parent: (record.parent != NIL).then(|| self.records.tag(record.parent).id()),
            depth,
            kind: kind_of(record, label),
            name: label.and_then(|label| label.name.clone()),
            place: record.place,
            since: label.and_then(|label| label.since),
            stage: self.stage(index),
            is_shielded: record.shield,
            is_adopted: record.orphan,
            tasks: record.tasks as usize,
            cause: record.cause.clone(),
        }
    }

    fn stage(&self, index: u32) -> Stage {
        let (record, tag) = (&self.records[index], self.records.tag(index));
        match record.phase {
            Phase::Finishing | Phase::Passing | Phase::Ended => Stage::Finishing,
            _ if tag.has(CANCELLED) && record.holds > 0 => Stage::Held,
            _ if tag.has(CANCELLED) => Stage::Cancelling,
            _ if tag.has(DRAIN) => Stage::Draining,
            Phase::Fresh | Phase::Running => Stage::Running,
        }
    }

    fn is_begun(&self, index: u32) -> bool {
        self.is_living(index) || self.records[index].phase == Phase::Passing
    }

    fn label(&self, index: u32) -> Option<&Label> {
        self.records[index].label.as_deref()
    }
}

fn kind_of(record: &Record, label: Option<&Label>) -> Kind {
    match (label, record.link) {
        (Some(label), _) => label.kind,
        (None, Link::Nested | Link::Remains) => Kind::Scope,
        (None, Link::Task) => Kind::Task,
        (None, Link::Beside) => Kind::CleanUp,
    }
}
