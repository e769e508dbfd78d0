//! Laws of what a source file says, and must not say.

use super::code::is_word;
use super::repository::{File, Repository};

/// What marks work that is left open, or left in.
const OPEN: &[(&str, &str)] = &[
    ("#[ignore", "a test that is not run proves nothing: assert what is"),
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "a leftover of debugging"),
];

/// The first line of a file is its one responsibility.
pub(crate) fn files_say_what_they_are(repository: &Repository) -> Vec<String> {
    let silent = repository.rust().filter(|file| !file.text.starts_with("//!"));
    silent.map(|file| file.complain(1, "begin with a `//!` line that says what this file is")).collect()
}

/// Every library, program and bench forbids what the workspace only denies.
pub(crate) fn crates_forbid_unsafe_code(repository: &Repository) -> Vec<String> {
    let roots = repository.rust().filter(|file| is_crate_root(&file.path));
    let open = roots.filter(|file| !file.code.contains("#![forbid(unsafe_code)]"));
    open.map(|file| file.complain(1, "write `#![forbid(unsafe_code)]` below the `//!` lines")).collect()
}

fn is_crate_root(path: &str) -> bool {
    let of_package = path == "src/lib.rs" || path.ends_with("/src/lib.rs") || path.ends_with("src/main.rs");
    of_package || path.rsplit_once('/').is_some_and(|(folder, _)| folder.ends_with("src/bin"))
}

/// Nothing is half done, switched off or left over.
pub(crate) fn nothing_is_left_open(repository: &Repository) -> Vec<String> {
    repository.rust().flat_map(open_lines).collect()
}

fn open_lines(file: &File) -> Vec<String> {
    let found = file.code_lines().flat_map(|(number, line)| {
        let marks = OPEN.iter().filter(move |(mark, _)| stands_in(line, mark));
        marks.map(move |(mark, why)| file.complain(number, &format!("`{mark}`: {why}")))
    });
    found.collect()
}

/// Whether the mark stands in the line by itself, and not as the end of a longer name.
fn stands_in(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| !line[..at].ends_with(is_word))
}

/// A `select!` of ours asks its branches in the order they are written.
pub(crate) fn select_is_biased(repository: &Repository) -> Vec<String> {
    let ours = repository.rust().filter(|file| file.path.contains("src/") || file.path.contains("examples/"));
    ours.flat_map(|file| {
        let selects = unbiased(&file.code).into_iter();
        selects.map(|line| file.complain(line, "begin `select!` with `biased;`, in the order you mean"))
    })
    .collect()
}

fn unbiased(code: &str) -> Vec<usize> {
    let selects = code.match_indices("select!").filter(|(at, _)| !code[..*at].ends_with(is_word));
    let unbiased = selects.filter(|(at, name)| {
        let body = code[at + name.len()..].trim_start().trim_start_matches(['{', '(', '[']);
        let order = body.trim_start().strip_prefix("biased");
        !order.is_some_and(|rest| rest.trim_start().starts_with(';'))
    });
    unbiased.map(|(at, _)| code[..at].matches('\n').count() + 1).collect()
}
