//! The tidy laws: what this project wants held by a test instead of by memory.
//!
//! A law is a function from the repository's texts to complaints, each with its place, what is wrong
//! and what to do. `check` runs all of them; `tidy/tests.rs` has a test per law, and a planted breach.

mod awaits;
mod code;
mod imports;
mod manifests;
mod names;
mod newcomer;
mod repository;
mod situations;
#[cfg(test)]
mod tests;
mod text;
mod twins;

use crate::step::Outcome;
use crate::workspace::root;
use repository::Repository;

/// A law: no complaint means that it holds.
type Law = fn(&Repository) -> Vec<String>;

const LAWS: &[Law] = &[
    imports::primitives_have_no_runtime_in_their_tree,
    imports::arrows_point_down,
    imports::only_the_shim_names_std_sync,
    imports::decisions_know_no_runtime,
    manifests::versions_stand_in_the_root,
    manifests::members_take_the_lints,
    manifests::dependencies_are_explained,
    names::no_refused_words,
    newcomer::few_crates_come_along,
    text::files_say_what_they_are,
    text::crates_forbid_unsafe_code,
    text::nothing_is_left_open,
    text::select_is_biased,
    twins::every_fault_has_a_twin,
    awaits::every_await_is_swept,
    situations::every_situation_has_a_test,
];

/// Holds every law against the repository; the failure lists all complaints.
pub(crate) fn check() -> Outcome {
    let repository = Repository::read(root())?;
    let complaints: Vec<String> = LAWS.iter().flat_map(|law| law(&repository)).collect();
    if complaints.is_empty() {
        println!("{} laws hold for {} files", LAWS.len(), repository.files().count());
        return Ok(());
    }
    Err(format!("{} complaints\n{}", complaints.len(), complaints.join("\n")))
}
