//! `test`: every test of the workspace but the benches', then the doctests, among them the book; `stress`: two
//! of the tests at their full length.

use crate::step::{Outcome, Steps};
use crate::tools;
use crate::workspace::without_benches;

/// Examples first: with `--examples` cargo builds them under their test harness only, and tests run them
/// as programs too. Doctests last, because they take longest to fail.
pub(crate) fn run(steps: &mut Steps) -> Outcome {
    tools::run(steps)?;
    let others = without_benches()?;
    steps.cargo("examples", &[&["build", "--workspace"], others, &["--examples"]].concat())?;
    let targets: &[_] = &["--lib", "--bins", "--tests", "--examples"];
    steps.cargo("tests", &[&["test", "--workspace"], others, targets].concat())?;
    steps.cargo("doctests", &[&["test", "--workspace"], others, &["--doc"]].concat())
}

/// Ten million items through each stream and a million restarts of one slot, with optimisations; `test` has few
/// of them, without.
pub(crate) fn stress(steps: &mut Steps) -> Outcome {
    steps.cargo(
        "stress",
        &["test", "--release", "--package", "arbour", "--test", "stress", "--test", "flat_restarts"],
    )
}
