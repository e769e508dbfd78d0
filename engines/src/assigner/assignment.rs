//! What becomes of the resources of one worker, told to whoever subscribes.

use crate::leases::Lease;
use crate::machine::LossReason;
use crate::store::{Fence, LeaseName};
use arbour_primitives::scope::{ScopeHandle, stopping};
use arbour_primitives::stream::{BroadcastReceiver, BroadcastSender, SlowReceiver, broadcast};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Instant;

/// How many events a subscriber may be behind.
const EVENTS: usize = 1024;

/// One change in what a worker works on; see [`Assigner::events`](super::Assigner::events). Prints as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assignment {
    /// The worker holds the resource, and its body begins.
    #[non_exhaustive]
    Assigned {
        /// Which resource.
        resource: LeaseName,
        /// The fence it is held under.
        fence: Fence,
    },
    /// The body was asked to finish: others are to have the resource, or the worker is drained.
    #[non_exhaustive]
    Revoking {
        /// Which resource.
        resource: LeaseName,
        /// The fence it is held under.
        fence: Fence,
        /// When the body is cancelled that has not finished, by the clock of the runtime; `None` is never.
        deadline: Option<Instant>,
    },
    /// The lease was lost. The body was cancelled, and has ended with all that it spawned and deferred.
    #[non_exhaustive]
    Lost {
        /// Which resource.
        resource: LeaseName,
        /// The fence it was held under.
        fence: Fence,
        /// How it is known.
        why: LossReason,
    },
    /// The body has ended, and the lease was given back. A store that did not answer keeps it for its time to live.
    #[non_exhaustive]
    Released {
        /// Which resource.
        resource: LeaseName,
        /// The fence it was held under.
        fence: Fence,
    },
}

impl Assignment {
    /// Which resource it is about.
    #[must_use]
    pub fn resource(&self) -> &LeaseName {
        match self {
            Self::Assigned { resource, .. }
            | Self::Revoking { resource, .. }
            | Self::Lost { resource, .. }
            | Self::Released { resource, .. } => resource,
        }
    }

    /// The fence under which the resource is held, or was.
    #[must_use]
    pub fn fence(&self) -> Fence {
        match self {
            Self::Assigned { fence, .. }
            | Self::Revoking { fence, .. }
            | Self::Lost { fence, .. }
            | Self::Released { fence, .. } => *fence,
        }
    }
}

/// As in "orders/p3 is assigned under fence 17".
impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource, fence) = (self.resource(), self.fence());
        match self {
            Self::Assigned { .. } => write!(f, "{resource} is assigned under fence {fence}"),
            Self::Revoking { .. } => write!(f, "{resource} is being given up, with fence {fence}"),
            Self::Lost { why, .. } => write!(f, "{resource} is lost, with fence {fence}: {why}"),
            Self::Released { .. } => write!(f, "{resource} is released, with fence {fence}"),
        }
    }
}

/// Where the events of one assigner are sent. Clones are the same; when the last is dropped, the events end.
#[derive(Clone, Debug)]
pub(super) struct Events(BroadcastSender<Assignment>);

impl Events {
    pub(super) fn new() -> Self {
        let events = broadcast(EVENTS, SlowReceiver::Lag);
        Self(events.unwrap_or_else(|zero| unreachable!("{EVENTS} is not zero: {zero}")))
    }

    pub(super) fn subscribe(&self) -> BroadcastReceiver<Assignment> {
        self.0.subscribe()
    }

    /// Tells of a resource from when its body begins.
    pub(super) fn of_one(&self) -> Story<'_> {
        Story { events: self, lease: OnceLock::new() }
    }

    fn tell(&self, event: Assignment) {
        // Without receivers it comes back.
        drop(self.0.try_send(event));
    }
}

/// What is told of one resource while it is held. Dropped, it tells how that has ended.
#[derive(Debug)]
pub(super) struct Story<'a> {
    events: &'a Events,
    /// The lease, once it was granted.
    lease: OnceLock<Lease>,
}

impl Story<'_> {
    /// Runs the body, which has this lease, and tells when it is asked to finish.
    pub(super) async fn of<F: Future>(&self, lease: &Lease, body: F) -> F::Output {
        self.events.tell(Assignment::Assigned { resource: lease.name().clone(), fence: lease.fence() });
        let _ = self.lease.set(lease.clone());
        let (mut body, mut asked, mut is_called) = (pin!(body), pin!(stopping()), false);
        poll_fn(|cx| {
            if !is_called && asked.as_mut().poll(cx).is_ready() {
                is_called = true;
                self.is_called(lease);
            }
            body.as_mut().poll(cx)
        })
        .await
    }

    /// The body was asked to finish, or is cancelled, of which its end will tell.
    fn is_called(&self, lease: &Lease) {
        if let Some(scope) = ScopeHandle::current().filter(ScopeHandle::is_draining) {
            let (resource, fence, deadline) = (lease.name().clone(), lease.fence(), scope.drain_deadline());
            self.events.tell(Assignment::Revoking { resource, fence, deadline });
        }
    }
}

impl Drop for Story<'_> {
    fn drop(&mut self) {
        let Some(lease) = self.lease.get() else { return };
        let (resource, fence) = (lease.name().clone(), lease.fence());
        self.events.tell(match lease.loss() {
            Some(why) => Assignment::Lost { resource, fence, why },
            None => Assignment::Released { resource, fence },
        });
    }
}
