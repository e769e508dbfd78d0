//! `check`: what takes seconds and fails most often.

use crate::step::{Outcome, Steps};
use crate::tidy;

/// Format, lints, tidy laws.
pub(crate) fn run(steps: &mut Steps) -> Outcome {
    steps.cargo("format", &["fmt", "--all", "--check"])?;
    steps.cargo("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    steps.step("tidy", tidy::check)
}
