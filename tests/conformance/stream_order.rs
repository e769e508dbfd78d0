//! Memory streams in use: who gets which item, who waits, what the statistics say.

use crate::support::{never, poll_once, soon, turns};
use arbour::stream::{Capacity, RecvError, Statistics, TryRecvError, TrySendError, memory_stream};
use std::task::Poll;

mod anyio_memory {
    use super::*;

    #[arbour::test]
    async fn receive_then_send() {
        let (tx, rx) = memory_stream(0);
        let receiver = tokio::spawn(async move { [rx.recv().await, rx.recv().await] });
        turns(2).await;
        assert_eq!(tx.statistics().waiting_receivers, 1);
        soon(tx.send("hello")).await.unwrap();
        soon(tx.send("world")).await.unwrap();
        assert_eq!(soon(receiver).await.unwrap(), [Ok("hello"), Ok("world")]);
    }

    #[arbour::test]
    async fn receive_then_send_nowait() {
        let (tx, rx) = memory_stream(0);
        let (mut first, mut second) = (rx.recv(), rx.recv());
        assert!(poll_once(&mut first).await.is_pending() && poll_once(&mut second).await.is_pending());
        assert_eq!((tx.try_send(1), tx.try_send(2)), (Ok(()), Ok(())));
        assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)), "nobody waits for a third");
        assert_eq!((soon(first).await, soon(second).await), (Ok(1), Ok(2)));
    }

    #[arbour::test]
    async fn send_then_receive_nowait() {
        let (tx, rx) = memory_stream(0);
        let sender = tokio::spawn(async move { tx.send("straight from the sender").await });
        turns(2).await;
        assert_eq!(rx.try_recv(), Ok("straight from the sender"));
        assert_eq!(soon(sender).await.unwrap(), Ok(()));
    }

    #[arbour::test]
    async fn send_nowait_then_receive_nowait() {
        let (tx, rx) = memory_stream(2);
        assert_eq!((tx.try_send("first"), tx.try_send("second")), (Ok(()), Ok(())));
        assert_eq!((rx.try_recv(), rx.try_recv()), (Ok("first"), Ok("second")));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }

    /// Queued, open senders, open receivers, waiting senders, waiting receivers.
    fn figures(statistics: Statistics) -> [usize; 5] {
        assert_eq!(statistics.capacity, Capacity::Bounded(1));
        [
            statistics.queued,
            statistics.open_senders,
            statistics.open_receivers,
            statistics.waiting_senders,
            statistics.waiting_receivers,
        ]
    }

    #[arbour::test]
    async fn statistics() {
        let (tx, rx) = memory_stream(1);
        let both = || {
            assert_eq!(tx.statistics(), rx.statistics(), "the same from either end");
            figures(tx.statistics())
        };
        assert_eq!(both(), [0, 1, 1, 0, 0]);
        let (tx2, rx2) = (tx.clone(), rx.clone());
        assert_eq!(both(), [0, 2, 2, 0, 0]);
        let mut receive = rx2.recv();
        assert!(poll_once(&mut receive).await.is_pending());
        assert_eq!(both(), [0, 2, 2, 0, 1]);
        drop(receive);
        assert_eq!(both(), [0, 2, 2, 0, 0]);
        tx.try_send(1).unwrap();
        assert_eq!(both(), [1, 2, 2, 0, 0]);
        let mut send = tx2.send(2);
        assert!(poll_once(&mut send).await.is_pending());
        assert_eq!(both(), [1, 2, 2, 1, 0]);
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(both(), [1, 2, 2, 0, 0], "the waiting item has moved into the room");
        assert_eq!(poll_once(&mut send).await, Poll::Ready(Ok(())));
        drop(send);
        tx2.close_end();
        assert_eq!(both(), [1, 1, 2, 0, 0]);
        drop(tx2);
        drop(rx2);
        assert_eq!(both(), [1, 1, 1, 0, 0], "an end that was closed is not counted again when it is dropped");
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(both(), [0, 1, 1, 0, 0]);
    }
}

mod trio_channel {
    use super::*;

    #[arbour::test]
    async fn channel() {
        let (tx, rx) = memory_stream(3);
        for item in 1..=3 {
            tx.try_send(item).unwrap();
        }
        assert_eq!(tx.try_send(4), Err(TrySendError::Full(4)));
        drop(tx);
        assert_eq!([rx.recv().await, rx.recv().await, rx.recv().await], [Ok(1), Ok(2), Ok(3)]);
        assert_eq!(rx.recv().await, Err(RecvError::EndOfStream));
        assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
    }

    #[arbour::test]
    async fn channel_multiple_producers() {
        let (tx, rx) = memory_stream(0);
        for producer in 0..3 {
            let tx = tx.clone();
            tokio::spawn(async move {
                for item in 0..10 {
                    tx.send(10 * producer + item).await.unwrap();
                    turns(1).await;
                }
            });
        }
        drop(tx);
        let mut received = Vec::new();
        while let Ok(item) = soon(rx.recv()).await {
            received.push(item);
        }
        assert_eq!(received.len(), 30);
        received.sort_unstable();
        assert_eq!(received, (0..30).collect::<Vec<_>>());
    }

    #[arbour::test]
    async fn inf_capacity() {
        let (tx, rx) = memory_stream(Capacity::Unbounded);
        soon(async {
            for item in 0..10_000 {
                tx.send(item).await.unwrap();
            }
        })
        .await;
        tx.close();
        for item in 0..10_000 {
            assert_eq!(rx.try_recv(), Ok(item));
        }
        assert_eq!(rx.try_recv(), Err(TryRecvError::EndOfStream));
    }

    #[arbour::test]
    async fn channel_fairness() {
        let (tx, rx) = memory_stream(1);
        let mut waiting = rx.recv();
        assert!(poll_once(&mut waiting).await.is_pending());
        tx.try_send("for the one who waits").unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(soon(waiting).await, Ok("for the one who waits"));

        tx.try_send("queued").unwrap();
        let mut waiting = tx.send("waits for room");
        assert!(poll_once(&mut waiting).await.is_pending());
        assert_eq!(rx.try_recv(), Ok("queued"));
        assert_eq!(tx.try_send("barges in"), Err(TrySendError::Full("barges in")));
        soon(waiting).await.unwrap();
        assert_eq!(rx.try_recv(), Ok("waits for room"));
    }

    #[arbour::test]
    async fn unbuffered() {
        let (tx, rx) = memory_stream(0);
        assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
        let mut send = tx.send(1);
        for _ in 0..3 {
            assert!(poll_once(&mut send).await.is_pending());
            turns(1).await;
        }
        assert_eq!(soon(rx.recv()).await, Ok(1));
        assert_eq!(poll_once(&mut send).await, Poll::Ready(Ok(())));
        tokio::select! {
            biased;
            second = rx.recv() => panic!("nothing was sent: {second:?}"),
            () = turns(3) => {}
            () = never() => {}
        }
    }
}
