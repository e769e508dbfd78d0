//! Law of what a newcomer pays: how many crates `arbour` brings along.

use super::repository::Repository;
use crate::{step, workspace};
use std::collections::BTreeSet;

/// How many crates may be in the tree of `arbour`, beside our own and those of tests, with these features.
const MOST: &[(&[&str], usize)] = &[(&[], 41), (&["--no-default-features", "--features", "serde"], 37)];

/// With default features, and without transports, `arbour` brings no more crates than the book says.
pub(crate) fn few_crates_come_along(_: &Repository) -> Vec<String> {
    MOST.iter().flat_map(|(features, most)| beyond(features, *most)).collect()
}

fn beyond(features: &[&str], most: usize) -> Vec<String> {
    let mut tree = workspace::cargo();
    tree.args(["tree", "--package", "arbour", "--edges", "normal", "--prefix", "none"]).args(features);
    step::output(&mut tree).map_or_else(|failure| vec![failure], |tree| too_many(&tree, most))
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
