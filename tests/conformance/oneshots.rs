//! Futures that are resolved by hand: tokio's `SetOnce` for many waiters, its `oneshot` for one that
//! may give up, inside our scopes.

use crate::waiters::{Waiter, poll_once};
use tokio::sync::SetOnce;
use tokio::sync::oneshot::{self, error::TryRecvError};

mod anyio_futures {
    use super::*;

    type Outcome = Result<u8, &'static str>;

    #[arbour::test]
    async fn result() {
        let answer = SetOnce::new();
        answer.set(7).unwrap();
        assert_eq!(poll_once(answer.wait()).await, Some(&7));
    }

    #[arbour::test]
    async fn disallowing_multiple_results() {
        let answer = SetOnce::new();
        answer.set(7).unwrap();
        assert_eq!(answer.set(8).unwrap_err().0, 8, "the second value comes back");
        assert_eq!(answer.get(), Some(&7));
    }

    #[arbour::test]
    async fn waiting_with_wait() {
        let answer = SetOnce::new();
        let waiter = Waiter::waiting(answer.wait()).await;
        answer.set(7).unwrap();
        waiter.got().await;
        assert_eq!((answer.get(), poll_once(answer.wait()).await), (Some(&7), Some(&7)));
    }

    #[arbour::test]
    async fn already_cancelled() {
        let (resolve, answer) = oneshot::channel();
        drop(answer);
        assert!(resolve.is_closed());
        assert_eq!(resolve.send(7), Err(7));
    }

    #[arbour::test]
    async fn cancelled_wait() {
        let (resolve, answer) = oneshot::channel::<u8>();
        let waiter = Waiter::waiting(answer).await;
        drop(resolve);
        assert!(waiter.got().await.is_err(), "nobody is left who could resolve it");
    }

    #[arbour::test]
    async fn return_value_when_future_not_finished() {
        let (resolve, mut answer) = oneshot::channel();
        assert_eq!(answer.try_recv(), Err(TryRecvError::Empty));
        resolve.send(7).unwrap();
        assert_eq!(answer.try_recv(), Ok(7));
    }

    #[arbour::test]
    async fn exception_when_future_not_finished() {
        let answer = SetOnce::<Outcome>::new();
        assert_eq!(answer.get(), None);
        assert_eq!(poll_once(answer.wait()).await, None);
    }

    #[arbour::test]
    async fn exception_when_future_failed() {
        let answer = SetOnce::<Outcome>::new();
        answer.set(Err("refused")).unwrap();
        assert_eq!(answer.get().and_then(|outcome| outcome.err()), Some("refused"));
        assert_eq!(*answer.wait().await, Err("refused"), "reading it has not taken it");
    }

    #[arbour::test]
    async fn exception_when_future_cancelled() {
        let (resolve, mut answer) = oneshot::channel::<Outcome>();
        drop(resolve);
        assert_eq!(answer.try_recv(), Err(TryRecvError::Closed));
    }

    #[arbour::test]
    async fn cancelling_already_set_return_value() {
        let (resolve, mut answer) = oneshot::channel();
        resolve.send(7).unwrap();
        answer.close();
        assert_eq!(answer.await, Ok(7));
    }

    #[arbour::test]
    async fn cancelling_already_set_exception() {
        let (resolve, mut answer) = oneshot::channel::<Outcome>();
        resolve.send(Err("refused")).unwrap();
        answer.close();
        assert_eq!(answer.await, Ok(Err("refused")));
    }

    #[arbour::test]
    async fn cancelling_with_result() {
        let (resolve, mut answer) = oneshot::channel();
        answer.close();
        assert_eq!(resolve.send(7), Err(7));
        assert!(answer.await.is_err());
    }

    #[arbour::test]
    async fn cancelled_waiter_allows_other() {
        let answer = SetOnce::new();
        let cancelled = Waiter::waiting(answer.wait()).await;
        let other = Waiter::waiting(answer.wait()).await;
        cancelled.cancel();
        cancelled.ended().await;
        answer.set(7).unwrap();
        assert_eq!(other.got().await, &7);
    }
}
