//! The suite of byte streams: how it is set up and run.

mod clogged;
mod ends;
mod ends_meet;
mod half_close;
mod one_way;

use super::verdict::{BrokenPromises, Outcome, PATIENCE, Verdict};
use arbour_transports::ByteStream;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

/// One end of a pair. The clauses see no more of it, so that they are compiled once.
type End = Box<dyn ByteStream>;

/// What the first end sends, the second receives.
type Pair = (End, End);

/// A pair whose sends wait after so many bytes.
type CloggedPair = (End, End, usize);

/// A promise about a pair.
struct Clause<P> {
    name: &'static str,
    check: fn(P) -> Checking,
}

type Checking = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Clauses under the names of their functions.
macro_rules! clauses {
    ($($module:ident::$name:ident,)+) => {
        &[$(Clause { name: stringify!($name), check: |pair| Box::pin($module::$name(pair)) }),+]
    };
}

const ALWAYS: &[Clause<Pair>] = clauses! {
    one_way::bytes_arrive_in_order,
    one_way::a_receive_waits_until_there_is_something,
    one_way::a_send_needs_no_second_one,
    one_way::a_waiting_receive_is_woken_by_bytes,
    one_way::an_empty_write_is_no_end,
    one_way::a_vectored_write_is_its_parts_in_order,
    one_way::a_dropped_receive_loses_nothing,
    one_way::a_cancelled_receive_loses_nothing,
    ends_meet::both_directions_carry_at_once,
    ends_meet::what_was_sent_arrives_although_the_sender_goes,
    ends_meet::a_waiting_receive_hears_that_the_peer_goes,
    ends_meet::sends_break_when_the_peer_is_gone,
    ends_meet::attributes_can_be_listed,
};

const WITH_HALF_CLOSE: &[Clause<Pair>] = clauses! {
    half_close::the_end_comes_after_all_bytes,
    half_close::the_end_stays_the_end,
    half_close::a_waiting_receive_is_woken_by_the_end,
    half_close::the_other_direction_goes_on,
    half_close::said_twice_is_said_once,
    half_close::a_send_after_it_is_refused,
};

const CLOGGED: &[Clause<CloggedPair>] = clauses! {
    clogged::a_send_waits_for_room_and_goes_on,
    clogged::a_dropped_send_has_sent_a_beginning,
    clogged::a_waiting_send_hears_that_the_peer_goes,
    clogged::receiving_goes_on_while_a_send_waits,
};

/// Runs an implementation of byte streams through everything that a byte stream promises.
///
/// `pairs` makes two ends that are connected with each other, new ones each time. Every clause is checked
/// in both directions.
///
/// Each clause may take half a minute of the runtime's time. With a paused clock that is no time at all
/// where nothing can go on, which suits streams in memory; sockets want a clock that runs.
///
/// # Examples
///
/// ```
/// use arbour::testing::check_byte_stream;
/// use arbour::transports::byte_pipe;
///
/// #[arbour::test]
/// async fn pipes_keep_what_byte_streams_promise() {
///     check_byte_stream(async || byte_pipe(64)).clogged_by(65).run().await.unwrap();
/// }
/// ```
pub fn check_byte_stream<F, A, B>(pairs: F) -> ByteStreamCheck<F>
where
    F: AsyncFn() -> (A, B),
    A: ByteStream + 'static,
    B: ByteStream + 'static,
{
    ByteStreamCheck { pairs, half_close: true, clogged_by: None, patience: PATIENCE }
}

/// What [`check_byte_stream`] is going to check.
#[must_use = "nothing is checked before it is run"]
pub struct ByteStreamCheck<F> {
    pairs: F,
    half_close: bool,
    clogged_by: Option<usize>,
    patience: Duration,
}

impl<F, A, B> ByteStreamCheck<F>
where
    F: AsyncFn() -> (A, B),
    A: ByteStream + 'static,
    B: ByteStream + 'static,
{
    /// Checks the clauses about sends that wait, too: a send of so many bytes must wait while the peer
    /// receives nothing.
    pub fn clogged_by(mut self, bytes: usize) -> Self {
        self.clogged_by = Some(bytes);
        self
    }

    /// Leaves out the clauses about the half-close, for streams that can only be closed as a whole.
    pub fn without_half_close(mut self) -> Self {
        self.half_close = false;
        self
    }

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
    /// With a panic of `pairs` or of a stream; the clause is printed on standard error.
    pub async fn run(self) -> Result<Vec<&'static str>, BrokenPromises> {
        let mut verdict = Verdict::new(self.patience);
        let half_close = if self.half_close { WITH_HALF_CLOSE } else { &[] };
        for Clause { name, check } in ALWAYS.iter().chain(half_close) {
            self.both_ways(&mut verdict, name, check).await;
        }
        if let Some(bytes) = self.clogged_by {
            for Clause { name, check } in CLOGGED {
                self.both_ways(&mut verdict, name, |(from, to)| check((from, to, bytes))).await;
            }
        }
        let name = "an_end_of_one_pair_is_none_of_another";
        let two = ends_meet::an_end_of_one_pair_is_none_of_another(self.pair().await, self.pair().await);
        verdict.hear(name, "", two).await;
        verdict.given()
    }

    async fn both_ways(&self, verdict: &mut Verdict, name: &'static str, check: impl Fn(Pair) -> Checking) {
        let (first, second) = self.pair().await;
        verdict.hear(name, "", check((first, second))).await;
        let (first, second) = self.pair().await;
        verdict.hear(name, "from the second end to the first: ", check((second, first))).await;
    }

    async fn pair(&self) -> Pair {
        let (first, second) = (self.pairs)().await;
        (Box::new(first), Box::new(second))
    }
}

impl<F> fmt::Debug for ByteStreamCheck<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pairs: _, half_close, clogged_by, patience } = self;
        let mut text = f.debug_struct("ByteStreamCheck");
        text.field("half_close", half_close)
            .field("clogged_by", clogged_by)
            .field("patience", patience)
            .finish()
    }
}
