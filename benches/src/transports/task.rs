//! What two connected ends do: send small messages back and forth, or much in one direction.

/// So many echoes, or chunks, in each scenario.
pub(super) const TURNS: u64 = 2_000;

/// The size of an echoed message, in bytes.
pub(super) const MESSAGE: usize = 64;

/// The size of a chunk that flows one way, in bytes.
pub(super) const CHUNK: usize = 64 * 1024;

/// What the ends do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task {
    /// The client sends a message and waits until it is back.
    Echo,
    /// The server sends chunks, and the client receives them as they come. A client that only sent would leave
    /// the tickets of TLS unread, and the system resets what is closed with something unread.
    Throughput,
}

impl Task {
    pub(super) const ALL: [Self; 2] = [Self::Echo, Self::Throughput];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Throughput => "throughput",
        }
    }
}

/// That nothing was lost on the way.
pub(super) fn check(received: u64) {
    assert_eq!(received, TURNS * CHUNK as u64, "bytes are missing");
}
