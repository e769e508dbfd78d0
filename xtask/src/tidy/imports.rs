//! Laws of who may know whom. ARCHITECTURE.md has the picture.

use super::code::words;
use super::manifests::dependencies;
use super::repository::{File, Repository};
use crate::{step, workspace};

/// Per folder, the crates it must not know, in manifests and in code.
const STRANGERS: &[(&str, &[&str])] = &[
    ("primitives", &["tokio", "arbour-supervisor", "arbour-transports", "arbour-engines"]),
    ("supervisor", &["arbour-transports", "arbour-engines"]),
    ("transports", &["arbour-supervisor", "arbour-engines"]),
    ("engines", &["arbour-transports"]),
];

/// The files that decide and do nothing else.
const DECISIONS: &[&str] = &[
    "engines/src/assigner/plan.rs",
    "engines/src/machine.rs",
    "engines/src/memory/table.rs",
    "engines/src/times.rs",
    "supervisor/src/exit.rs",
    "supervisor/src/directive.rs",
    "supervisor/src/restart.rs",
    "supervisor/src/strategy.rs",
    "supervisor/src/significance.rs",
    "supervisor/src/intensity.rs",
    "supervisor/src/backoff.rs",
    "supervisor/src/retry/policy.rs",
    "supervisor/src/machine.rs",
    "supervisor/src/machine/",
    "supervisor/src/spec.rs",
];

/// What the primitives need brings no runtime and nothing from above.
pub(crate) fn primitives_have_no_runtime_in_their_tree(_: &Repository) -> Vec<String> {
    let mut tree = workspace::cargo();
    tree.args(["tree", "--package", "arbour-primitives", "--edges", "normal"]);
    tree.args(["--all-features", "--prefix", "none"]);
    step::output(&mut tree).map_or_else(|failure| vec![failure], |tree| strangers_in_tree(&tree))
}

/// No package of this tree (a name at the head of each line) is a stranger to the primitives.
pub(crate) fn strangers_in_tree(tree: &str) -> Vec<String> {
    let packages = tree.lines().filter_map(|line| line.split_whitespace().next());
    let strangers = packages.filter(|name| {
        name.starts_with("tokio") || (name.starts_with("arbour") && *name != "arbour-primitives")
    });
    strangers.map(|name| format!("primitives/Cargo.toml: `{name}` is in its dependency tree")).collect()
}

/// Neither a manifest nor a line of code names a crate that its own must not know.
pub(crate) fn arrows_point_down(repository: &Repository) -> Vec<String> {
    STRANGERS
        .iter()
        .flat_map(|(folder, strangers)| {
            let manifest = format!("{folder}/Cargo.toml");
            let manifests = repository.files().filter(move |file| file.path == manifest);
            let declared = manifests.flat_map(|file| declared(file, strangers));
            let sources = repository.rust().filter(move |file| in_folder(&file.path, folder));
            declared.chain(sources.flat_map(|file| named(file, strangers)))
        })
        .collect()
}

fn in_folder(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn declared(manifest: &File, strangers: &[&str]) -> Vec<String> {
    let declared = dependencies(&manifest.text).into_iter();
    let strange = declared.filter(|dependency| strangers.contains(&dependency.name.as_str()));
    strange.map(|dependency| manifest.complain(dependency.line, &must_not_know(&dependency.name))).collect()
}

fn named(source: &File, strangers: &[&str]) -> Vec<String> {
    let strange = |word: &&str| strangers.iter().any(|stranger| stranger.replace('-', "_") == *word);
    let lines = source.code_lines().filter_map(|(number, line)| Some((number, words(line).find(strange)?)));
    lines.map(|(number, word)| source.complain(number, &must_not_know(word))).collect()
}

fn must_not_know(name: &str) -> String {
    format!("this crate must not know `{name}`: arrows point down only (ARCHITECTURE.md)")
}

/// In the primitives only the shim knows std's `Arc`, `Mutex` and atomics: what is taken past it, loom
/// does not see. Plain tests may, because they never run under loom; and what the models of the scopes share,
/// whose counts and wakers are no part of a race.
pub(crate) fn only_the_shim_names_std_sync(repository: &Repository) -> Vec<String> {
    let sources = repository.rust_below("primitives/src/");
    let bound = sources.filter(|file| file.path != "primitives/src/loom.rs" && !is_plain_test(&file.path));
    bound
        .flat_map(|file| {
            let lines = std_sync_lines(&file.code).into_iter();
            lines.map(|line| file.complain(line, "take `Arc`, `Mutex` and atomics from `crate::loom`"))
        })
        .collect()
}

fn is_plain_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path == "primitives/src/scope/models.rs"
}

/// The lines where a path through `std::sync` (or core's or alloc's) leads to something loom replaces.
fn std_sync_lines(code: &str) -> Vec<usize> {
    let numbered: Vec<(usize, &str)> = code
        .lines()
        .enumerate()
        .flat_map(|(index, line)| line.split_whitespace().map(move |word| (index + 1, word)))
        .collect();
    let joined: String = numbered.iter().map(|(_, word)| *word).collect();
    let roots = ["std::sync::", "core::sync::", "alloc::sync::"];
    let starts = roots.iter().flat_map(|root| joined.match_indices(root).map(|(at, root)| at + root.len()));
    let replaced = starts.filter(|at| names_replaced(&joined[*at..]));
    replaced.map(|at| line_at(&numbered, at)).collect()
}

fn names_replaced(path: &str) -> bool {
    let end =
        if path.starts_with('{') { path.find(';') } else { path.find(|char| !super::code::is_word(char)) };
    words(&path[..end.unwrap_or(path.len())]).any(|word| ["Arc", "Mutex", "atomic"].contains(&word))
}

fn line_at(words: &[(usize, &str)], at: usize) -> usize {
    let mut end = 0;
    let holder = words.iter().find(|(_, word)| {
        end += word.len();
        end >= at
    });
    holder.map_or(0, |(line, _)| *line)
}

/// What decides is a function of state, event and time: it names no runtime.
pub(crate) fn decisions_know_no_runtime(repository: &Repository) -> Vec<String> {
    let decides = |file: &&File| DECISIONS.iter().any(|pure| file.path == *pure || is_in(&file.path, pure));
    repository.rust().filter(decides).flat_map(runtime_lines).collect()
}

fn is_in(name: &str, folder: &str) -> bool {
    folder.ends_with('/') && name.starts_with(folder)
}

fn runtime_lines(file: &File) -> Vec<String> {
    let lines = file.code_lines().filter(|(_, line)| words(line).any(|word| word == "tokio"));
    lines.map(|(number, _)| file.complain(number, "a pure file names tokio: hand the time in")).collect()
}
