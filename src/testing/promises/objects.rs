//! The suite of object streams: how it is set up and run.

mod clauses;

use super::verdict::{BrokenPromises, PATIENCE, Verdict};
use arbour_primitives::stream::{ObjectReceive, ObjectSend, Reliable};
use std::fmt;
use std::time::Duration;

/// Runs an implementation of reliable object streams through everything that an object stream promises.
///
/// `pairs` makes a sending and a receiving end that are connected with each other, new ones each time;
/// `object` makes the object of a number.
///
/// Each clause may take half a minute of the runtime's time. With a paused clock that is no time at all
/// where nothing can go on, which suits streams in memory; sockets want a clock that runs.
///
/// # Examples
///
/// ```
/// use arbour::stream::memory_stream;
/// use arbour::testing::check_object_stream;
///
/// #[arbour::test]
/// async fn memory_streams_keep_what_object_streams_promise() {
///     check_object_stream(async || memory_stream(0), |number| number).run().await.unwrap();
/// }
/// ```
pub fn check_object_stream<F, O, S, R, T>(pairs: F, object: O) -> ObjectStreamCheck<F, O>
where
    F: AsyncFn() -> (S, R),
    O: Fn(u64) -> T,
    S: ObjectSend<T> + Reliable,
    R: ObjectReceive<T> + Reliable,
    T: PartialEq + fmt::Debug,
{
    ObjectStreamCheck { pairs, object, patience: PATIENCE }
}

/// What [`check_object_stream`] is going to check.
#[must_use = "nothing is checked before it is run"]
pub struct ObjectStreamCheck<F, O> {
    pairs: F,
    object: O,
    patience: Duration,
}

/// Hears the verdict on each clause, on a pair of its own and under the name of its function.
macro_rules! hear {
    ($verdict:ident, $check:ident: $($name:ident,)+) => {$(
        let pair = ($check.pairs)().await;
        $verdict.hear(stringify!($name), "", clauses::$name(pair, &$check.object)).await;
    )+};
}

impl<F, O> ObjectStreamCheck<F, O> {
    /// How long each clause may take; 30 seconds at first.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Checks every clause; gives their names.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it drops the pair that it has.
    ///
    /// # Errors
    ///
    /// [`BrokenPromises`], which names each clause that is broken.
    ///
    /// # Panics
    ///
    /// With a panic of `pairs`, of `object` or of a stream; the clause is printed on standard error.
    pub async fn run<S, R, T>(self) -> Result<Vec<&'static str>, BrokenPromises>
    where
        F: AsyncFn() -> (S, R),
        O: Fn(u64) -> T,
        S: ObjectSend<T> + Reliable,
        R: ObjectReceive<T> + Reliable,
        T: PartialEq + fmt::Debug,
    {
        let mut verdict = Verdict::new(self.patience);
        hear! { verdict, self:
            objects_arrive_in_order_each_once,
            a_receive_waits_until_there_is_something,
            a_waiting_receive_is_woken_by_an_object,
            the_end_comes_after_all_objects,
            the_end_stays_the_end,
            a_waiting_receive_hears_that_the_sender_goes,
            sends_break_when_the_receiver_is_gone,
            a_dropped_receive_loses_nothing,
            a_cancelled_receive_loses_nothing,
            a_send_dropped_unpolled_sends_nothing,
            a_dropped_send_arrives_once_at_most,
        }
        verdict.given()
    }
}

impl<F, O> fmt::Debug for ObjectStreamCheck<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStreamCheck").field("patience", &self.patience).finish_non_exhaustive()
    }
}
