//! Laws of the manifests: a version stands once, a dependency is explained.
//!
//! Reads the part of TOML that manifests use: sections, and entries that may span lines by brackets.

use super::repository::{File, Repository};

/// The packages whose version is fixed from the beginning, each with a place in the architecture.
const NAMED: &[&str] = &[
    "async-trait",
    "bincode",
    "dashmap",
    "futures",
    "loom",
    "serde",
    "thiserror",
    "tokio",
    "tokio-rustls",
    "tracing",
];

/// An entry of a manifest.
#[derive(Debug)]
struct Entry {
    line: usize,
    section: String,
    key: String,
    value: String,
}

/// A dependency as a package declares it.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) line: usize,
    pub(crate) name: String,
    inherited: bool,
}

/// Every package takes every version from the root.
pub(crate) fn versions_stand_in_the_root(repository: &Repository) -> Vec<String> {
    let own_version = |manifest: &File| {
        let own = dependencies(&manifest.text).into_iter().filter(|dependency| !dependency.inherited);
        own.map(|Dependency { line, name, .. }| {
            manifest.complain(line, &format!("write `{name}.workspace = true`: versions stand in the root"))
        })
        .collect::<Vec<_>>()
    };
    repository.manifests().flat_map(own_version).collect()
}

/// Every package takes the workspace's lints.
pub(crate) fn members_take_the_lints(repository: &Repository) -> Vec<String> {
    let takes = |entry: &Entry| entry.section == "lints" && entry.key == "workspace" && entry.value == "true";
    let without = repository.manifests().filter(|manifest| !entries(&manifest.text).iter().any(takes));
    without.map(|manifest| manifest.complain(1, "write `[lints]` with `workspace = true`")).collect()
}

/// Every dependency of the workspace has its place in ARCHITECTURE.md, and the named packages are there.
pub(crate) fn dependencies_are_explained(repository: &Repository) -> Vec<String> {
    let fixed = fixed_versions(repository.text("Cargo.toml"));
    let architecture = repository.text("ARCHITECTURE.md");
    let is_fixed = |name: &str| fixed.iter().any(|(known, has_version)| known == name && *has_version);
    let unfixed = NAMED.iter().filter(|name| !is_fixed(name));
    let unfixed =
        unfixed.map(|name| format!("Cargo.toml: `{name}` has no version in [workspace.dependencies]"));
    let unexplained = fixed.iter().filter(|(name, _)| !architecture.contains(&format!("`{name}`")));
    let unexplained = unexplained.map(|(name, _)| format!("ARCHITECTURE.md: say what `{name}` is for"));
    unfixed.chain(unexplained).collect()
}

fn fixed_versions(manifest: &str) -> Vec<(String, bool)> {
    let entries = entries(manifest).into_iter().filter(|entry| entry.section == "workspace.dependencies");
    let has_version = |value: &str| value.starts_with('"') || value.contains("version");
    entries.map(|entry| (entry.key, has_version(&entry.value))).collect()
}

/// The dependencies of a package, of every kind and target.
pub(crate) fn dependencies(manifest: &str) -> Vec<Dependency> {
    entries(manifest).into_iter().filter_map(dependency).collect()
}

fn dependency(entry: Entry) -> Option<Dependency> {
    let Entry { line, section, key, value } = entry;
    if section == "workspace.dependencies" {
        return None;
    }
    if section.ends_with("dependencies") {
        let (name, field) = key.split_once('.').unwrap_or((&key, ""));
        let inherited =
            value.replace(' ', "").contains("workspace=true") || (field == "workspace" && value == "true");
        return Some(Dependency { line, name: name.to_owned(), inherited });
    }
    // A section of its own, `[dependencies.name]`, is refused whatever it says: one form is enough.
    let (_, name) = section.split_once("dependencies.")?;
    Some(Dependency { line, name: name.to_owned(), inherited: false })
}

fn entries(manifest: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut section = String::new();
    let mut open = 0;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if open > 0 {
            entries.last_mut().into_iter().for_each(|entry| entry.value.push_str(line));
        } else if let Some(header) = line.strip_prefix('[') {
            section = header.trim_matches(['[', ']']).to_owned();
            continue;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let [key, value] = [key, value].map(|part| part.trim().to_owned());
            entries.push(Entry { line: index + 1, section: section.clone(), key, value });
        }
        open += line.matches(['[', '{']).count();
        open = open.saturating_sub(line.matches([']', '}']).count());
    }
    entries
}
