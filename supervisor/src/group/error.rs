//! How a group fails: with the failures of its children, or cancelled.

use crate::failure::Failure;
use arbour_primitives::scope::Cause;
use std::error::Error;
use std::fmt;

/// A task group gave no value. Prints as a tree.
///
/// Cancellations are never among the failures.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a group has no third way to fail")]
pub enum GroupError {
    /// These tasks failed, in the order in which they did: the first one cancelled the rest.
    Failed(Vec<Failure>),
    /// The group itself was cancelled, nothing failed, and the body gave no value.
    Cancelled(Cause),
}

impl GroupError {
    /// The failures; none when the group was cancelled.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        match self {
            Self::Failed(failures) => failures,
            Self::Cancelled(_) => &[],
        }
    }

    /// The first failure that was made from an `E`, groups inside included.
    #[must_use]
    pub fn find<E: Error + 'static>(&self) -> Option<&E> {
        self.failures().iter().find_map(|failure| {
            failure
                .downcast_ref::<E>()
                .or_else(|| failure.downcast_ref::<Self>().and_then(|inner| inner.find::<E>()))
        })
    }

    /// The failures made from an `E`, groups inside included, and the error of those that are left, if any.
    ///
    /// A group inside that failed with both is split as well: what is left of it stays where it was.
    ///
    /// # Errors
    ///
    /// The second half is what the caller still has to deal with.
    #[must_use]
    pub fn split<E: Error + 'static>(self) -> (Vec<Failure>, Option<Self>) {
        let mut found = Vec::new();
        let rest = match self {
            Self::Failed(failures) => take::<E>(&failures, &mut found),
            cancelled @ Self::Cancelled(_) => Some(cancelled),
        };
        (found, rest)
    }

    /// The failures, if all of them were made from an `E`, groups inside included.
    ///
    /// # Errors
    ///
    /// The whole error when anything else is among them, or when the group was cancelled.
    pub fn only<E: Error + 'static>(self) -> Result<Vec<Failure>, Self> {
        let mut found = Vec::new();
        match &self {
            Self::Failed(failures) if take::<E>(failures, &mut found).is_none() => Ok(found),
            _ => Err(self),
        }
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let Self::Failed(failures) = self else { return Ok(()) };
        for failure in failures {
            write!(f, "\n{:indent$}- ", "", indent = depth * 2)?;
            match failure.downcast_ref::<Self>() {
                Some(inner) => {
                    let task = failure.path().unwrap_or("a nested group");
                    write!(f, "{task}: {}", inner.headline())?;
                    inner.print(f, depth + 1)?;
                }
                None => write!(f, "{failure}")?,
            }
        }
        Ok(())
    }

    fn headline(&self) -> String {
        match self {
            Self::Failed(failures) if failures.len() == 1 => "1 task failed".to_owned(),
            Self::Failed(failures) => format!("{} tasks failed", failures.len()),
            Self::Cancelled(cause) => format!("the group was cancelled: {cause}"),
        }
    }
}

impl fmt::Display for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        self.print(f, 0)
    }
}

impl Error for GroupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures().first().and_then(Failure::source)
    }
}

/// Collects the failures made from an `E`, and gives the error of the others.
fn take<E: Error + 'static>(failures: &[Failure], found: &mut Vec<Failure>) -> Option<GroupError> {
    let mut rest = Vec::new();
    for failure in failures {
        match failure.downcast_ref::<GroupError>() {
            _ if failure.downcast_ref::<E>().is_some() => found.push(failure.clone()),
            Some(GroupError::Failed(inner)) => {
                let before = found.len();
                let left = take::<E>(inner, found);
                // Nothing of it was taken: it stays itself, for those who compare failures.
                let whole = found.len() == before;
                rest.extend(left.map(|left| if whole { failure.clone() } else { failure.with_error(left) }));
            }
            _ => rest.push(failure.clone()),
        }
    }
    (!rest.is_empty()).then_some(GroupError::Failed(rest))
}
