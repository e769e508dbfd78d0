//! Law of what a newcomer pays: how many crates `arbour` brings along.

use super::repository::Repository;
use crate::{step, workspace};
use std::collections::BTreeSet;

/// How many crates may be in the tree of `arbour` with default features, beside our own and those of tests.
const MOST: usize = 37;

/// With default features `arbour` brings no more crates than the book says.
pub(crate) fn few_crates_come_along(_: &Repository) -> Vec<String> {
    let mut tree = workspace::cargo();
    tree.args(["tree", "--package", "arbour", "--edges", "normal", "--prefix", "none"]);
    step::output(&mut tree).map_or_else(|failure| vec![failure], |tree| too_many(&tree, MOST))
}

/// Whether so many packages of this tree (a name and a version at the head of each line) are more than `most`.
pub(crate) fn too_many(tree: &str, most: usize) -> Vec<String> {
    let packages = tree.lines().filter(|line| !line.is_empty() && !line.starts_with("arbour"));
    let strangers: BTreeSet<Vec<&str>> =
        packages.map(|line| line.split_whitespace().take(2).collect()).collect();
    if strangers.len() <= most {
        return Vec::new();
    }
    let names: Vec<&str> = strangers.iter().map(|package| package[0]).collect();
    let count = names.len();
    vec![format!(
        "Cargo.toml: {count} crates come along with `arbour`, and at most {most} may: {}",
        names.join(", ")
    )]
}
