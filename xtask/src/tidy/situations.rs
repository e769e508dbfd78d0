//! The law of situations: what once went wrong stands in a table, each beside the test that keeps it
//! from coming back.

use super::repository::Repository;

const TABLE: &str = "tests/structured/situations.md";

/// The situations are E1 to this.
const LAST: usize = 26;

/// A row of the table.
struct Row<'a> {
    line: usize,
    number: &'a str,
    tests: Vec<&'a str>,
}

/// Every number has a row, and every row a test that is there.
pub(crate) fn every_situation_has_a_test(repository: &Repository) -> Vec<String> {
    let rows = rows(repository.text(TABLE));
    let numbers = (1..=LAST).map(|number| format!("E{number}"));
    let missing = numbers.filter(|number| !rows.iter().any(|row| row.number == number));
    let missing = missing.map(|number| format!("{TABLE}: {number} has no row: say what it is, and its test"));
    let untested = rows.iter().filter(|row| row.tests.is_empty());
    let untested = untested.map(|row| row.complain("it names no test"));
    let gone = rows.iter().flat_map(|row| {
        let gone = row.tests.iter().filter(|test| !is_test(repository, test));
        gone.map(|test| row.complain(&format!("there is no test `{test}`")))
    });
    missing.chain(untested).chain(gone).collect()
}

impl Row<'_> {
    fn complain(&self, why: &str) -> String {
        format!("{TABLE}:{}: {}: {why}", self.line, self.number)
    }
}

/// The rows of the table below its head.
fn rows(table: &str) -> Vec<Row<'_>> {
    let lines = table.lines().enumerate().filter(|(_, line)| line.starts_with("| ")).skip(1);
    let rows = lines.filter_map(|(index, line)| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (number, _, tests) = (cells.next()?, cells.next()?, cells.next()?);
        Some(Row { line: index + 1, number, tests: tests.split('`').skip(1).step_by(2).collect() })
    });
    rows.collect()
}

/// Whether `file::name` is a test: a function below an attribute that ends in `test`.
fn is_test(repository: &Repository, test: &str) -> bool {
    let Some((path, name)) = test.rsplit_once("::") else { return false };
    let file = repository.rust().find(|file| file.path == path);
    let before = file.and_then(|file| file.code.split_once(&format!("fn {name}()")));
    before
        .is_some_and(|(before, _)| before.trim_end().trim_end_matches("async").trim_end().ends_with("test]"))
}
