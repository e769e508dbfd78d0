//! How an actor is, for those who look at it.

use super::Actor;
use arbour_primitives::scope::{panic_message, put_away};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How an actor is, at one moment between two messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorStatus {
    /// Its name.
    pub actor: Arc<str>,
    /// Which run this is: 1 for the first.
    pub incarnation: u64,
    /// How many messages the slot has taken.
    pub taken: u64,
    /// How many messages are queued.
    pub queued: usize,
    /// Its state, as [`Actor::describe`] tells it, or a note of why it could not.
    pub state: String,
}

/// The state of an actor as it describes itself. One that fails or panics at that is reported, and the text says so.
pub(super) fn describe<A: Actor>(actor: &A, name: &str) -> String {
    let described = catch_unwind(AssertUnwindSafe(|| Described(actor).to_string_or_error()));
    match described {
        Ok(Ok(text)) => text,
        Ok(Err(fmt::Error)) => {
            tracing::error!(actor = name, "the description of an actor's state failed; it goes on");
            "(the description of the state failed)".to_owned()
        }
        Err(panic) => {
            let message = panic_message(&panic).to_owned();
            put_away(panic);
            tracing::error!(
                actor = name,
                panic = message,
                "the description of an actor's state panicked; it goes on"
            );
            format!("(the description of the state panicked: {message})")
        }
    }
}

struct Described<'a, A>(&'a A);

impl<A: Actor> Described<'_, A> {
    fn to_string_or_error(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        fmt::write(&mut text, format_args!("{self}"))?;
        Ok(text)
    }
}

impl<A: Actor> fmt::Display for Described<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}
