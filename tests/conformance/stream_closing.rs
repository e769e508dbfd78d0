//! Memory streams that are closed: who hears of it, what they get, what still arrives.

use crate::support::{poll_once, soon, turns};
use arbour::stream::{RecvError, SendError, TryRecvError, TrySendError, memory_stream};
use std::fmt::Debug;
use std::sync::Arc;
use std::task::Poll;

mod anyio_memory {
    use super::*;

    #[arbour::test]
    async fn receive_send_closed_receive_stream() {
        let (tx, rx) = memory_stream(1);
        rx.close_end();
        assert_eq!(rx.recv().await, Err(RecvError::Closed));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        assert_eq!(tx.send("back").await, Err(SendError::Broken("back")));
        assert_eq!(tx.try_send("back"), Err(TrySendError::Broken("back")));
    }

    #[arbour::test]
    async fn close_receive_clone_while_receiving() {
        let (tx, rx) = memory_stream(0);
        let clone = Arc::new(rx.clone());
        let end = Arc::clone(&clone);
        let blocked = tokio::spawn(async move { end.recv().await });
        turns(2).await;
        let mut other = rx.recv();
        assert!(poll_once(&mut other).await.is_pending());
        clone.close_end();
        tx.try_send("before the closed one runs").unwrap();
        assert_eq!(soon(blocked).await.unwrap(), Err(RecvError::Closed));
        assert_eq!(soon(other).await, Ok("before the closed one runs"));
    }

    #[arbour::test]
    async fn close_send_clone_while_sending() {
        let (tx, rx) = memory_stream(0);
        let clone = Arc::new(tx.clone());
        let end = Arc::clone(&clone);
        let blocked = tokio::spawn(async move { end.send("withdrawn").await });
        turns(2).await;
        clone.close_end();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(soon(blocked).await.unwrap(), Err(SendError::Closed("withdrawn")));
        let other = tokio::spawn(async move { tx.send("of the other clone").await });
        assert_eq!(soon(rx.recv()).await, Ok("of the other clone"));
        assert_eq!(soon(other).await.unwrap(), Ok(()));
    }

    #[arbour::test]
    async fn clone_closed() {
        let (tx, rx) = memory_stream(1);
        let (other_tx, other_rx) = (tx.clone(), rx.clone());
        tx.close_end();
        assert_eq!(tx.clone().try_send(1), Err(TrySendError::Closed(1)));
        rx.close_end();
        assert_eq!(rx.clone().try_recv(), Err(TryRecvError::Closed));
        other_tx.try_send(2).unwrap();
        assert_eq!(other_rx.try_recv(), Ok(2), "the other clones are open");
    }

    async fn breaks_under_a_blocked_send<T: Copy + Debug + PartialEq + Send + 'static>(item: T) {
        let (tx, rx) = memory_stream(0);
        let blocked = tokio::spawn(async move { tx.send(item).await });
        turns(2).await;
        rx.close_end();
        assert_eq!(soon(blocked).await.unwrap(), Err(SendError::Broken(item)));
    }

    #[arbour::test]
    async fn close_receive_while_sending() {
        breaks_under_a_blocked_send(()).await;
        breaks_under_a_blocked_send(false).await;
        breaks_under_a_blocked_send("item").await;
    }

    #[arbour::test]
    async fn close_send_after_item_received() {
        let (tx, rx) = memory_stream(0);
        let tx = Arc::new(tx);
        let end = Arc::clone(&tx);
        let sender = tokio::spawn(async move { end.send("taken").await });
        turns(2).await;
        assert_eq!(rx.try_recv(), Ok("taken"));
        tx.close_end();
        assert_eq!(soon(sender).await.unwrap(), Ok(()));
    }

    #[arbour::test]
    async fn close_receive_after_item_sent() {
        let (tx, rx) = memory_stream(0);
        let rx = Arc::new(rx);
        let end = Arc::clone(&rx);
        let receiver = tokio::spawn(async move { end.recv().await });
        turns(2).await;
        tx.try_send("handed over").unwrap();
        rx.close_end();
        assert_eq!(soon(receiver).await.unwrap(), Ok("handed over"));
    }

    #[arbour::test]
    async fn close_receive_after_send() {
        let (tx, rx) = memory_stream(0);
        let receiver = tokio::spawn(async move { (rx.recv().await, rx.recv().await) });
        turns(2).await;
        assert_eq!(soon(tx.send("item")).await, Ok(()));
        tx.close_end();
        assert_eq!(soon(receiver).await.unwrap(), (Ok("item"), Err(RecvError::EndOfStream)));
    }
}

