//! `tools`: the programs that nobody here wrote and that tests of interoperability run, installed where that is allowed.
//!
//! What cannot be installed is told and no failure here: its tests fail, with the line that installs it.

use crate::step::{Outcome, Steps, output};
use crate::workspace::root;
use std::path::PathBuf;
use std::process::Command;

/// A program, and the package of Debian that has it.
const PROGRAMS: &[(&str, &str)] =
    &[("openssl", "openssl"), ("curl", "curl"), ("socat", "socat"), ("python3", "python3-venv")];

/// From PyPI, into a folder of our own.
const ANYIO: &str = "anyio==4.16.0";

/// Installs what is missing, a line for each.
pub(crate) fn run(steps: &mut Steps) -> Outcome {
    steps.step("tools", || {
        programs();
        anyio();
        Ok(())
    })
}

fn programs() {
    let missing: Vec<_> = PROGRAMS.iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() {
        return;
    }
    let fresh = output(Command::new("apt-get").arg("update"));
    for (program, package) in missing {
        let install = ["install", "--yes", "--no-install-recommends", package];
        let installed = fresh.clone().and_then(|_| output(Command::new("apt-get").args(install)));
        tell(program, &format!("apt-get install {package}"), installed.map(drop));
    }
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn anyio() {
    let folder = folder();
    let python = folder.join("bin/python");
    let version = ANYIO.split_once("==").map_or(ANYIO, |(_, version)| version);
    let asked = output(
        Command::new(&python)
            .args(["-c", "import importlib.metadata; print(importlib.metadata.version('anyio'))"]),
    );
    if asked.is_ok_and(|found| found.trim() == version) {
        return;
    }
    let made = output(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    let installed =
        made.and_then(|_| output(Command::new(&python).args(["-m", "pip", "install", "--quiet", ANYIO])));
    tell(ANYIO, "cargo xtask tools", installed.map(drop));
}

/// The environment of Python that has AnyIO; tests look for it here, too.
fn folder() -> PathBuf {
    root().join("target/tools/python")
}

fn tell(what: &str, by: &str, installed: Outcome) {
    match installed {
        Ok(()) => println!("installed {what}"),
        Err(why) => println!("{what} is missing, and its tests will fail; try `{by}`: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_there_if_a_folder_of_the_path_has_it() {
        assert!(is_there("sh"));
        assert!(!is_there("arbour-has-no-such-program"));
    }
}
