//! Who is restarted together, and in what order children are stopped.

/// Whom the failure of one child concerns.
///
/// A child that is not to be restarted concerns nobody else, whatever the strategy. The default is
/// [`OneForOne`](Self::OneForOne).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// The child alone: children that do not need each other.
    #[default]
    OneForOne,
    /// All children: they make sense only together, and begin together.
    OneForAll,
    /// The child and those that were started after it, for these build upon it.
    RestForOne,
}

/// In what order children are stopped that are to be stopped together: with their supervisor, or in a restart of
/// several.
///
/// The default is [`Reverse`](Self::Reverse).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopOrder {
    /// Newest first, each gone before the one before it is told: the times add up.
    #[default]
    Reverse,
    /// All are told at once, newest first: it takes as long as the slowest.
    Together,
}
