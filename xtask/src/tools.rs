//! Programs of others that the tests start: what is missing is installed first, where that is allowed.

use crate::step::{Steps, run};
use std::process::{Command, Stdio};

/// A program, and the package of Debian that brings it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tool {
    program: &'static str,
    package: &'static str,
}

const TOOLS: &[Tool] = &[Tool { program: "redis-server", package: "redis-server" }];

/// Installs what is missing. What cannot be installed fails the tests that start it, with the line that installs it.
pub(crate) fn install(steps: &mut Steps) {
    let missing: Vec<Tool> = TOOLS.iter().copied().filter(|tool| !is_there(tool.program)).collect();
    if missing.is_empty() {
        return;
    }
    if steps.step("tools", || run(&mut installation(&missing))).is_err() {
        let programs: Vec<&str> = missing.iter().map(|tool| tool.program).collect();
        let why = format!("the tests that start {} will fail", programs.join(", "));
        steps.pass_over("tests with tools", &why);
    }
}

/// Whether a shell would find it.
fn is_there(program: &str) -> bool {
    let mut search = Command::new("sh");
    search.args(["-c", "command -v \"$1\"", "sh", program]).stdout(Stdio::null());
    search.status().is_ok_and(|status| status.success())
}

fn installation(missing: &[Tool]) -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends"]).env("DEBIAN_FRONTEND", "noninteractive");
    apt.args(missing.iter().map(|tool| tool.package));
    apt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_looked_for_as_a_shell_does() {
        assert!(is_there("sh"));
        assert!(!is_there("arbour-has-no-such-program"));
    }

    #[test]
    fn all_that_is_missing_is_installed_at_once() {
        let red = Tool { program: "red", package: "red-server" };
        let green = Tool { program: "green", package: "green" };
        let apt = installation(&[red, green]);
        let words: Vec<_> = apt.get_args().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(words, ["install", "--yes", "--no-install-recommends", "red-server", "green"]);
    }
}
