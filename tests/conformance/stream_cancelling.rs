//! Memory streams and cancelled tasks: no item is lost, none is delivered to nobody.

use crate::support::{soon, turns};
use arbour::stream::{TryRecvError, memory_stream};
use arbour::{CancelScope, task_group};

mod anyio_memory {
    use super::*;

    #[arbour::test]
    async fn cancel_send() {
        let (tx, rx) = memory_stream(0);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let sender = tokio::spawn(scope.run(async move { tx.clone().send("withdrawn").await }));
        turns(2).await;
        assert_eq!(rx.statistics().waiting_senders, 1);
        handle.cancel("while it waits");
        assert!(soon(sender).await.unwrap().is_err());
        assert_eq!(rx.statistics().waiting_senders, 0);
        assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
    }

    #[arbour::test]
    async fn receive_when_cancelled() {
        let (tx, rx) = memory_stream(0);
        for item in ["first", "second"] {
            let tx = tx.clone();
            tokio::spawn(async move { tx.send(item).await });
            turns(2).await;
        }
        let scope = CancelScope::new();
        scope.handle().cancel("before it receives");
        assert!(scope.run(rx.recv()).await.is_err());
        assert_eq!(rx.statistics().waiting_senders, 2, "nothing was taken");
        assert_eq!((soon(rx.recv()).await, soon(rx.recv()).await), (Ok("first"), Ok("second")));
    }

    #[arbour::test]
    async fn send_when_cancelled() {
        let (tx, rx) = memory_stream(0);
        let receiver = tokio::spawn(async move { rx.recv().await });
        turns(2).await;
        let scope = CancelScope::new();
        scope.handle().cancel("before it sends");
        assert!(scope.run(tx.send("refused")).await.is_err());
        assert_eq!((tx.len(), tx.statistics().waiting_senders), (0, 0));
        soon(tx.send("the next one")).await.unwrap();
        assert_eq!(soon(receiver).await.unwrap(), Ok("the next one"));
    }

    /// A receive that had begun and finds an item delivers it, cancelled or not: it is neither lost nor
    /// left behind. One that finds none is dropped, and the item of the next send stays.
    #[arbour::test]
    async fn cancel_during_receive_buffered() {
        let (tx, rx) = memory_stream(1);
        let scope = CancelScope::new();
        let handle = scope.handle();
        let end = rx.clone();
        let receiver = tokio::spawn(scope.run(async move { end.recv().await }));
        turns(2).await;
        handle.cancel("first the cancellation");
        tx.try_send("then the item").unwrap();
        assert_eq!(soon(receiver).await.unwrap(), Ok(Ok("then the item")));

        let scope = CancelScope::new();
        let handle = scope.handle();
        let end = rx.clone();
        let receiver = tokio::spawn(scope.run(async move { end.recv().await }));
        turns(2).await;
        handle.cancel("and nothing else");
        assert!(soon(receiver).await.unwrap().is_err());
        tx.try_send("for the next").unwrap();
        assert_eq!(rx.try_recv(), Ok("for the next"));
    }

    #[arbour::test]
    async fn send_to_natively_cancelled_receiver() {
        let (tx, rx) = memory_stream(1);
        let end = rx.clone();
        let killed = tokio::spawn(async move { end.recv().await });
        turns(2).await;
        killed.abort();
        tx.try_send("after the kill").unwrap();
        assert!(soon(killed).await.unwrap_err().is_cancelled());
        assert_eq!(rx.try_recv(), Ok("after the kill"));
    }
}

/// The same with the next receiver waiting already, killed by its handle: it is woken in its stead.
#[arbour::test]
async fn an_item_for_an_aborted_child_goes_to_the_receiver_that_waits_behind_it() {
    let (tx, rx) = memory_stream(0);
    let outcome = task_group(async |group| {
        let [first, second] = [rx.clone(), rx].map(|end| group.spawn_value(async move { end.recv().await }));
        turns(2).await;
        tx.try_send("item").unwrap();
        first.abort("woken, and not yet run");
        soon(second).await.unwrap()
    });
    assert_eq!(outcome.await.unwrap(), Ok("item"));
}
