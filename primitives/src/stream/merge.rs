//! Several streams as one: any number of one type, polled when they were woken.

mod two;

pub use two::{MergeTwo, merge_two};

use crate::scope::Gate;
use crate::scope::branch::Bells;
use crate::standstill;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::Stream;
use std::collections::VecDeque;

/// Merges streams into one, which gives their items as they come and ends when all have ended.
///
/// It is fair: a source that has given an item goes to the end of the line, so between two items of a
/// source that is ready each other ready one has its turn. Only sources that are new, were woken or gave
/// an item are polled: a thousand quiet ones cost nothing.
///
/// A poll takes one item from one source and gives it out at once; none is ever held. Errors that the
/// sources give as items pass through, and the source goes on until it ends by itself.
///
/// For two sources of different types there is [`merge_two`]; what is no [`Unpin`] goes in a box, and
/// the receiving end of another transport becomes a stream by [`objects`](super::objects). For pairs, one
/// item of each, there is [`zip`](super::zip()). Take clones of one receiving end for several consumers,
/// and clones of one *sending* end where the sources are yours: that costs less than merging.
///
/// # Cancel safety
///
/// A `next` that is dropped has taken nothing. When the merge is dropped, what the sources hold is still
/// with them; they are dropped with it, unless they are references, or
/// [`into_sources`](Merge::into_sources) took them back.
///
/// # Examples
///
/// ```
/// use arbour_primitives::stream::{memory_stream, merge};
/// use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let (oaks, from_oaks) = memory_stream(2);
/// let (elms, from_elms) = memory_stream(2);
/// oaks.send("oak 1").await.unwrap();
/// oaks.send("oak 2").await.unwrap();
/// elms.send("elm 1").await.unwrap();
/// drop((oaks, elms));
///
/// let merged: Vec<_> = merge([from_oaks, from_elms]).collect().await;
/// assert_eq!(merged, ["oak 1", "elm 1", "oak 2"]);
/// # });
/// ```
pub fn merge<I>(sources: I) -> Merge<I::Item>
where
    I: IntoIterator,
    I::Item: Stream + Unpin,
{
    let sources: Vec<_> = sources.into_iter().map(Source::new).collect();
    let count = sources.len();
    Merge {
        sources,
        running: count,
        line: VecDeque::with_capacity(count),
        bells: Bells::all_rung(count),
        woken: Vec::new(),
        gate: Gate::new(),
    }
}

/// The stream of [`merge`].
#[must_use = "streams do nothing unless polled"]
pub struct Merge<S> {
    sources: Vec<Source<S>>,
    running: usize,
    /// Who is to be polled, the next one first; each once at most.
    line: VecDeque<usize>,
    bells: Bells,
    /// Kept between polls for its room.
    woken: Vec<usize>,
    gate: Gate,
}

struct Source<S> {
    stream: S,
    stands_in_line: bool,
    has_ended: bool,
}

impl<S> Source<S> {
    fn new(stream: S) -> Self {
        Self { stream, stands_in_line: false, has_ended: false }
    }
}

impl<S> Merge<S> {
    /// The sources in the order in which they were given, also those that have ended.
    #[must_use]
    pub fn into_sources(self) -> Vec<S> {
        self.sources.into_iter().map(|source| source.stream).collect()
    }
}

impl<S: Stream + Unpin> Merge<S> {
    fn poll_item(&mut self, cx: &Context<'_>) -> Poll<Option<S::Item>> {
        self.line_up_the_woken(cx);
        while let Some(index) = self.line.pop_front() {
            self.sources[index].stands_in_line = false;
            match self.poll_source(index) {
                Poll::Ready(Some(item)) => {
                    self.line_up(index);
                    return Poll::Ready(Some(item));
                }
                Poll::Ready(None) => self.end(index),
                Poll::Pending => {}
            }
        }
        if self.running == 0 { Poll::Ready(None) } else { Poll::Pending }
    }

    fn line_up_the_woken(&mut self, cx: &Context<'_>) {
        if standstill::is_asked() {
            self.bells.ring_all();
        }
        let mut woken = core::mem::take(&mut self.woken);
        self.bells.answer(cx.waker(), &mut woken);
        woken.iter().for_each(|&index| self.line_up(index));
        self.woken = woken;
    }

    fn line_up(&mut self, index: usize) {
        let source = &mut self.sources[index];
        if !source.has_ended && !core::mem::replace(&mut source.stands_in_line, true) {
            self.line.push_back(index);
        }
    }

    fn poll_source(&mut self, index: usize) -> Poll<Option<S::Item>> {
        let mut cx = Context::from_waker(self.bells.waker(index));
        Pin::new(&mut self.sources[index].stream).poll_next(&mut cx)
    }

    fn end(&mut self, index: usize) {
        self.sources[index].has_ended = true;
        self.running -= 1;
    }
}

impl<S: Stream + Unpin> Stream for Merge<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.get_mut();
        ready!(this.gate.poll_enter(cx));
        let item = ready!(this.poll_item(cx));
        this.gate = Gate::new();
        Poll::Ready(item)
    }
}

impl<S> fmt::Debug for Merge<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merge")
            .field("sources", &self.sources.len())
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}
