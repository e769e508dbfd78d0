//! The version of a peer that was built: what the lock file says.

const LOCK: &str = include_str!("../../../Cargo.lock");

/// The version of this package; `unknown` where the lock file has none.
pub(super) fn of(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines().skip_while(|line| **line != *name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \""));
    version.map_or("unknown", |version| version.trim_end_matches('"'))
}
