//! Streams made of streams, each beside a model that sees all bytes at once.

mod attributes;
mod buffered;
mod bytes;
mod framing;
mod text;
mod upgrade;

/// A target: it returns if all is well, and panics if it is not.
pub type Target = fn(&[u8]);

/// The targets by the names of their corpora.
pub const TARGETS: [(&str, Target); 4] = [
    ("framing", framing::run),
    ("buffered", buffered::run),
    ("text", text::run),
    ("attributes", attributes::run),
];

/// A target of its own, because each case makes a handshake, which takes milliseconds. Its corpus is `upgrade`.
pub const UPGRADE: Target = upgrade::run;
