//! What is known already and comes back as an error, because somebody handed it on with `?`.

use super::{GroupError, StartError, TaskError};
use crate::failure::Failure;
use arbour_primitives::scope::Cancelled;

/// The cancellation that this failure was made from, if it was made from one.
pub(super) fn cancellation(failure: &Failure) -> Option<Cancelled> {
    let of_task = failure.downcast_ref::<TaskError>().and_then(|error| match error {
        TaskError::Cancelled(cause) => Some(cause),
        _ => None,
    });
    let of_start = || match failure.downcast_ref::<StartError>()? {
        StartError::Cancelled(cause) => Some(cause),
        _ => None,
    };
    let of_group = || match failure.downcast_ref::<GroupError>()? {
        GroupError::Cancelled(cause) => Some(cause),
        GroupError::Failed(_) => None,
    };
    let of_scope = || Some(&failure.downcast_ref::<Cancelled>()?.cause);
    let cause = of_task.or_else(of_start).or_else(of_group).or_else(of_scope)?;
    Some(Cancelled::new(cause.clone()))
}

/// Whether this failure only hands on the outcome of a task whose failure is among these.
pub(super) fn is_among(failure: &Failure, recorded: &[Failure]) -> bool {
    let joined = failure.downcast_ref::<TaskError>();
    matches!(joined, Some(TaskError::Failed(inner)) if recorded.iter().any(|known| known.same(inner)))
}
