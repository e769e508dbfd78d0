//! `bench`: runs the programs in `benches/src/bin/`.

use crate::step::{Outcome, Steps, run as run_program};
use crate::workspace::{BENCHES, cargo, root};

/// All benches, or the one of this name; `args` go to each of them.
pub(crate) fn run(steps: &mut Steps, name: Option<&str>, args: &[String]) -> Outcome {
    let chosen = choose(names(), name)?;
    chosen.iter().try_for_each(|bench| {
        steps.step(bench, || {
            let call = ["run", "--release", "--package", BENCHES, "--bin", bench, "--"];
            run_program(cargo().args(call).args(args))
        })
    })
}

fn choose(mut there: Vec<String>, name: Option<&str>) -> Result<Vec<String>, String> {
    there.sort();
    match name {
        _ if there.is_empty() => Err("there are no benches in benches/src/bin".to_owned()),
        None => Ok(there),
        Some(name) if there.iter().any(|bench| bench == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(format!("there is no bench `{name}`, only {}", there.join(", "))),
    }
}

fn names() -> Vec<String> {
    let files = std::fs::read_dir(root().join("benches/src/bin")).into_iter().flatten().flatten();
    files.filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_benches_run_in_order_when_none_is_named() {
        let there = vec!["worker".to_owned(), "streams".to_owned()];
        assert_eq!(choose(there, None), Ok(vec!["streams".to_owned(), "worker".to_owned()]));
    }

    #[test]
    fn an_unknown_bench_is_refused_with_those_there_are() {
        let refused = choose(vec!["streams".to_owned()], Some("stream"));
        assert_eq!(refused, Err("there is no bench `stream`, only streams".to_owned()));
    }

    #[test]
    fn without_benches_nothing_is_said_to_have_run() {
        assert_eq!(choose(vec![], None), Err("there are no benches in benches/src/bin".to_owned()));
    }
}
