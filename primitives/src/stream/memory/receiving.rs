//! One poll of a receive, whoever waits: a future or an end that is polled as a stream.

use super::state::End;
use super::turn::Turn;
use super::{RecvError, Shared};
use crate::standstill;
use core::task::{Context, Poll, ready};

/// One poll. A turn that is new and gets its item at once is left as it is.
#[inline]
pub(super) fn poll_recv<T>(
    shared: &Shared<T>,
    end: &End,
    turn: &mut Turn,
    cx: &mut Context<'_>,
) -> Poll<Result<T, RecvError>> {
    let begun = turn.begins();
    if begun && let Some(item) = shared.recv_at_once(end) {
        return Poll::Ready(Ok(item));
    }
    poll_slowly(shared, end, turn, begun, cx)
}

/// The same for an item that is not to be had at once.
pub(super) fn poll_slowly<T>(
    shared: &Shared<T>,
    end: &End,
    turn: &mut Turn,
    begun: bool,
    cx: &mut Context<'_>,
) -> Poll<Result<T, RecvError>> {
    ready!(turn.poll_enter(begun, cx));
    let will_wait = turn.is_new();
    let received =
        turn.ask(|seat| shared.visit(cx, will_wait, |state, visit| state.poll_recv(end, seat, visit)));
    standstill::tell(received, || shared.wanted("an item"))
}
