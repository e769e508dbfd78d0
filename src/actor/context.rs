//! What an actor knows of itself while it runs.

/// What an actor knows of itself, and of the message it handles.
#[derive(Debug)]
pub struct Context {
    name: String,
    incarnation: u64,
    pub(super) sequence: u64,
    pub(super) attempt: u32,
    pub(super) ending: bool,
}

impl Context {
    pub(super) fn new(name: &str, incarnation: u64) -> Self {
        Self { name: name.to_owned(), incarnation, sequence: 0, attempt: 0, ending: false }
    }

    /// The actor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which run of the actor this is: 1 for the first.
    #[must_use]
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// The number of this message among all that the slot has taken: 1 for the first. A message that
    /// is delivered again keeps its number.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Which delivery of this message this is: 1 for the first.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Ends the actor after this message; that is a normal end. What is queued stays in the mailbox.
    pub fn stop(&mut self) {
        self.ending = true;
    }
}
