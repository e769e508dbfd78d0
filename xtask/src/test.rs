//! `test`: every test of the workspace but the benches', then the doctests, among them the book.

use crate::step::{Outcome, Steps};
use crate::workspace::without_benches;

/// Tests first, because they fail faster than doctests compile.
pub(crate) fn run(steps: &mut Steps) -> Outcome {
    let others = without_benches()?;
    let targets: &[_] = &["--lib", "--bins", "--tests", "--examples"];
    steps.cargo("tests", &[&["test", "--workspace"], others, targets].concat())?;
    steps.cargo("doctests", &[&["test", "--workspace"], others, &["--doc"]].concat())
}
