//! A test per law on the repository as it is, and for each law a breach that it finds.

use super::repository::Repository;
use super::{Law, awaits, imports, manifests, names, newcomer, situations, text, twins};
use crate::workspace::root;

#[track_caller]
fn holds(law: Law) {
    let complaints = law(&Repository::read(root()).unwrap());
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[track_caller]
fn finds(law: Law, planted: &[(&str, &str)], expected: &[&str]) {
    let complaints = law(&Repository::planted(planted));
    let places: Vec<&str> = complaints.iter().map(|complaint| place(complaint)).collect();
    assert_eq!(places, expected, "\n{}\n", complaints.join("\n"));
}

/// The complaint up to its second word: where, for a line of a file.
fn place(complaint: &str) -> &str {
    complaint.split_once(": ").map_or(complaint, |(place, _)| place)
}

#[test]
fn few_crates_come_along() {
    holds(newcomer::few_crates_come_along);
    let tree = "arbour v0.1.0 (/here)\ntokio v1.54.1\nbytes v1.12.1\narbour-macros v0.1.0 (proc-macro)\ntokio v1.54.1 (*)\n";
    assert!(newcomer::too_many(tree, 2).is_empty());
    let found = newcomer::too_many(tree, 1);
    assert_eq!(found, ["Cargo.toml: 2 crates come along with `arbour`, and at most 1 may: bytes, tokio"]);
}

#[test]
fn primitives_have_no_runtime_in_their_tree() {
    holds(imports::primitives_have_no_runtime_in_their_tree);
    let tree = "arbour-primitives v0.1.0 (/here)\nfutures v0.3.34\ntokio-util v0.7.0\narbour v0.1.0\n";
    let found = imports::strangers_in_tree(tree);
    assert_eq!(found.len(), 2);
    assert!(found[0].contains("`tokio-util`") && found[1].contains("`arbour`"), "{found:?}");
}

#[test]
fn arrows_point_down() {
    holds(imports::arrows_point_down);
    finds(
        imports::arrows_point_down,
        &[
            ("primitives/Cargo.toml", "[dev-dependencies]\ntokio.workspace = true\n"),
            ("primitives/src/scope.rs", "//! a\n// tokio is not named here\nuse tokio::time;\n"),
            ("supervisor/src/group.rs", "use arbour_primitives::scope;\nuse arbour_transports::tcp;\n"),
            ("transports/Cargo.toml", "[target.'cfg(unix)'.dependencies]\narbour-supervisor = \"1\"\n"),
            ("src/lib.rs", "pub use arbour_supervisor::TaskGroup;\n"),
        ],
        &[
            "primitives/Cargo.toml:2",
            "primitives/src/scope.rs:3",
            "supervisor/src/group.rs:2",
            "transports/Cargo.toml:2",
        ],
    );
}

#[test]
fn only_the_shim_names_std_sync() {
    holds(imports::only_the_shim_names_std_sync);
    finds(
        imports::only_the_shim_names_std_sync,
        &[
            ("primitives/src/a.rs", "use std::sync::Arc;\n"),
            ("primitives/src/b.rs", "use std::sync::{\n    Mutex,\n    OnceLock,\n};\n"),
            ("primitives/src/c.rs", "fn f() {\n    core::sync::atomic::AtomicU64::new(0);\n}\n"),
            ("primitives/src/d.rs", "use std::sync::OnceLock;\nuse crate::loom::Arc;\n"),
            ("primitives/src/loom.rs", "pub use std::sync::Arc;\n"),
            ("primitives/src/scope/tests.rs", "use std::sync::Arc;\n"),
            ("supervisor/src/a.rs", "use std::sync::Arc;\n"),
        ],
        &["primitives/src/a.rs:1", "primitives/src/b.rs:1", "primitives/src/c.rs:2"],
    );
}

#[test]
fn decisions_know_no_runtime() {
    holds(imports::decisions_know_no_runtime);
    finds(
        imports::decisions_know_no_runtime,
        &[
            ("supervisor/src/backoff.rs", "//! pure\nuse tokio::time::Instant;\n"),
            ("supervisor/src/machine/event.rs", "//! tokio\nfn f() { tokio::spawn(async {}); }\n"),
            ("supervisor/src/group.rs", "use tokio::spawn;\n"),
        ],
        &["supervisor/src/backoff.rs:2", "supervisor/src/machine/event.rs:2"],
    );
}

#[test]
fn versions_stand_in_the_root() {
    holds(manifests::versions_stand_in_the_root);
    finds(
        manifests::versions_stand_in_the_root,
        &[
            ("Cargo.toml", "[workspace.dependencies]\ntokio = \"1\"\n[dependencies]\nserde = \"1\"\n"),
            ("supervisor/Cargo.toml", "[dependencies]\ntokio = { workspace = true, features = [\"rt\"] }\n"),
            ("macros/Cargo.toml", "[dependencies]\nsyn.workspace = true\nquote = { version = \"1\" }\n"),
            ("engines/Cargo.toml", "[dependencies]\nredis = {\n  workspace = true,\n}\n"),
            ("benches/Cargo.toml", "[dependencies.flume]\nversion = \"0.11\"\n"),
        ],
        &["Cargo.toml:4", "macros/Cargo.toml:3", "benches/Cargo.toml:2"],
    );
}

#[test]
fn members_take_the_lints() {
    holds(manifests::members_take_the_lints);
    finds(
        manifests::members_take_the_lints,
        &[
            ("macros/Cargo.toml", "[lints]\nworkspace = true\n"),
            ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\n"),
        ],
        &["xtask/Cargo.toml:1"],
    );
}

#[test]
fn dependencies_are_explained() {
    holds(manifests::dependencies_are_explained);
}

#[test]
fn an_unexplained_dependency_and_a_named_package_without_version_are_found() {
    let manifest =
        "[workspace.dependencies]\ntokio = { path = \"elsewhere\" }\nserde = \"1\"\nflume = \"0.11\"\n";
    let architecture = "- `tokio` runs it, `serde` reads it.\n";
    let planted = Repository::planted(&[("Cargo.toml", manifest), ("ARCHITECTURE.md", architecture)]);
    let found = manifests::dependencies_are_explained(&planted).join("\n");
    assert!(found.contains("`tokio` has no version"), "{found}");
    assert!(found.contains("`loom` has no version"), "{found}");
    assert!(!found.contains("`serde`"), "{found}");
    assert!(found.contains("say what `flume` is for"), "{found}");
}

#[test]
fn files_say_what_they_are() {
    holds(text::files_say_what_they_are);
    finds(
        text::files_say_what_they_are,
        &[("src/a.rs", "//! Something.\n"), ("examples/b.rs", "// Something.\nfn main() {}\n")],
        &["examples/b.rs:1"],
    );
}

#[test]
fn crates_forbid_unsafe_code() {
    holds(text::crates_forbid_unsafe_code);
    finds(
        text::crates_forbid_unsafe_code,
        &[
            ("src/lib.rs", "//! a\n#![forbid(unsafe_code)]\n"),
            ("engines/src/lib.rs", "//! a\n// #![forbid(unsafe_code)]\n"),
            ("xtask/src/main.rs", "//! a\n"),
            ("benches/src/bin/streams.rs", "//! a\n"),
            ("src/actor.rs", "//! a\n"),
        ],
        &["engines/src/lib.rs:1", "xtask/src/main.rs:1", "benches/src/bin/streams.rs:1"],
    );
}

#[test]
fn nothing_is_left_open() {
    holds(text::nothing_is_left_open);
    finds(
        text::nothing_is_left_open,
        &[
            ("tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n"),
            ("src/b.rs", "//! todo!() is not open when it is only said\nfn f() { todo!() }\n"),
            ("src/c.rs", "fn f() {\n    let x = dbg!(1);\n    std::unimplemented!(\"{x}\");\n}\n"),
            ("src/d.rs", "fn f() { mydbg!(); log(\"dbg!\"); }\n"),
        ],
        &["tests/a.rs:2", "src/b.rs:2", "src/c.rs:2", "src/c.rs:3"],
    );
}

#[test]
fn select_is_biased() {
    holds(text::select_is_biased);
    finds(
        text::select_is_biased,
        &[
            (
                "src/a.rs",
                "fn f() {\n    tokio::select! {\n        biased;\n        _ = g() => {}\n    }\n}\n",
            ),
            ("examples/b.rs", "fn f() {\n    select! {\n        biased = g() => {}\n    }\n}\n"),
            ("supervisor/src/c.rs", "// select! { a }\nfn f() { tokio::select!{ _ = g() => {} } }\n"),
        ],
        &["examples/b.rs:2", "supervisor/src/c.rs:2"],
    );
}

#[test]
fn no_refused_words() {
    holds(names::no_refused_words);
    finds(
        names::no_refused_words,
        &[(
            "src/a.rs",
            "pub struct ChildManager;\n    pub async fn get_child() {}\npub mod utils {}\npub fn open_nursery() {}\n\
             fn get_private() {}\npub const fn budget() {}\npub(crate) fn get_inner() {}\n",
        )],
        &["src/a.rs:1", "src/a.rs:2", "src/a.rs:3", "src/a.rs:4"],
    );
}

#[test]
fn every_fault_has_a_twin() {
    holds(twins::every_fault_has_a_twin);
    finds(
        twins::every_fault_has_a_twin,
        &[
            ("primitives/src/a.rs", "if fault(\"late\") || fault(\"twice\") {}\n"),
            (
                "primitives/models/a.txt",
                "model a::models::b\ntwin late a::models::b\ntwin lost a::models::b\n",
            ),
        ],
        &["primitives/src/a.rs", "primitives/models/a.txt"],
    );
}

#[test]
fn every_await_is_swept() {
    holds(awaits::every_await_is_swept);
    let source = "pub struct Wait;\nstruct Hidden;\n#[must_use]\nimpl<T: Into<u8>> Future for Wait<T> {\n    fn poll() {}\n}\n\
                  impl Future for Hidden {}\nimpl<T> futures::Sink<T> for Wait {}\n";
    let calls = "pub async fn ask() {}\npub(crate) async fn inner() {}\npub struct End;\nimpl Receive for End {\n    \
                 async fn recv() {}\n}\nimpl End {\n    #[track_caller]\n    pub fn start<F: Fn() -> u8>(f: F) -> impl \
                 Future<Output = u8> {}\n    async fn own() {}\n}\n#[cfg(test)]\nmod tests {\n    pub async fn no() {}\n}\n";
    let table = "| `supervisor/src/a.rs` | `fn ask` | `tests/every_await/a.rs::swept` |\n\
                 | `supervisor/src/a.rs` | `fn gone` | `tests/every_await/a.rs::swept` |\n\
                 | `supervisor/src/a.rs` | `fn start` | `tests/every_await/a.rs::only_dropped` |\n\
                 | `supervisor/src/a.rs` | `fn recv` | `tests/every_await/a.rs::nowhere` |\n";
    let tests = "fn swept() {\n    sweep(ask);\n}\nfn only_dropped() {\n    drop_at_every_await(start);\n}\n\
                 fn other() {\n    cancel_at_every_await(start);\n}\n";
    finds(
        awaits::every_await_is_swept,
        &[
            ("primitives/src/wait.rs", source),
            ("supervisor/src/a.rs", calls),
            ("tests/every_await/table.md", table),
            ("tests/every_await/a.rs", tests),
        ],
        &[
            "primitives/src/wait.rs",
            "primitives/src/wait.rs",
            "tests/every_await/table.md:2",
            "tests/every_await/table.md:3",
            "tests/every_await/table.md:4",
        ],
    );
}

#[test]
fn every_situation_has_a_test() {
    holds(situations::every_situation_has_a_test);
    let row = |number| format!("| E{number} | a situation | `tests/a.rs::kept` |\n");
    let head = "| no | situation | tests |\n|---|---|---|\n";
    let others: String = (5..=25).map(row).collect();
    let table = format!(
        "{head}{}| E2 | two | `tests/a.rs::kept`, `tests/a.rs::gone` |\n| E3 | three | |\n\
         | E4 | four | `tests/a.rs::helper` |\n{others}",
        row(1)
    );
    finds(
        situations::every_situation_has_a_test,
        &[
            ("tests/structured/situations.md", &table),
            ("tests/a.rs", "#[arbour::test]\nasync fn kept() {}\nfn helper() {}\n// fn gone() {}\n"),
        ],
        &[
            "tests/structured/situations.md",
            "tests/structured/situations.md:5",
            "tests/structured/situations.md:4",
            "tests/structured/situations.md:6",
        ],
    );
}
