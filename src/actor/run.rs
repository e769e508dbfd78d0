//! The loop of one incarnation: take a message, handle it, until there are no more or a handler fails.

use super::Actor;
use super::context::Context;
use super::diagnostics::{Depth, Patience};
use super::envelope::Fate;
use super::inbox::{Inbox, Next, next};
use super::own::Polled;
use super::status::{ActorStatus, describe};
use crate::Failure;
use arbour_primitives::scope::{Lazily, lazily};
use pin_project_lite::pin_project;
use std::borrow::BorrowMut;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use tracing::Span;

/// Why an actor comes to its end in good order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StopReason {
    /// It was asked to: by its supervisor, its address, or because everything around it comes to its end.
    Asked,
    /// It asked for it itself, with [`Context::stop`].
    Itself,
    /// Nobody supervises it, and its last address is gone.
    Unreachable,
    /// A handler failed, with this failure.
    Failed(Failure),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("it was asked to stop"),
            Self::Itself => f.write_str("it stops by itself"),
            Self::Unreachable => f.write_str("its last address is gone"),
            Self::Failed(failure) => write!(f, "it failed: {failure}"),
        }
    }
}

/// Runs one incarnation to its end.
///
/// One future does it all, and what it takes is moved on whole or not held at all: the most of what an idle actor
/// costs is the room for what is held across these awaits.
#[expect(clippy::manual_async_fn, reason = "an `async fn` holds each of its arguments twice")]
pub(super) fn run<A: Actor>(
    mut inbox: impl BorrowMut<Inbox<A::Message>>,
    mut actor: A,
    incarnation: u64,
    ready: impl FnOnce(),
) -> impl Future<Output = Result<(), Failure>> {
    async move {
        // Named first, the actor is dropped first: before the messages that nobody will handle.
        let actor = &mut actor;
        let inbox = inbox.borrow_mut();
        let mut cx = inbox.begin(incarnation);
        beside(inbox, actor.started(&mut cx)).await?;
        ready();
        let mut depth = Depth::new();
        let lived = loop {
            if cx.ending {
                break Ok(StopReason::Itself);
            }
            let message = if cx.attempt() == 0
                && let Some(left) = inbox.left()
            {
                cx.begin_again(left)
            } else {
                let envelope = match inbox.at_once(&mut cx) {
                    Some(envelope) => Some(envelope),
                    None => match next(inbox, &mut cx).await {
                        Next::First => inbox.first(),
                        Next::Stopping => match beside(inbox, actor.stopping(&mut cx)).await {
                            Ok(()) => None,
                            Err(failure) => break Err(failure),
                        },
                        Next::Questions => {
                            answer(inbox, actor, &cx);
                            None
                        }
                        Next::Ended => break Ok(why_ended(&cx)),
                    },
                };
                // Nobody may want it any more.
                let Some(message) = envelope.and_then(|envelope| cx.begin(envelope)) else { continue };
                message
            };
            depth.look(cx.name(), || inbox.queued());
            let (span, patience) = (cx.span(), Patience::new(&inbox.slot.name, cx.kind(), cx.sequence()));
            let mut fate = Fate::Handled;
            let body = lazily(actor.handle(message, &mut cx)).within(inbox.scope);
            let handling = Handling { body, fate: &mut fate };
            let handled = beside(inbox, handling).within(span, patience).await;
            if let Err(failure) = handled {
                report_crash(actor, &cx, &failure);
                cx.handled(Fate::Crashed);
                break Err(failure);
            }
            cx.handled(fate);
        };
        let (why, ended) = match lived {
            Ok(why) => (why, Ok(())),
            Err(failure) => (StopReason::Failed(failure.clone()), Err(failure)),
        };
        let stopped = beside(inbox, actor.stopped(why, &mut cx)).await;
        ended.and(stopped)
    }
}

fn why_ended<A: Actor>(cx: &Context<A>) -> StopReason {
    if cx.heard { StopReason::Asked } else { StopReason::Unreachable }
}

fn report_crash<A: Actor>(actor: &A, cx: &Context<A>, failure: &Failure) {
    tracing::error!(
        actor = cx.name(),
        kind = cx.kind(),
        sequence = cx.sequence(),
        attempt = cx.attempt(),
        state = describe(actor, cx.name()),
        %failure,
        "the handler of a message failed: the actor ends"
    );
}

/// Answers all who ask how the actor is.
fn answer<A: Actor>(inbox: &Inbox<A::Message>, actor: &A, cx: &Context<A>) {
    let questions = inbox.slot.take_questions();
    if questions.is_empty() {
        return;
    }
    let status = ActorStatus {
        actor: Arc::clone(&inbox.slot.name),
        incarnation: cx.incarnation(),
        taken: cx.sequence(),
        queued: inbox.queued(),
        state: describe(actor, cx.name()),
    };
    for question in questions {
        question.send(status.clone());
    }
}

pin_project! {
    /// The handler of a message, in a scope of its own.
    struct Handling<'a, F: Future> {
        #[pin]
        body: Lazily<F>,
        // What became of the message, unless the handler failed.
        fate: &'a mut Fate,
    }
}

impl<F: Future<Output = Result<(), Failure>>> Future for Handling<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let fate = this.fate;
        // Its body was cancelled, not the actor.
        this.body.poll_or(cx, || {
            **fate = Fate::Stopped;
            Ok(())
        })
    }
}

pin_project! {
    /// A hook or handler of the actor, and what must not wait until it has returned: a request to stop has new
    /// messages refused at once.
    struct Beside<'a, M, F> {
        inbox: &'a mut Inbox<M>,
        span: Option<Box<Span>>,
        patience: Option<Patience>,
        // Whether it has been polled: before the first time, the loop has looked.
        waits: bool,
        #[pin]
        body: F,
    }
}

#[inline]
fn beside<M, F: Future>(inbox: &mut Inbox<M>, body: F) -> Beside<'_, M, F> {
    Beside { inbox, span: None, patience: None, waits: false, body }
}

impl<M, F> Beside<'_, M, F> {
    /// Has it run in this span, and reported if it takes too long.
    #[inline]
    fn within(self, span: Option<Box<Span>>, patience: Patience) -> Self {
        Self { span, patience: Some(patience), ..self }
    }
}

impl<M, F: Future> Future for Beside<'_, M, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if *this.waits {
            this.inbox.heed_stop();
        }
        let polled = {
            let _entered = this.span.as_ref().map(|span| span.enter());
            let _polled = Polled::begin(this.inbox.slot.identity());
            this.body.poll(cx)
        };
        if polled.is_pending() {
            *this.waits = true;
            this.inbox.give_back_room();
            if let Some(patience) = this.patience {
                patience.poll(cx);
            }
        }
        polled
    }
}
