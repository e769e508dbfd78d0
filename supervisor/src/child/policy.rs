//! Policies of a child, set one after the other.

use crate::backoff::Backoff;
use crate::intensity::{Exhausted, RestartLimit};
use crate::machine::ChildPolicy;
use crate::restart::Restart;
use crate::shutdown::Shutdown;
use std::time::Duration;

/// What each of them means, and its default, is said at the method of [`ChildSpec`](crate::ChildSpec) of that name.
impl ChildPolicy {
    /// Those of a plain child: the defaults, and it counts as ready as soon as it is started.
    #[must_use]
    pub fn plain() -> Self {
        Self { reports_ready: false, ..Self::default() }
    }

    /// After which exits it comes back.
    #[must_use]
    pub fn restart(self, restart: Restart) -> Self {
        Self { restart, ..self }
    }

    /// Makes its end count for the supervisor's auto-shutdown.
    #[must_use]
    pub fn significant(self) -> Self {
        Self { significant: true, ..self }
    }

    /// How it is stopped.
    #[must_use]
    pub fn shutdown(self, shutdown: Shutdown) -> Self {
        Self { shutdown, ..self }
    }

    /// How long it may clean up.
    #[must_use]
    pub fn clean_up(self, budget: Duration) -> Self {
        Self { clean_up: budget, ..self }
    }

    /// How long to wait between restarts.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// How many restarts of this child are too many.
    #[must_use]
    pub fn limit(self, limit: RestartLimit) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// How many restarts in a row are allowed.
    #[must_use]
    pub fn max_consecutive(self, restarts: u32) -> Self {
        Self { max_consecutive: Some(restarts), ..self }
    }

    /// What happens when its own limits are used up.
    #[must_use]
    pub fn exhausted(self, exhausted: Exhausted) -> Self {
        Self { exhausted, ..self }
    }

    /// Makes readiness the child's own word.
    #[must_use]
    pub fn reports_ready(self) -> Self {
        Self { reports_ready: true, ..self }
    }

    /// How long it may take to become ready.
    #[must_use]
    pub fn start_timeout(self, timeout: Duration) -> Self {
        Self { start_timeout: timeout, ..self }
    }
}
