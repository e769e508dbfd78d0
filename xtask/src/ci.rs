//! `ci`: everything that must hold, in the order that fails fastest.

use crate::step::{Outcome, Steps};
use crate::workspace::{BENCHES, members};
use crate::{check, docs, features, loom, test};

/// A part of `ci` that can be left out by name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Section {
    Check,
    Test,
    Loom,
    Stress,
    Docs,
    Features,
    Benches,
    Deny,
    Book,
}

impl Section {
    const ALL: [(&'static str, Self); 9] = [
        ("check", Self::Check),
        ("test", Self::Test),
        ("loom", Self::Loom),
        ("stress", Self::Stress),
        ("docs", Self::Docs),
        ("features", Self::Features),
        ("benches", Self::Benches),
        ("deny", Self::Deny),
        ("book", Self::Book),
    ];

    /// The section of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, section)| *section)
    }

    fn run(self, steps: &mut Steps) -> Outcome {
        match self {
            Self::Check => check::run(steps),
            Self::Test => test::run(steps),
            Self::Loom => loom::run(steps, None),
            Self::Stress => test::stress(steps),
            Self::Docs => docs::pages(steps),
            Self::Features => features::run_all(steps),
            Self::Benches => benches(steps),
            Self::Deny => docs::deny(steps),
            Self::Book => docs::book(steps),
        }
    }
}

/// All sections but the skipped ones.
pub(crate) fn run(steps: &mut Steps, skip: &[Section]) -> Outcome {
    let kept = Section::ALL.iter().map(|(_, section)| *section).filter(|section| !skip.contains(section));
    kept.into_iter().try_for_each(|section| section.run(steps))
}

/// Benches are built so that they do not rot; measuring is `bench`.
fn benches(steps: &mut Steps) -> Outcome {
    if members()?.iter().any(|member| member.name == BENCHES) {
        return steps.cargo("benches", &["build", "--package", BENCHES]);
    }
    steps.pass_over("benches", "there is no package of benches");
    Ok(())
}
