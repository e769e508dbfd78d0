//! A built example of ours, as a file.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// It lies beside this test, in `examples/`, where the workspace's test command builds it first. A test that is
/// run by itself has to see to it.
pub(crate) fn find(example: &str) -> PathBuf {
    let own = env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).expect("cargo puts tests into target/<profile>/deps");
    let program = profile.join("examples").join(format!("{example}{}", env::consts::EXE_SUFFIX));
    if !program.exists() {
        build(example, profile);
    }
    program
}

fn build(example: &str, profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--package", "arbour", "--example", example]);
    cargo.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "the example does not build");
}
