//! How much of the time that is left a stop may use.
//!
//! A child has its own times to drain and to clean up. A deadline for the whole shutdown bounds both, and is split so
//! that a drain cannot eat up the clean-up: of what is left when a child is told to drain, its clean-up keeps its own
//! time, but at most half. A supervisor is given all of it, for it splits the time among its own children in the same
//! way. Nothing is kept for siblings that are told later: each may use what is left, and what the
//! deadline finds is aborted at once.

use crate::machine::spec::{ChildKind, ChildPolicy};
use std::time::{Duration, Instant};

/// So long after `now`; a time that no clock can show is thirty years away, which is never.
pub(super) fn after(now: Instant, time: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    now.checked_add(time).unwrap_or(now + NEVER)
}

/// Until when a child may drain; `None` is without end.
pub(super) fn drain_until(policy: &ChildPolicy, now: Instant, deadline: Option<Instant>) -> Option<Instant> {
    let own = policy.shutdown.drain().map(|time| after(now, time));
    earlier(own, deadline.map(|deadline| leaving_room(policy, now, deadline)))
}

/// When the drain must end so that the clean-up has its share of what is left.
pub(super) fn leaving_room(policy: &ChildPolicy, now: Instant, deadline: Instant) -> Instant {
    if policy.kind == ChildKind::Supervisor {
        return deadline;
    }
    let left = deadline.saturating_duration_since(now);
    now + (left - policy.clean_up.min(left / 2))
}

/// Until when a child may clean up that is cancelled now.
pub(super) fn clean_up_until(policy: &ChildPolicy, now: Instant, deadline: Option<Instant>) -> Instant {
    let own = after(now, policy.clean_up);
    deadline.map_or(own, |deadline| own.min(deadline))
}

/// When nothing may be left of a child that drains until then, and cleans up afterwards.
pub(super) fn all_over(
    policy: &ChildPolicy,
    drain: Option<Instant>,
    deadline: Option<Instant>,
) -> Option<Instant> {
    earlier(drain.map(|drained| after(drained, policy.clean_up)), deadline)
}

pub(super) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
