//! The words for each choice, in both directions.

use crate::intensity::Exhausted;
use crate::machine::ChildKind;
use crate::restart::Restart;
use crate::significance::AutoShutdown;
use crate::strategy::{StopOrder, Strategy};

/// A choice among words.
pub(super) trait Word: Copy + PartialEq + 'static {
    const ALL: &'static [(&'static str, Self)];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| *word == name).map(|(_, value)| *value)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }
}

impl Word for Strategy {
    const ALL: &'static [(&'static str, Self)] = &[
        ("one_for_one", Self::OneForOne),
        ("one_for_all", Self::OneForAll),
        ("rest_for_one", Self::RestForOne),
    ];
}

impl Word for AutoShutdown {
    const ALL: &'static [(&'static str, Self)] = &[
        ("never", Self::Never),
        ("any_significant", Self::AnySignificant),
        ("all_significant", Self::AllSignificant),
    ];
}

impl Word for StopOrder {
    const ALL: &'static [(&'static str, Self)] = &[("reverse", Self::Reverse), ("together", Self::Together)];
}

impl Word for Restart {
    const ALL: &'static [(&'static str, Self)] =
        &[("permanent", Self::Permanent), ("transient", Self::Transient), ("temporary", Self::Temporary)];
}

impl Word for Exhausted {
    const ALL: &'static [(&'static str, Self)] =
        &[("escalate", Self::Escalate), ("stay_down", Self::StayDown)];
}

impl Word for ChildKind {
    const ALL: &'static [(&'static str, Self)] =
        &[("worker", Self::Worker), ("supervisor", Self::Supervisor)];
}
