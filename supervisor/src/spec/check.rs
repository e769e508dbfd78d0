//! Whether the values of a specification make sense together.

use super::{ChildEntry, SpecProblem, SpecRefusal, SpecRefused, SupervisorSpec};
use crate::restart::Restart;
use crate::significance::AutoShutdown;
use std::collections::HashMap;

impl SupervisorSpec {
    /// Checks the whole, supervisors inside included. What was read was checked already; this is for what code has
    /// changed since.
    ///
    /// # Errors
    ///
    /// [`SpecRefused`] with everything that makes no sense.
    pub fn check(&self) -> Result<(), SpecRefused> {
        let mut refusals = Vec::new();
        self.check_at("", &mut refusals);
        if refusals.is_empty() { Ok(()) } else { Err(SpecRefused { refusals }) }
    }

    fn check_at(&self, path: &str, refusals: &mut Vec<SpecRefusal>) {
        let mut known = HashMap::new();
        for (at, child) in self.children.iter().enumerate() {
            let path = format!("{path}children[{at}]");
            let mut refuse = |field: &str, problem| {
                refusals.push(SpecRefusal { path: format!("{path}.{field}"), problem });
            };
            let id = || child.id.clone();
            match known.entry(&child.id) {
                std::collections::hash_map::Entry::Occupied(first) => {
                    refuse("id", SpecProblem::DuplicateId { id: id(), first: *first.get() });
                }
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(at);
                }
            }
            if child.id.is_empty() || child.id.contains('/') {
                refuse("id", SpecProblem::BadName { id: id() });
            }
            for (field, problem) in self.problems(child) {
                refuse(field, problem);
            }
            if let Some(inside) = &child.supervisor {
                inside.check_at(&format!("{path}.supervisor."), refusals);
            }
        }
    }

    fn problems(&self, child: &ChildEntry) -> Vec<(&'static str, SpecProblem)> {
        let policy = &child.policy;
        let mut problems = Vec::new();
        if policy.start_timeout.is_zero() {
            problems.push(("start_timeout", SpecProblem::ZeroStartTimeout));
        }
        if policy.significant && policy.restart == Restart::Permanent {
            problems.push(("significant", SpecProblem::SignificantPermanent));
        }
        if policy.significant && self.config.auto_shutdown == AutoShutdown::Never {
            problems.push(("significant", SpecProblem::SignificantUnheard));
        }
        problems
    }
}
