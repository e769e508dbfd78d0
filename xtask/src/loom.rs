//! `loom`: explores every listed model in a process of its own, then demands that each twin, the
//! same model with a planted fault, fails.
//!
//! A model that is cut off, explores nothing, is not listed or is listed and not there fails the
//! command: a green run says that what the lists name was explored to its bound.

mod build;
mod list;
mod process;
mod verdict;

pub(crate) use list::List;

use crate::step::{Outcome, Steps};
use crate::table;
use crate::workspace::root;
use list::Twin;
use process::{Ended, end_within, two_at_a_time};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use verdict::{Exploration, model_verdict, twin_verdict};

/// More than the 600 s after which a model says itself that it was cut off.
const MODEL_LIMIT: Duration = Duration::from_secs(660);

/// What a planted fault has until it must have shown.
const TWIN_LIMIT: Duration = Duration::from_secs(300);

/// Runs the models and twins whose path or fault contains `filter`, or all of them.
pub(crate) fn run(steps: &mut Steps, filter: Option<&str>) -> Outcome {
    let binary = steps.step("loom build", build::test_binary)?;
    let list = steps.step("loom lists", || {
        let list = List::read(&root().join("primitives/models"))?;
        list.must_match(&build::models_in(&binary)?)?;
        Ok(list.filtered(filter))
    })?;
    if list.models.is_empty() && list.twins.is_empty() {
        return Err(format!("no model or twin matches `{}`", filter.unwrap_or_default()));
    }
    let models = steps.step("loom models", || run_models(&binary, &list.models));
    let twins = steps.step("loom twins", || run_twins(&binary, &list.twins));
    models.and(twins)
}

fn run_models(binary: &Path, models: &[String]) -> Outcome {
    let verdicts = two_at_a_time(models, |model| {
        let verdict = model_verdict(model, &explore(binary, model, None, MODEL_LIMIT)?);
        announce(&format!("model {model}"), &verdict);
        verdict
    });
    let head = ["model", "bound", "executions", "seconds"].map(str::to_owned);
    let explored = models.iter().zip(&verdicts).flat_map(|(model, verdict)| {
        verdict.iter().flatten().map(|exploration| exploration_row(model, exploration))
    });
    println!("\n{}", table::columns(&std::iter::once(head).chain(explored).collect::<Vec<_>>()));
    all_held("models", &verdicts)
}

fn run_twins(binary: &Path, twins: &[Twin]) -> Outcome {
    let verdicts = two_at_a_time(twins, |twin| {
        let verdict = twin_verdict(twin, &explore(binary, &twin.model, Some(&twin.fault), TWIN_LIMIT)?);
        announce(&format!("twin {} of {}", twin.fault, twin.model), &verdict);
        verdict
    });
    let head = ["fault", "model", "outcome"].map(str::to_owned);
    let failed = twins.iter().zip(&verdicts).map(|(twin, verdict)| {
        let outcome = if verdict.is_ok() { "failed as it must" } else { "DID NOT FAIL" };
        [twin.fault.clone(), twin.model.clone(), outcome.to_owned()]
    });
    println!("\n{}", table::columns(&std::iter::once(head).chain(failed).collect::<Vec<_>>()));
    all_held("twins", &verdicts)
}

fn explore(binary: &Path, model: &str, fault: Option<&str>, limit: Duration) -> Result<Ended, String> {
    let mut process = Command::new(binary);
    process.args(["--exact", model, "--nocapture"]).current_dir(root().join("primitives"));
    match fault {
        Some(fault) => process.env("ARBOUR_FAULT", fault),
        None => process.env_remove("ARBOUR_FAULT"),
    };
    end_within(limit, &mut process)
}

fn announce<T>(what: &str, verdict: &Result<T, String>) {
    match verdict {
        Ok(_) => println!("{what}: as it must be"),
        Err(why) => println!("{what}: {why}"),
    }
}

fn exploration_row(model: &str, exploration: &Exploration) -> [String; 4] {
    let Exploration { bound, executions, seconds } = exploration;
    [model.to_owned(), bound.clone(), executions.to_string(), format!("{seconds:.2}")]
}

fn all_held<T>(what: &str, verdicts: &[Result<T, String>]) -> Outcome {
    let held = verdicts.iter().filter(|verdict| verdict.is_ok()).count();
    println!("{held} of {} {what} as they must be", verdicts.len());
    let first = verdicts.iter().find_map(|verdict| verdict.as_ref().err());
    first.map_or(Ok(()), |why| Err(format!("{} of the {what}: {why}", verdicts.len() - held)))
}
