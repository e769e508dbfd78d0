//! Handshakes that never come to an end, and who must not wait for them.

use super::HOST;
use crate::certificates::{Authority, server};
use arbour::transports::tls::{TlsConnector, TlsListener, TlsStream};
use arbour::transports::{
    BytePipe, ByteReceiveExt, ByteSendExt, Connect, HandshakeError, StreamError, byte_pipe, memory_listener,
};
use arbour::{serve, task_group};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

async fn echo(mut stream: TlsStream<BytePipe>) -> Result<(), StreamError> {
    while let Some(bytes) = stream.receive(1024).await? {
        stream.send(&bytes).await?;
    }
    Ok(())
}

#[arbour::test]
async fn a_hundred_silent_peers_hold_up_nobody_and_are_gone_after_the_deadline() {
    let authority = Authority::new("authority");
    let (listener, connect) = memory_listener("memory", 64 * 1024);
    let on_server = server(&authority.issue(&[HOST])).build().unwrap();
    let overdue = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&overdue);
    let listener = TlsListener::new(listener, on_server).on_failure(move |error, _| {
        assert!(matches!(error, HandshakeError::TimedOut(_)), "{error}");
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let server = serve(listener, echo);
    let handle = server.handle();
    let served = task_group(async |group| {
        group.spawn(server.run());
        let begin = Instant::now();
        let mut silent = Vec::new();
        for _ in 0..100 {
            let mut peer = connect.connect().await.unwrap();
            peer.send(&[22, 3, 1]).await.unwrap();
            silent.push(peer);
        }

        let good = TlsConnector::new(connect, authority.client().build().unwrap()).expect_host(HOST);
        let mut client = good.connect().await.unwrap();
        client.send(b"hello").await.unwrap();
        assert_eq!(client.receive(16).await.unwrap().unwrap(), "hello");
        assert_eq!(begin.elapsed(), Duration::ZERO, "it waited for nobody");
        drop(client);

        sleep(Duration::from_secs(11)).await;
        let statistics = handle.statistics();
        assert_eq!((statistics.open, statistics.served, statistics.failed), (0, 1, 100));
        assert_eq!(overdue.load(Ordering::Relaxed), 100);
        group.scope().drain();
    });
    served.await.unwrap();
}

/// A peer that has gone silent holds up nobody who only wants to part from it.
#[arbour::test]
async fn a_goodbye_takes_no_longer_than_a_handshake_may() {
    let authority = Authority::new("authority");
    let on_server = server(&authority.issue(&[HOST])).handshake_deadline(Duration::from_secs(3));
    let (on_client, on_server) = (authority.client().build().unwrap(), on_server.build().unwrap());
    for unwraps in [false, true] {
        // So little that the goodbye waits for what was said before it.
        for room in [64 * 1024, 4 * 1024] {
            let (client, server) = byte_pipe(room);
            let (client, server) = tokio::join!(on_client.connect(client, HOST), on_server.accept(server));
            let (silent, mut server) = (client.unwrap(), server.unwrap());
            let begin = Instant::now();
            let said = server.write(&[0; 16 * 1024]).await.unwrap();
            assert!(said > 0);
            let parted = if unwraps { server.unwrap().await.map(drop) } else { server.close().await };
            let error = parted.unwrap_err();
            assert!(error.to_string().contains("longer than 3s for its goodbye"), "{error}");
            assert_eq!(begin.elapsed(), Duration::from_secs(3));
            drop(silent);
        }
    }
}
