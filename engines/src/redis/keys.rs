//! The names of everything in Redis, and the scripts, each of which is one atomic step.

use redis::Script;

/// The leases of which somebody may hold one, by name.
pub(super) const LEASES: &str = "{arbour}:leases";

/// Where releases are told: the name of the lease is the message.
pub(super) const FREED: &str = "{arbour}:freed";

/// What stands before a name in the key of its lease.
pub(super) const LEASE: &str = "{arbour}:lease:";

pub(super) fn lease(name: &str) -> String {
    format!("{LEASE}{name}")
}

/// The newest fence of a name.
pub(super) fn fence(name: &str) -> String {
    format!("{{arbour}}:fence:{name}")
}

/// What was written under the fences of a name.
pub(super) fn entries(name: &str) -> String {
    format!("{{arbour}}:entries:{name}")
}

/// The scripts with their hashes. One that the server does not know is sent to it, once.
pub(super) struct Scripts {
    pub(super) acquire: Script,
    pub(super) extend: Script,
    pub(super) release: Script,
    pub(super) look: Script,
    pub(super) list: Script,
    pub(super) write: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            acquire: Script::new(include_str!("acquire.lua")),
            extend: Script::new(include_str!("extend.lua")),
            release: Script::new(include_str!("release.lua")),
            look: Script::new(include_str!("look.lua")),
            list: Script::new(include_str!("list.lua")),
            write: Script::new(include_str!("write.lua")),
        }
    }
}
