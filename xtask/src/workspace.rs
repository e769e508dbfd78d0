//! Where the workspace is and what cargo knows about it.

use crate::step::output;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The package whose rivals no test build should pay for.
pub(crate) const BENCHES: &str = "arbour-benches";

/// A member of the workspace.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) features: Vec<String>,
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The cargo that runs this program, in the workspace's folder.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// The members with their features.
pub(crate) fn members() -> Result<Vec<Member>, String> {
    parse(&output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?)
}

/// What keeps the benches out of a call that concerns the whole workspace.
pub(crate) fn without_benches() -> Result<&'static [&'static str], String> {
    let there = members()?.iter().any(|member| member.name == BENCHES);
    Ok(if there { &["--exclude", BENCHES] } else { &[] })
}

fn parse(metadata: &str) -> Result<Vec<Member>, String> {
    let metadata: Value =
        serde_json::from_str(metadata).map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    packages.iter().map(|package| member(package).ok_or_else(|| format!("no package: {package}"))).collect()
}

fn member(package: &Value) -> Option<Member> {
    let name = package["name"].as_str()?.to_owned();
    let features = package["features"].as_object()?.keys().cloned().collect();
    Some(Member { name, features })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_with_their_features() {
        let metadata = r#"{"packages": [{"name": "leaf", "features": {"default": ["green"], "green": []}}]}"#;
        let features = vec!["default".to_owned(), "green".to_owned()];
        assert_eq!(parse(metadata), Ok(vec![Member { name: "leaf".to_owned(), features }]));
    }

    #[test]
    fn metadata_without_packages_is_refused() {
        assert_eq!(parse("{}"), Err("cargo metadata lists no packages".to_owned()));
    }
}
