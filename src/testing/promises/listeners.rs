//! The suite of listeners: how it is set up and run.

mod clauses;

use super::verdict::{BrokenPromises, PATIENCE, Verdict};
use arbour_transports::{ByteStream, Connect, Listener};
use std::fmt;
use std::time::Duration;

/// Runs a listener, and the way to connect to it, through everything that listeners of byte streams
/// promise.
///
/// `pairs` makes a listener and a way to it, new ones each time.
///
/// Each clause may take half a minute of the runtime's time. With a paused clock that is no time at all
/// where nothing can go on, which suits listeners in memory; sockets want a clock that runs.
///
/// # Examples
///
/// ```
/// use arbour::testing::check_listener;
/// use arbour::transports::memory_listener;
///
/// #[arbour::test]
/// async fn listeners_in_memory_keep_what_listeners_promise() {
///     check_listener(async || memory_listener("memory:service", 64)).run().await.unwrap();
/// }
/// ```
pub fn check_listener<F, L, C>(pairs: F) -> ListenerCheck<F>
where
    F: AsyncFn() -> (L, C),
    L: Listener<Stream: ByteStream>,
    C: Connect<Stream: ByteStream>,
{
    ListenerCheck { pairs, patience: PATIENCE }
}

/// What [`check_listener`] is going to check.
#[must_use = "nothing is checked before it is run"]
pub struct ListenerCheck<F> {
    pairs: F,
    patience: Duration,
}

/// Hears the verdict on each clause, on a listener of its own and under the name of its function.
macro_rules! hear {
    ($verdict:ident, $check:ident: $($name:ident,)+) => {$(
        let pair = ($check.pairs)().await;
        $verdict.hear(stringify!($name), "", clauses::$name(pair)).await;
    )+};
}

impl<F> ListenerCheck<F> {
    /// How long each clause may take; 30 seconds at first.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Checks every clause; gives their names.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it drops the listener that it has, and its streams.
    ///
    /// # Errors
    ///
    /// [`BrokenPromises`], which names each clause that is broken.
    ///
    /// # Panics
    ///
    /// With a panic of `pairs`, of the listener or of a stream; the clause is printed on standard error.
    pub async fn run<L, C>(self) -> Result<Vec<&'static str>, BrokenPromises>
    where
        F: AsyncFn() -> (L, C),
        L: Listener<Stream: ByteStream>,
        C: Connect<Stream: ByteStream>,
    {
        let mut verdict = Verdict::new(self.patience);
        hear! { verdict, self:
            a_connection_carries_bytes_both_ways,
            connections_do_not_mix,
            an_accept_waits_until_somebody_connects,
            a_waiting_accept_is_woken,
            a_dropped_accept_loses_no_connection,
            a_cancelled_accept_loses_no_connection,
            who_leaves_at_once_harms_nobody_else,
            what_was_accepted_outlives_the_listener,
            nobody_connects_when_the_listener_is_gone,
            attributes_can_be_listed,
        }
        verdict.given()
    }
}

impl<F> fmt::Debug for ListenerCheck<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerCheck").field("patience", &self.patience).finish_non_exhaustive()
    }
}