mod trio_channel {
    use super::*;

    /// Each side is closed while the other is blocked, and while it is blocked itself; twice is once.
    #[arbour::test]
    async fn close_basics() {
        let (tx, rx) = memory_stream::<u8>(0);
        let receiver = tokio::spawn(async move { rx.recv().await });
        turns(2).await;
        tx.close_end();
        tx.close_end();
        assert_eq!(soon(receiver).await.unwrap(), Err(RecvError::EndOfStream));
        assert_eq!(tx.send(1).await, Err(SendError::Closed(1)));

        let (tx, rx) = memory_stream(0);
        let tx = Arc::new(tx);
        let end = Arc::clone(&tx);
        let sender = tokio::spawn(async move { end.send(2).await });
        turns(2).await;
        rx.close_end();
        rx.close_end();
        assert_eq!(soon(sender).await.unwrap(), Err(SendError::Broken(2)));
        assert_eq!(rx.recv().await, Err(RecvError::Closed));

        let (tx, rx) = memory_stream(0);
        let tx = Arc::new(tx);
        let end = Arc::clone(&tx);
        let sender = tokio::spawn(async move { end.send(3).await });
        turns(2).await;
        tx.close_end();
        assert_eq!(soon(sender).await.unwrap(), Err(SendError::Closed(3)));
        assert_eq!(rx.recv().await, Err(RecvError::EndOfStream));
    }

    /// Every close is without an await here; this is the close of an end that is dropped.
    #[arbour::test]
    async fn close_sync() {
        let (tx, rx) = memory_stream::<u8>(0);
        let receiver = tokio::spawn(async move { rx.recv().await });
        turns(2).await;
        drop(tx);
        assert_eq!(soon(receiver).await.unwrap(), Err(RecvError::EndOfStream));

        let (tx, rx) = memory_stream(0);
        let sender = tokio::spawn(async move { (tx.send(1).await, tx.send(2).await) });
        turns(2).await;
        drop(rx);
        assert_eq!(soon(sender).await.unwrap(), (Err(SendError::Broken(1)), Err(SendError::Broken(2))));
    }

    #[arbour::test]
    async fn close_multiple_send_handles() {
        let (tx, rx) = memory_stream(0);
        let other = tx.clone();
        let (mut of_closed, mut of_other) = (tx.send("of the closed one"), other.send("of the other"));
        assert!(poll_once(&mut of_closed).await.is_pending() && poll_once(&mut of_other).await.is_pending());
        tx.close_end();
        assert_eq!(poll_once(&mut of_closed).await, Poll::Ready(Err(SendError::Closed("of the closed one"))));
        assert!(poll_once(&mut of_other).await.is_pending());
        assert_eq!(rx.try_recv(), Ok("of the other"));
        assert_eq!(poll_once(&mut of_other).await, Poll::Ready(Ok(())));
    }

    #[arbour::test]
    async fn close_multiple_receive_handles() {
        let (tx, rx) = memory_stream(0);
        let other = rx.clone();
        let (mut of_closed, mut of_other) = (rx.recv(), other.recv());
        assert!(poll_once(&mut of_closed).await.is_pending() && poll_once(&mut of_other).await.is_pending());
        rx.close_end();
        assert_eq!(poll_once(&mut of_closed).await, Poll::Ready(Err(RecvError::Closed)));
        assert!(poll_once(&mut of_other).await.is_pending());
        tx.try_send("for the other").unwrap();
        assert_eq!(poll_once(&mut of_other).await, Poll::Ready(Ok("for the other")));
    }

    #[arbour::test]
    async fn as_safe_channel_close_during_iteration() {
        let (tx, rx) = memory_stream(1);
        let producer = tokio::spawn(async move {
            for item in 0.. {
                if let Err(refused) = tx.send(item).await {
                    return refused;
                }
            }
            unreachable!("the receiving end is closed first")
        });
        for expected in 0..10 {
            assert_eq!(soon(rx.recv()).await, Ok(expected));
        }
        rx.close_end();
        assert_eq!(soon(rx.recv()).await, Err(RecvError::Closed));
        assert!(matches!(soon(producer).await.unwrap(), SendError::Broken(10..)));
    }
}
