//! Counts instructions: runs this program under callgrind, one row at a time.

use super::bench::{Bench, Row};
use super::options::Refusal;
use super::stopwatch::COUNTED;
use std::collections::HashMap;
use std::process::Command;
use std::{env, io};

/// The counts so far, so that our row is counted once for all its rivals.
#[derive(Default)]
pub(super) struct Counter {
    known: HashMap<String, f64>,
}

impl Counter {
    /// Instructions per operation: the difference between doing the work twice and once, so that what
    /// happens only once is left out.
    pub(super) fn per_op(&mut self, bench: &Bench, row: &Row) -> Result<f64, Refusal> {
        let name = bench.row_name(row);
        if let Some(known) = self.known.get(&name) {
            return Ok(*known);
        }
        let (once, twice) = (count(&name, 1)?, count(&name, 2)?);
        let per_op = (twice - once) / bench.ops() as f64;
        self.known.insert(name, per_op);
        Ok(per_op)
    }
}

/// One clear word before anything is run.
pub(super) fn check_installed() -> Result<(), Refusal> {
    Command::new("valgrind").arg("--version").output().map(drop).map_err(|error| no_valgrind(&error))
}

/// The words of the command that runs a row under callgrind.
pub(super) fn command(row: &str, times: u64, out: &str) -> Vec<String> {
    let program = env::current_exe()
        .map_or_else(|_| env::args().next().unwrap_or_default(), |path| path.display().to_string());
    [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        "--collect-atstart=no".to_owned(),
        format!("--toggle-collect={COUNTED}"),
        format!("--callgrind-out-file={out}"),
        program,
        "--row".to_owned(),
        row.to_owned(),
        "--times".to_owned(),
        times.to_string(),
    ]
    .into()
}

fn count(row: &str, times: u64) -> Result<f64, Refusal> {
    let words = command(row, times, "/dev/null");
    let output = Command::new(&words[0]).args(&words[1..]).output().map_err(|error| no_valgrind(&error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    collected(&said).ok_or_else(|| Refusal::NotCounted { row: row.to_owned(), said: said.into_owned() })
}

/// The number in callgrind's line `==123== Collected : 456`.
fn collected(said: &str) -> Option<f64> {
    let (_, count) = said.lines().find_map(|line| line.split_once("Collected :"))?;
    count.trim().parse().ok()
}

fn no_valgrind(error: &io::Error) -> Refusal {
    Refusal::NoValgrind(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_count_is_read_from_what_callgrind_says() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 1234\n==7== \n"), Some(1234.0));
    }

    #[test]
    fn without_a_count_there_is_none() {
        assert_eq!(collected("valgrind: no such file"), None);
    }
}
