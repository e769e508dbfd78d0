//! The server at work: accepts while there is room, until it is asked to stop; then drains.

use super::ServeError;
use super::accepting::{BACK_OFF, Course, Next, Stretch};
use super::connection::{Service, tell};
use super::error::Handled;
use super::roll::Roll;
use crate::sync::{CapacityLimiter, Token};
use crate::{ScopeHandle, TaskGroup, checkpoint_if_cancelled, move_on_at, stopping};
use arbour_transports::{AcceptError, Accepted, Attributes, Listener};
use futures::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) struct Server<L, H> {
    pub(super) listener: L,
    pub(super) service: Arc<Service<H>>,
    /// Where the connections live.
    pub(super) group: TaskGroup,
    /// A token for each connection, until nothing is left of it.
    pub(super) room: CapacityLimiter,
    pub(super) course: Course,
    pub(super) gate: Gatekeeper,
}

/// What of a server outlives its listener.
pub(super) struct Gatekeeper {
    pub(super) roll: Arc<Roll>,
    pub(super) drain_within: Duration,
}

impl<L, H, F> Server<L, H>
where
    L: Listener<Stream: Attributes>,
    H: Fn(L::Stream) -> F + Send + Sync + 'static,
    F: Future<Output: Handled> + Send + 'static,
{
    pub(super) async fn run(mut self) -> Result<(), ServeError> {
        let ended = self.accept_until_stopping().await;
        checkpoint_if_cancelled().await;
        let Self { listener, gate, .. } = self;
        drop(listener);
        if let Err(error) = &ended {
            tracing::error!(%error, "no more connections are accepted; those that are open are drained");
        }
        gate.drain().await;
        ended
    }

    async fn accept_until_stopping(&mut self) -> Result<(), ServeError> {
        let mut asked = pin!(asked_to_stop(self.group.scope()));
        loop {
            match select(asked.as_mut(), pin!(self.accept_one())).await {
                Either::Left(_) => return Ok(()),
                Either::Right((gone_on, _)) => gone_on?,
            }
        }
    }

    async fn accept_one(&mut self) -> Result<(), ServeError> {
        let place = self.place().await;
        match self.listener.accept().await {
            Ok(accepted) => {
                self.course.accepted().iter().for_each(tell_room);
                self.attend(accepted, place)
            }
            Err(error) => self.back_off(error).await.map_err(ServeError::from),
        }
    }

    /// A place for one more connection.
    async fn place(&mut self) -> Token {
        if let Ok(place) = self.room.try_acquire() {
            return place;
        }
        if self.course.full(now()) {
            let limit = self.room.total();
            tracing::warn!(limit, "as many connections are open as may be; accepting pauses until one ends");
        }
        self.room.acquire().await
    }

    fn attend(&self, accepted: Accepted<L::Stream>, place: Token) -> Result<(), ServeError> {
        let roll = Arc::clone(&self.gate.roll);
        let (peer, number) = (accepted.peer().clone(), roll.enter());
        let name = format!("connection from {peer}");
        let ended = {
            let roll = Arc::clone(&roll);
            move |exit| {
                roll.leave(number, tell(&peer, &exit));
                drop(place);
            }
        };
        let service = Arc::clone(&self.service);
        let connection = async move { service.attend(accepted).await };
        let child = self.group.task().name(name).report_to_handle().spawn_telling(connection, ended);
        let scope = child.scope().ok_or(ServeError::GroupFinished)?;
        roll.spawned(number, scope);
        Ok(())
    }

    async fn back_off(&mut self, error: AcceptError) -> Result<(), AcceptError> {
        match self.course.failed(error, now()) {
            Next::End(error) => return Err(error),
            Next::BackOff { error, first: true } => {
                tracing::error!(%error, every = ?BACK_OFF, "accepting fails; it is tried again until there is room");
            }
            Next::BackOff { error, first: false } => tracing::debug!(%error, "accepting fails still"),
        }
        tokio::time::sleep(BACK_OFF).await;
        Ok(())
    }
}

/// Either the server itself is asked to stop, or the group of its connections.
async fn asked_to_stop(connections: ScopeHandle) {
    select(stopping(), connections.stopping()).await;
}

fn tell_room(stretch: &Stretch) {
    let (failures, after) = (stretch.failures, now().saturating_duration_since(stretch.since));
    tracing::info!(failures, ?after, "there is room again: connections are accepted");
}

impl Gatekeeper {
    /// Asks all connections to come to an end, cuts those that have not when the time is up, and waits
    /// until nothing is left of any.
    async fn drain(&self) {
        let asked = ScopeHandle::current().and_then(|scope| scope.drain_deadline());
        let until = drained_by(now(), self.drain_within, asked);
        self.roll.drain(until);
        if let Some(until) = until
            && move_on_at(until, self.roll.empty()).await.is_err()
        {
            let connections = self.roll.cut();
            tracing::warn!(connections, "the time to drain is up: what is still open is cancelled");
        }
        self.roll.empty().await;
    }
}

/// Pure: by when connections are to be over that may take so long, in a scope that was asked by then.
fn drained_by(now: Instant, within: Duration, asked: Option<Instant>) -> Option<Instant> {
    now.checked_add(within).into_iter().chain(asked).min()
}

/// The runtime's time, which stands still where a test has paused it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_both_limits_counts_and_one_beyond_the_clock_is_none() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        assert_eq!(drained_by(now, second, None), Some(now + second));
        assert_eq!(drained_by(now, second, Some(now)), Some(now));
        assert_eq!(drained_by(now, second, Some(now + second * 2)), Some(now + second));
        assert_eq!(drained_by(now, Duration::MAX, None), None);
        assert_eq!(drained_by(now, Duration::MAX, Some(now)), Some(now));
    }
}
