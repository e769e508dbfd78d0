//! What must be true of a journal, whatever tree it is of.

use std::collections::BTreeMap;

pub(crate) type ScopeId = u64;
pub(crate) type WorkId = u64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A scope was opened inside another.
    Entered(ScopeId, ScopeId),
    /// The code after a scope runs: it has ended.
    Left(ScopeId),
    /// A finalizer or clean-up was handed over inside a scope.
    Registered(WorkId, ScopeId),
    Finished(WorkId),
    /// It was dropped before it had ended, or before it had begun.
    Dropped(WorkId),
    /// Clean-up inside a scope may be dropped from now on: it is aborted, or has little time.
    Hurried(ScopeId),
}

/// What is wrong with this journal.
pub(crate) fn check(journal: &[Event]) -> Vec<String> {
    let mut wrong = Vec::new();
    let parents: BTreeMap<ScopeId, ScopeId> = journal.iter().filter_map(entered).collect();
    let ends: BTreeMap<ScopeId, usize> = at(journal, |event| match event {
        Event::Left(scope) => Some(*scope),
        _ => None,
    });
    for (scope, parent) in &parents {
        if let (Some(end), Some(around)) = (ends.get(scope), ends.get(parent))
            && end > around
        {
            wrong.push(format!("scope {scope} ended after scope {parent} around it"));
        }
    }
    let hurried: BTreeMap<ScopeId, usize> = at(journal, |event| match event {
        Event::Hurried(scope) => Some(*scope),
        _ => None,
    });
    for (begun, event) in journal.iter().enumerate() {
        let Event::Registered(work, scope) = event else { continue };
        let finished = positions(journal, &Event::Finished(*work));
        let dropped = positions(journal, &Event::Dropped(*work));
        if !dropped.is_empty() && !upwards(&parents, *scope).any(|scope| hurried.contains_key(&scope)) {
            wrong.push(format!("work {work} of scope {scope} was dropped, and nothing was in a hurry"));
        }
        let ended: Vec<usize> = finished.into_iter().chain(dropped).collect();
        let [done] = ended[..] else {
            wrong.push(match ended.len() {
                0 => format!("work {work} of scope {scope} never finished"),
                times => format!("work {work} of scope {scope} finished {times} times"),
            });
            continue;
        };
        if done < begun {
            wrong.push(format!("work {work} finished before it was handed over"));
        }
        for scope in upwards(&parents, *scope) {
            if ends.get(&scope).is_some_and(|end| *end < done) {
                wrong.push(format!("work {work} finished after scope {scope} had ended"));
            }
        }
    }
    wrong
}

fn entered(event: &Event) -> Option<(ScopeId, ScopeId)> {
    match event {
        Event::Entered(scope, parent) => Some((*scope, *parent)),
        _ => None,
    }
}

fn at<K: Ord>(journal: &[Event], key: impl Fn(&Event) -> Option<K>) -> BTreeMap<K, usize> {
    journal.iter().enumerate().filter_map(|(at, event)| Some((key(event)?, at))).collect()
}

fn positions(journal: &[Event], wanted: &Event) -> Vec<usize> {
    journal.iter().enumerate().filter(|(_, event)| *event == wanted).map(|(at, _)| at).collect()
}

/// A scope and those around it.
fn upwards(parents: &BTreeMap<ScopeId, ScopeId>, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
    std::iter::successors(Some(scope), |scope| parents.get(scope).copied())
}
