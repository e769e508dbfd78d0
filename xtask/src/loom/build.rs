//! Builds the primitives' tests under loom and asks the binary what models it holds.

use crate::step::output;
use crate::workspace::cargo;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The test binary, in a target folder of its own so that the ordinary cache survives.
pub(crate) fn test_binary() -> Result<PathBuf, String> {
    let flags = format!("{} --cfg arbour_loom", std::env::var("RUSTFLAGS").unwrap_or_default());
    let mut build = cargo();
    build.args(["test", "--package", "arbour-primitives", "--lib", "--release", "--no-run"]);
    build.args(["--target-dir", "target-loom", "--message-format", "json-render-diagnostics"]);
    build.env("RUSTFLAGS", flags.trim()).stderr(Stdio::inherit());
    let messages = output(&mut build)?;
    executable(&messages).ok_or_else(|| "cargo built no test binary of arbour-primitives".to_owned())
}

/// The paths of the tests that are models: those in a module named `models`.
pub(crate) fn models_in(binary: &Path) -> Result<Vec<String>, String> {
    Ok(models(&output(Command::new(binary).args(["--list", "--format", "terse"]))?))
}

fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back()
}

fn models(listing: &str) -> Vec<String> {
    let tests = listing.lines().filter_map(|line| line.strip_suffix(": test"));
    tests.filter(|test| test.split("::").any(|module| module == "models")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_found_among_cargos_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/t/primitives-1\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/t/primitives-1")));
        assert_eq!(executable("{\"reason\":\"build-finished\",\"success\":true}"), None);
    }

    #[test]
    fn only_tests_in_a_module_of_models_are_models() {
        let listing = "stream::models::close_races_send: test\nstream::tests::supermodels: test\n";
        assert_eq!(models(listing), ["stream::models::close_races_send"]);
    }
}
