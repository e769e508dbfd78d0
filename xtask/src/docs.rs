//! The parts of `ci` about documents: the crates' pages, the book, the licences of what is used.

use crate::step::{Outcome, Steps, run};
use crate::workspace::{cargo, root, without_benches};
use std::process::{Command, Stdio};

/// The crates' pages, with warnings denied.
pub(crate) fn pages(steps: &mut Steps) -> Outcome {
    let others = without_benches()?;
    steps.step("docs", || {
        let doc = [&["doc", "--workspace", "--no-deps"], others].concat();
        run(cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings"))
    })
}

/// The book, where mdbook is installed.
pub(crate) fn book(steps: &mut Steps) -> Outcome {
    if_installed(steps, "book", "mdbook", |steps| {
        steps.step("book", || run(Command::new("mdbook").args(["build", "book"]).current_dir(root())))
    })
}

/// Licences, bans and sources of the dependencies, where cargo-deny is installed.
pub(crate) fn deny(steps: &mut Steps) -> Outcome {
    if_installed(steps, "deny", "cargo-deny", |steps| steps.cargo("deny", &["deny", "check"]))
}

fn if_installed(
    steps: &mut Steps,
    step: &str,
    program: &str,
    work: impl FnOnce(&mut Steps) -> Outcome,
) -> Outcome {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if asked.is_ok_and(|status| status.success()) {
        return work(steps);
    }
    steps.pass_over(step, &format!("{program} is not installed here"));
    Ok(())
}
