//! The law of awaits: what users can await or poll stands in a table, with the test that drops and
//! cancels it at each of its polls.

use super::code::words;
use super::repository::{File, Repository};

const TABLE: &str = "tests/every_await/table.md";

/// The sources of the crates that users get.
const CRATES: &[&str] = &["src/", "primitives/src/", "supervisor/src/", "transports/src/", "engines/src/"];

/// The traits whose polls somebody may stop in the middle.
const POLLED: &[&str] = &["Future", "Stream", "Sink"];

/// A line of the table.
struct Entry<'a> {
    line: usize,
    path: &'a str,
    what: &'a str,
    test: &'a str,
}

/// What is not in the table is not swept; what is in it and nowhere else is swept by nobody.
pub(crate) fn every_await_is_swept(repository: &Repository) -> Vec<String> {
    let found = awaits(repository);
    let entries = entries(repository.text(TABLE));
    let missing = found.iter().filter(|(path, what)| !entries.iter().any(|entry| entry.is(path, what)));
    let missing = missing.map(|(path, what)| {
        format!("{path}: `{what}` is not in {TABLE}: sweep it, and add `{path}`, `{what}`")
    });
    let stale = entries.iter().filter(|entry| !found.iter().any(|(path, what)| entry.is(path, what)));
    let stale = stale.map(|entry| entry.complain("there is nothing of this name in this file"));
    let unswept = entries.iter().filter(|entry| !sweeps(repository, entry.test));
    let unswept = unswept.map(|entry| entry.complain(&format!("`{}` is no test that sweeps", entry.test)));
    missing.chain(stale).chain(unswept).collect()
}

impl Entry<'_> {
    fn is(&self, path: &str, what: &str) -> bool {
        self.path == path && self.what == what
    }

    fn complain(&self, why: &str) -> String {
        format!("{TABLE}:{}: `{}` of {}: {why}", self.line, self.what, self.path)
    }
}

fn entries(table: &str) -> Vec<Entry<'_>> {
    let rows = table.lines().enumerate().filter(|(_, row)| row.starts_with("| `"));
    let entries = rows.filter_map(|(index, row)| {
        let mut cells = row.split('`').skip(1).step_by(2);
        Some(Entry { line: index + 1, path: cells.next()?, what: cells.next()?, test: cells.next()? })
    });
    entries.collect()
}

/// Whether `file::name` is a function that drops and cancels at every await, by itself or by a helper:
/// `at_every_await`, or one whose name begins with `sweep`.
fn sweeps(repository: &Repository, test: &str) -> bool {
    let Some((path, name)) = test.rsplit_once("::") else { return false };
    let file = repository.rust().find(|file| file.path == path);
    let body = file.and_then(|file| file.code.split_once(&format!("fn {name}(")));
    body.is_some_and(|(_, rest)| {
        let body = rest.split_once("\n}").map_or(rest, |(body, _)| body);
        let calls = |name| words(body).any(|word| word == name);
        let sweeps = words(body).any(|word| word.starts_with("sweep") || word == "at_every_await");
        sweeps || (calls("drop_at_every_await") && calls("cancel_at_every_await"))
    })
}

/// The path and name of everything that users can await or poll.
fn awaits(repository: &Repository) -> Vec<(&str, String)> {
    let of_crate = |folder: &&str| {
        let sources: Vec<&File> = repository.rust_below(folder).collect();
        let types = public_types(&sources);
        let found = sources.into_iter().flat_map(move |file| {
            let found = headers(&file.code).into_iter().filter_map(|header| header.awaited(&types));
            found.map(|what| (file.path.as_str(), what)).collect::<Vec<_>>()
        });
        found.collect::<Vec<_>>()
    };
    CRATES.iter().flat_map(of_crate).collect()
}

fn public_types<'a>(sources: &[&'a File]) -> Vec<&'a str> {
    let named = |file: &&'a File| {
        let kinds = ["pub struct ", "pub enum "];
        kinds.into_iter().flat_map(|kind| file.code.split(kind).skip(1).filter_map(|rest| words(rest).next()))
    };
    sources.iter().flat_map(named).collect()
}

/// What stands before a `{` or a `;`, without attributes, and the same of the block around it.
struct Header<'a> {
    around: &'a str,
    item: &'a str,
    only_in_tests: bool,
}

fn headers(code: &str) -> Vec<Header<'_>> {
    let (mut found, mut around, mut begin) = (Vec::new(), Vec::<&str>::new(), 0);
    for (at, mark) in code.char_indices().filter(|(_, char)| ['{', '}', ';'].contains(char)) {
        let header = code[begin..at].trim();
        begin = at + 1;
        if mark == '}' {
            around.pop();
            continue;
        }
        let only_in_tests = around.iter().chain([&header]).any(|header| header.contains("#[cfg(test)]"));
        let outer = around.last().copied().unwrap_or_default();
        found.push(Header { around: bare(outer), item: bare(header), only_in_tests });
        if mark == '{' {
            around.push(header);
        }
    }
    found
}

/// An item without the attributes before it.
fn bare(mut item: &str) -> &str {
    while item.starts_with('#') {
        let mut depth = 0;
        let end = item.find(|char| {
            depth += i32::from(char == '[') - i32::from(char == ']');
            char == ']' && depth == 0
        });
        item = end.map_or("", |end| item[end + 1..].trim_start());
    }
    item
}

impl Header<'_> {
    /// The name under which this stands in the table, if users can await or poll it.
    fn awaited(&self, types: &[&str]) -> Option<String> {
        if self.only_in_tests {
            return None;
        }
        if let Some((of, polled)) = implemented(self.item)
            && POLLED.contains(&of)
        {
            return types.contains(&polled).then(|| format!("{of} for {polled}"));
        }
        let of_public_type = implemented(self.around).is_some_and(|(_, name)| types.contains(&name));
        let public = self.item.starts_with("pub ") || of_public_type;
        let (before, after) = self.item.split_once("fn ")?;
        let is_awaited = words(before).any(|word| word == "async")
            || POLLED.iter().any(|polled| after.contains(&format!("-> impl {polled}")));
        (public && is_awaited).then(|| format!("fn {}", words(after).next().unwrap_or_default()))
    }
}

/// The names of trait and type where a trait is implemented.
fn implemented(item: &str) -> Option<(&str, &str)> {
    let (of, name) = item.strip_prefix("impl")?.split_once(" for ")?;
    Some((words(without_arguments(of)).last()?, words(name).next()?))
}

/// A path without the `<…>` at its end.
fn without_arguments(path: &str) -> &str {
    let mut depth = 0;
    let begin = path.rfind(|char| {
        depth += i32::from(char == '>') - i32::from(char == '<');
        depth == 0
    });
    begin.filter(|_| path.ends_with('>')).map_or(path, |begin| &path[..begin])
}
