//! The law of names: words that say nothing, or that another word of ours has the place of.

use super::code::words;
use super::repository::{File, Repository};

/// What may stand between `pub` and a name.
const QUALIFIERS: &[&str] = &[
    "async", "const", "enum", "extern", "fn", "macro", "mod", "mut", "static", "struct", "trait", "type",
    "union", "unsafe",
];

/// No public name has a refused word in it.
pub(crate) fn no_refused_words(repository: &Repository) -> Vec<String> {
    let sources = repository.rust().filter(|file| file.path.contains("src/"));
    sources.flat_map(refused_names).collect()
}

fn refused_names(file: &File) -> Vec<String> {
    let names = file.code_lines().filter_map(|(number, line)| Some((number, public_name(line)?)));
    let refused = names
        .filter_map(|(number, name)| Some(file.complain(number, &format!("`{name}`: {}", refusal(name)?))));
    refused.collect()
}

fn public_name(line: &str) -> Option<&str> {
    let item = line.trim_start().strip_prefix("pub ")?;
    words(item).find(|word| !QUALIFIERS.contains(word))
}

fn refusal(name: &str) -> Option<&'static str> {
    if name.contains("Manager") || name.contains("Util") || name == "util" || name == "utils" {
        return Some("say what it does");
    }
    if name.starts_with("get_") {
        return Some("name what is given, without `get_`");
    }
    name.to_lowercase().contains("nursery").then_some("our word is task group")
}
