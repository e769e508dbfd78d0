//! A case: a supervisor, its first children, and the records of what happens to them.

use super::{
    draw::{Draw, RECORD},
    model::Model,
    words::{Rules, Spec},
};
use arbour_supervisor::{
    machine::{ChildSpec, Config, Machine},
    significance::AutoShutdown,
    strategy::Strategy,
};

/// So many events are heard, however long the data are.
const EVENTS: usize = 200;

/// How many children a dynamic supervisor may have.
const MAX_CHILDREN: usize = 3;

#[derive(Debug)]
pub(super) struct Case {
    config: Config,
    kind: Kind,
    /// Whether something may happen before the supervisor starts.
    pub(super) early: bool,
    pub(super) events: Vec<Draw>,
}

#[derive(Debug)]
enum Kind {
    Of(Vec<Spec>),
    Dynamic(Rules),
}

impl Case {
    /// Records that are missing are zeros; what is left of a record is no event.
    pub(super) fn read(data: &[u8]) -> Self {
        let mut records = data.chunks_exact(RECORD).map(Draw::of);
        let mut next = || records.next().unwrap_or(Draw::of(&[]));
        let mut head = next();
        let mut config = head.config();
        let (count, dynamic, early) = (head.below(5) as usize, head.below(6) == 5, head.below(8) == 7);
        if dynamic {
            (config.strategy, config.auto_shutdown) = (Strategy::OneForOne, AutoShutdown::Never);
        }
        let mut rules =
            [next(), next(), next(), next()].map(|mut draw| draw.fitting_rules(config.auto_shutdown));
        let kind = if dynamic { Kind::Dynamic(rules[0]) } else { Kind::Of(named(&mut rules[..count])) };
        Self { config, kind, early, events: records.take(EVENTS).collect() }
    }

    pub(super) fn machine(&self) -> Machine {
        let machine = match &self.kind {
            Kind::Of(specs) => {
                let specs = specs.iter().map(|spec| ChildSpec::new(&*spec.name, spec.rules.policy));
                Machine::new(self.config, specs)
            }
            Kind::Dynamic(rules) => Machine::dynamic(self.config, rules.policy, Some(MAX_CHILDREN)),
        };
        machine.expect("rules that fit")
    }

    pub(super) fn model(&self) -> Model {
        match &self.kind {
            Kind::Of(specs) => Model::new(self.config, specs),
            Kind::Dynamic(rules) => Model::dynamic(self.config, *rules, MAX_CHILDREN),
        }
    }

    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self.kind, Kind::Dynamic(_))
    }
}

fn named(rules: &mut [Rules]) -> Vec<Spec> {
    let named = ["a", "b", "c", "d"].into_iter().zip(rules);
    named.map(|(name, rules)| Spec { name: name.to_owned(), rules: *rules }).collect()
}
