//! A call that starts a child: answered whatever becomes of it, also when it is dropped on its way.

use super::error::Refused;
use super::started::ChildStart;
use crate::child::ChildSpec;
use crate::failure::Failure;
use crate::machine::{CallError, ChildId, Request};
use crate::panic::discard;
use tokio::sync::oneshot;

pub(super) type StartAnswer = Result<ChildStart, Refused>;

/// What is to be started, perhaps with a specification on its way into a slot, and the way back to the caller.
pub(super) struct StartCall {
    /// Taken when the machine is asked.
    request: Option<Request>,
    /// Taken when the machine has made a slot for it.
    spec: Option<Box<ChildSpec>>,
    too_late: CallError,
    /// `None` once answered.
    reply: Option<oneshot::Sender<StartAnswer>>,
}

impl StartCall {
    /// One more child with a name.
    pub(super) fn of_child(spec: ChildSpec) -> (Box<Self>, oneshot::Receiver<StartAnswer>) {
        Self::new(Request::StartChild(spec.pure()), Some(Box::new(spec)))
    }

    /// One more child of a dynamic supervisor.
    pub(super) fn of_template(spec: ChildSpec) -> (Box<Self>, oneshot::Receiver<StartAnswer>) {
        Self::new(Request::StartDynamic, Some(Box::new(spec)))
    }

    /// A child that is there.
    pub(super) fn again(id: ChildId) -> (Box<Self>, oneshot::Receiver<StartAnswer>) {
        Self::new(Request::RestartChild(id), None)
    }

    fn new(request: Request, spec: Option<Box<ChildSpec>>) -> (Box<Self>, oneshot::Receiver<StartAnswer>) {
        let (reply, answer) = oneshot::channel();
        let too_late = request.too_late();
        (Box::new(Self { request: Some(request), spec, too_late, reply: Some(reply) }), answer)
    }

    /// What the machine is to be asked, once.
    pub(super) fn take_request(&mut self) -> Option<Request> {
        self.request.take()
    }

    pub(super) fn take_spec(&mut self) -> Option<Box<ChildSpec>> {
        self.spec.take()
    }

    pub(super) fn start(mut self, start: ChildStart) {
        self.send(Ok(start));
    }

    pub(super) fn refuse(mut self, reason: CallError, failure: Option<Failure>) {
        self.hand_back(reason, failure);
    }

    fn hand_back(&mut self, reason: CallError, failure: Option<Failure>) {
        let spec = self.spec.take();
        self.send(Err(Refused { reason, failure, spec }));
    }

    fn send(&mut self, answer: StartAnswer) {
        let Some(reply) = self.reply.take() else { return };
        // To a caller that has gone nothing can be handed back: what is left is the user's.
        discard("who had asked for a start", reply.send(answer));
    }
}

impl Drop for StartCall {
    fn drop(&mut self) {
        if self.reply.is_some() {
            self.hand_back(self.too_late.clone(), None);
        }
    }
}
