//! The call that brings a child: answered whatever becomes of it, also when it is dropped on its way.

use super::error::Refused;
use crate::child::ChildSpec;
use crate::machine::{CallError, ChildId, ChildSpec as PureSpec};
use crate::panic::discard;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A specification on its way into a slot, with the way back to the caller.
pub(super) struct StartCall {
    id: ChildId,
    /// Taken when the machine has made a slot for it.
    spec: Option<Box<ChildSpec>>,
    /// `None` once answered.
    reply: Option<oneshot::Sender<Result<(), Refused>>>,
}

impl StartCall {
    pub(super) fn new(spec: ChildSpec) -> (Self, oneshot::Receiver<Result<(), Refused>>) {
        let (reply, answer) = oneshot::channel();
        (Self { id: Arc::clone(&spec.id), spec: Some(Box::new(spec)), reply: Some(reply) }, answer)
    }

    /// What the machine knows of the child; none once the specification was taken.
    pub(super) fn pure(&self) -> Option<PureSpec> {
        self.spec.as_ref().map(|spec| spec.pure())
    }

    pub(super) fn take_spec(&mut self) -> Option<Box<ChildSpec>> {
        self.spec.take()
    }

    pub(super) fn answer(mut self, answer: Result<(), CallError>) {
        self.send(answer);
    }

    fn send(&mut self, answer: Result<(), CallError>) {
        let Some(reply) = self.reply.take() else { return };
        let answer = answer.map_err(|reason| Refused { reason, spec: self.spec.take() });
        // To a caller that has gone nothing can be handed back: what is left is the user's.
        discard(reply.send(answer));
    }
}

impl Drop for StartCall {
    fn drop(&mut self) {
        self.send(Err(CallError::ShuttingDown { id: Arc::clone(&self.id) }));
    }
}
