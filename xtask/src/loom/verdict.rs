//! What the end of a process says about its model.

use super::list::Twin;
use super::process::Ended;

/// What a model says of one exploration.
#[derive(Debug, PartialEq)]
pub(crate) struct Exploration {
    pub(crate) bound: String,
    pub(crate) executions: u64,
    pub(crate) seconds: f64,
}

/// A model must end well and say how much it explored: an early end is silent in loom itself.
pub(crate) fn model_verdict(model: &str, ended: &Ended) -> Result<Vec<Exploration>, String> {
    let Some(status) = ended.status else {
        return Err(format!("`{model}` was cut off after {} s", ended.limit.as_secs()));
    };
    if !status.success() {
        return Err(format!("`{model}` failed with {status}\n{}", ended.output));
    }
    let explorations = explorations(&ended.output);
    if explorations.is_empty() {
        return Err(format!("`{model}` did not say what it explored\n{}", ended.output));
    }
    match explorations.iter().find(|exploration| exploration.executions < 2) {
        Some(vacuous) => Err(format!("`{model}` is vacuous: executions {}", vacuous.executions)),
        None => Ok(explorations),
    }
}

/// A twin must fail, by a failed assertion or a crash, and in time.
pub(crate) fn twin_verdict(twin: &Twin, ended: &Ended) -> Result<(), String> {
    let Twin { fault, model } = twin;
    match ended.status {
        Some(status) if !status.success() => Ok(()),
        Some(_) => Err(format!("`{model}` passes with the fault `{fault}`: it does not see it")),
        None => Err(format!("`{model}` with the fault `{fault}` hit {} s", ended.limit.as_secs())),
    }
}

/// Finds `model <name> bound <b> executions <n> seconds <s>`, also behind what libtest left on the line.
fn explorations(output: &str) -> Vec<Exploration> {
    let words: Vec<&str> = output.split_whitespace().collect();
    words.windows(8).filter_map(exploration).collect()
}

fn exploration(words: &[&str]) -> Option<Exploration> {
    let ["model", _, "bound", bound, "executions", executions, "seconds", seconds] = words else {
        return None;
    };
    Some(Exploration {
        bound: (*bound).to_owned(),
        executions: executions.parse().ok()?,
        seconds: seconds.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;
    use std::time::Duration;

    const SUCCESS: Option<i32> = Some(0);
    const FAILURE: Option<i32> = Some(101 << 8);
    const ABORTED: Option<i32> = Some(6);
    const CUT_OFF: Option<i32> = None;

    fn ended(status: Option<i32>, output: &str) -> Ended {
        let status = status.map(ExitStatus::from_raw);
        Ended { status, output: output.to_owned(), limit: Duration::from_secs(300) }
    }

    fn twin() -> Twin {
        Twin { fault: "late".to_owned(), model: "a".to_owned() }
    }

    #[test]
    fn the_line_is_found_behind_the_name_of_the_test() {
        let output = "running 1 test\ntest a ... model a bound 3 executions 17969 seconds 1.30\nok\n";
        let exploration = Exploration { bound: "3".to_owned(), executions: 17969, seconds: 1.3 };
        assert_eq!(model_verdict("a", &ended(SUCCESS, output)), Ok(vec![exploration]));
    }

    #[test]
    fn a_model_that_says_nothing_is_refused() {
        let why = model_verdict("a", &ended(SUCCESS, "0 passed")).unwrap_err();
        assert_eq!(why, "`a` did not say what it explored\n0 passed");
    }

    #[test]
    fn a_model_of_one_execution_is_vacuous() {
        let why = model_verdict("a", &ended(SUCCESS, "model a bound none executions 1 seconds 0.00"));
        assert_eq!(why.unwrap_err(), "`a` is vacuous: executions 1");
    }

    #[test]
    fn a_model_that_fails_is_shown_with_its_output() {
        let line = "model a bound 3 executions 5 seconds 0.10";
        let why = model_verdict("a", &ended(FAILURE, line)).unwrap_err();
        assert_eq!(why, format!("`a` failed with exit status: 101\n{line}"));
    }

    #[test]
    fn a_model_that_is_cut_off_is_refused() {
        let line = "model a bound 3 executions 5 seconds 0.10";
        assert_eq!(model_verdict("a", &ended(CUT_OFF, line)).unwrap_err(), "`a` was cut off after 300 s");
    }

    #[test]
    fn a_twin_must_fail_or_crash() {
        assert_eq!(twin_verdict(&twin(), &ended(FAILURE, "")), Ok(()));
        assert_eq!(twin_verdict(&twin(), &ended(ABORTED, "")), Ok(()));
    }

    #[test]
    fn a_twin_that_passes_is_an_error() {
        let why = twin_verdict(&twin(), &ended(SUCCESS, "")).unwrap_err();
        assert_eq!(why, "`a` passes with the fault `late`: it does not see it");
    }

    #[test]
    fn a_twin_that_hits_its_limit_is_an_error() {
        let why = twin_verdict(&twin(), &ended(CUT_OFF, "")).unwrap_err();
        assert_eq!(why, "`a` with the fault `late` hit 300 s");
    }
}
