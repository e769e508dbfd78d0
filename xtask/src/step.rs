//! The steps of a command: each is timed, the first that fails ends the command.

use crate::{table, workspace};
use std::process::Command;
use std::time::{Duration, Instant};

/// Done, or one clear line (with what belongs to it below) that says why not.
pub(crate) type Outcome = Result<(), String>;

/// The steps that have ended so far.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

#[derive(Debug)]
struct Step {
    name: String,
    took: Duration,
    remark: &'static str,
}

impl Steps {
    /// Does a step and notes its time; a failure carries the step's name.
    pub(crate) fn step<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = work();
        let remark = if outcome.is_ok() { "" } else { "failed" };
        self.0.push(Step { name: name.to_owned(), took: start.elapsed(), remark });
        outcome.map_err(|why| format!("step `{name}` failed: {why}"))
    }

    /// A step that is one call of cargo.
    pub(crate) fn cargo(&mut self, name: &str, args: &[&str]) -> Outcome {
        self.step(name, || run(workspace::cargo().args(args)))
    }

    /// Notes a step that cannot be done here, in one line.
    pub(crate) fn pass_over(&mut self, name: &str, why: &str) {
        println!("\n=== {name}: left out, {why}");
        self.0.push(Step { name: name.to_owned(), took: Duration::ZERO, remark: "left out" });
    }

    /// The time per step, and of all.
    pub(crate) fn table(&self) -> String {
        let row = |name: &str, took: Duration, remark: &str| {
            [name.to_owned(), format!("{:.1}", took.as_secs_f64()), remark.to_owned()]
        };
        let mut rows = vec![["step".to_owned(), "seconds".to_owned(), String::new()]];
        rows.extend(self.0.iter().map(|step| row(&step.name, step.took, step.remark)));
        rows.push(row("all", self.0.iter().map(|step| step.took).sum(), ""));
        table::columns(&rows)
    }
}

/// Runs a program with this terminal; the failure shows the command that can be repeated by hand.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = shown(command);
    println!("$ {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) => Err(format!("`{shown}` could not be started: {error}")),
    }
}

/// Runs a program and takes its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = shown(command);
    let output = command.output().map_err(|error| format!("`{shown}` could not be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("`{shown}` ended with {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        value.map(|value| format!("{}={:?}", name.display(), value.to_string_lossy()))
    });
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(|word| word.display().to_string());
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named_and_stays_in_the_table() {
        let mut steps = Steps::default();
        assert_eq!(steps.step("first", || Ok(7)), Ok(7));
        let failed = steps.step::<()>("second", || Err("no reason".to_owned()));
        assert_eq!(failed, Err("step `second` failed: no reason".to_owned()));
        let table = steps.table();
        let second = table.lines().find(|line| line.starts_with("second")).unwrap();
        assert!(second.ends_with("failed"), "{table}");
    }

    #[test]
    fn a_program_that_fails_is_shown_with_its_arguments_and_variables() {
        let failure =
            output(Command::new("cargo").arg("no-such-command").env("ARBOUR_SHOWN", "1")).unwrap_err();
        let line = "`ARBOUR_SHOWN=\"1\" cargo no-such-command` ended with exit status: 101";
        assert!(failure.starts_with(line), "{failure}");
    }

    #[test]
    fn a_program_that_is_not_there_is_said_to_be_so() {
        let failure = run(&mut Command::new("arbour-has-no-such-program")).unwrap_err();
        assert!(failure.starts_with("`arbour-has-no-such-program` could not be started"), "{failure}");
    }
}
