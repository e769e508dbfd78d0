//! The task that keeps one lease: it asks the store what the machine says, and decides nothing.

use super::holder::Holder;
use crate::machine::{Ask, Event, LeaseState, Reply, Request};
use crate::store::{Acquired, Extended, Operation, Released, StoreError};
use arbour_primitives::scope::shield;
use arbour_primitives::sync::Event as Once;
use arbour_primitives::sync::futures::Wait;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use tokio::time::{Sleep, sleep, timeout};

type Asking = Pin<Box<dyn Future<Output = Event> + Send>>;

/// Acquires the lease and keeps it until `over` is set, then releases it.
///
/// Shielded: a cancellation ends the body, and what the body leaves behind still needs the lease. What ends the body
/// sets `over`, in whatever way that was.
pub(super) async fn keep(holder: Arc<Holder>, once: bool, over: Once) {
    shield(async {
        if over.is_set() {
            return;
        }
        let mut wanted = pin!(Some(over.wait()));
        let mut asking = ask(&holder, holder.handle(Event::Acquire { once }));
        while !matches!(holder.state(), LeaseState::Released { .. }) {
            let mut timer = pin!(holder.due().map(sleep));
            let event = next(wanted.as_mut(), &mut asking, timer.as_mut()).await;
            if let Some(request) = holder.handle(event) {
                asking = ask(&holder, Some(request));
            }
        }
    })
    .await;
}

/// What happens first: the end of the body, an answer, the timer.
async fn next(
    mut wanted: Pin<&mut Option<Wait<'_>>>,
    asking: &mut Option<Asking>,
    mut timer: Pin<&mut Option<Sleep>>,
) -> Event {
    poll_fn(|cx| {
        if wanted.as_mut().as_pin_mut().is_some_and(|over| over.poll(cx).is_ready()) {
            wanted.set(None);
            return Poll::Ready(Event::Release);
        }
        if let Some(Poll::Ready(answer)) = asking.as_mut().map(|asking| asking.as_mut().poll(cx)) {
            *asking = None;
            return Poll::Ready(answer);
        }
        match timer.as_mut().as_pin_mut().map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Event::Timer),
            _ => Poll::Pending,
        }
    })
    .await
}

fn ask(holder: &Arc<Holder>, request: Option<Request>) -> Option<Asking> {
    let request = request?;
    let holder = Arc::clone(holder);
    Some(Box::pin(async move {
        let reply = match timeout(request.within, holder.send(request.ask)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => holder.failed(error),
            Err(_) => holder.failed(unanswered(&holder, request)),
        };
        Event::Answer { number: request.number, reply }
    }))
}

fn unanswered(holder: &Holder, request: Request) -> StoreError {
    let operation = match request.ask {
        Ask::Acquire => Operation::Acquire,
        Ask::Extend => Operation::Extend,
        Ask::Release => Operation::Release,
        Ask::UntilFree(_) => Operation::UntilFree,
    };
    StoreError::late(operation, holder.name.as_str(), request.within)
}

impl Holder {
    async fn send(&self, ask: Ask) -> Result<Reply, StoreError> {
        use crate::store::LeaseStore;
        let (store, name, token, ttl) = (&self.store, &self.name, self.token, self.times.ttl());
        Ok(match ask {
            Ask::Acquire => match store.acquire(name, token, &self.owner, ttl).await? {
                Acquired::Granted(fence) => Reply::Granted(fence),
                Acquired::Held(holding) => Reply::Taken(holding),
            },
            Ask::Extend => match store.extend(name, token, ttl).await? {
                Extended::Confirmed(fence) => Reply::Confirmed(fence),
                Extended::Gone(holding) => Reply::Gone(holding),
            },
            Ask::Release => match store.release(name, token).await? {
                Released::Now | Released::NotHeld => Reply::Released,
            },
            Ask::UntilFree(at_most) => {
                store.until_free(name, at_most).await?;
                Reply::MayBeFree
            }
        })
    }

    fn failed(&self, error: StoreError) -> Reply {
        let kind = error.kind();
        self.note(error);
        Reply::Failed(kind)
    }
}
