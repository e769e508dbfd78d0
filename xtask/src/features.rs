//! The part of `ci` that compiles each feature of each crate alone, and none, and runs what needs a feature.

use crate::step::{Outcome, Steps, run};
use crate::workspace::{BENCHES, Member, cargo, members};
use std::process::Command;

/// One step for all crates; the failing call is named.
pub(crate) fn run_all(steps: &mut Steps) -> Outcome {
    let calls: Vec<_> = members()?.iter().filter(|member| member.name != BENCHES).flat_map(calls).collect();
    steps.step("features", || calls.iter().try_for_each(|call| run(cargo().args(call))))?;
    for (feature, test) in [("metrics", "metrics"), ("diagnostics", "diagnostics"), ("tls-aws-lc", "aws_lc")]
    {
        steps.cargo(feature, &["test", "--package", "arbour", "--features", feature, "--test", test])?;
    }
    steps.step("console", || run(&mut console()))
}

/// The one test that needs tokio's unstable names; its build has a target folder of its own, so that
/// the ordinary cache survives.
fn console() -> Command {
    let flags = format!("{} --cfg tokio_unstable", std::env::var("RUSTFLAGS").unwrap_or_default());
    let mut test = cargo();
    test.args(["test", "--quiet", "--package", "arbour", "--features", "console", "--test", "console"]);
    test.args(["--target-dir", "target-console"]).env("RUSTFLAGS", flags.trim());
    test
}

fn calls(member: &Member) -> Vec<Vec<String>> {
    let none = ["check", "--quiet", "--package", &member.name, "--no-default-features"].map(str::to_owned);
    let alone =
        member.features.iter().map(|feature| [&none[..], &["--features".into(), feature.clone()]].concat());
    std::iter::once(none.to_vec()).chain(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_checked_without_features_and_with_each_alone() {
        let member = Member { name: "leaf".to_owned(), features: vec!["red".to_owned(), "green".to_owned()] };
        let calls: Vec<String> = calls(&member).iter().map(|call| call.join(" ")).collect();
        let none = "check --quiet --package leaf --no-default-features";
        assert_eq!(
            calls,
            [none.to_owned(), format!("{none} --features red"), format!("{none} --features green")]
        );
    }
}
