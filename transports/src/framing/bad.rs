//! What is wrong with a frame.

use thiserror::Error;

/// What is wrong with a frame, or with what should be one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadFrame {
    /// It is longer than the limit. Of one that is received no room was made for it.
    #[error("a frame of {length} bytes or more: at most {max} are allowed")]
    TooLong {
        /// How long it says it is, or as much of it as has come without its end.
        length: u64,
        /// The limit.
        max: u64,
    },
    /// The stream ended in the middle of it.
    #[error("the stream ended inside a frame, after {received} bytes of it{}", of(*.wanted))]
    Incomplete {
        /// How many bytes of it have come, its head included.
        received: usize,
        /// How many it has, as far as that is known.
        wanted: Option<u64>,
    },
    /// A line has a line end inside, and would arrive as two.
    #[error("the line has a line end at byte {at}: it would arrive as two")]
    LineEnd {
        /// Where.
        at: usize,
    },
}

fn of(wanted: Option<u64>) -> String {
    wanted.map(|wanted| format!(" of {wanted}")).unwrap_or_default()
}
