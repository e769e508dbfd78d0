//! When the end of children is the end of their supervisor.

/// What a supervisor makes of the end of its significant children.
///
/// A significant child counts when it ended by itself and is not brought back: a transient one that finished, a
/// temporary one that ended in any way, one that used up its own limit and stays down. One that was stopped, with
/// or without its siblings, does not. The default is [`Never`](Self::Never).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AutoShutdown {
    /// Nothing; significant children are refused.
    #[default]
    Never,
    /// The first one to end shuts the supervisor down.
    AnySignificant,
    /// The end of the last one shuts the supervisor down.
    AllSignificant,
}
