//! The proxy between a client and a server: bytes, half-closes, a server that is gone, a drain.

use super::*;
use arbour::task_group;
use arbour::transports::{ByteSendExt, TooSlow, byte_pipe};
use tokio::time::Instant;

/// Greets, and answers when its client has said everything: that the half-close came through shows there.
async fn answer_at_the_end(stream: TcpStream) -> Result<(), StreamError> {
    stream.send(b"yes?").await?;
    let mut said = Vec::new();
    while let Some(bytes) = stream.receive(1024).await? {
        said.extend_from_slice(&bytes);
    }
    said.reverse();
    stream.send(&said).await
}

#[arbour::test(start_paused = false)]
async fn bytes_and_ends_go_both_ways_and_a_drain_waits_for_them() {
    let outcome = task_group(async |group| {
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (upstream_address, address) = (upstream.local_address(), here.local_address());
        group.spawn(serve(upstream, answer_at_the_end).run());
        let proxying = group.spawn(proxy(here, upstream_address));

        let client = TcpStream::connect(address).await.unwrap();
        let greeting = fail_after(Duration::from_secs(30), client.receive(64)).await.unwrap().unwrap();
        assert_eq!(greeting.unwrap(), "yes?");
        client.send(b"hello").await.unwrap();
        // Drained while a connection is in the middle: it is finished, and no other begins.
        while TcpStream::connect(address).await.is_ok() {
            proxying.scope().unwrap().drain();
            tokio::task::yield_now().await;
        }
        client.send(b", you").await.unwrap();
        client.send_eof().await.unwrap();
        let answer = fail_after(Duration::from_secs(30), client.receive(64)).await.unwrap().unwrap();
        assert_eq!(answer.unwrap(), "uoy ,olleh");
        assert_eq!(client.receive(64).await.unwrap(), None);
        proxying.await.unwrap();
        group.cancel("enough");
    });
    outcome.await.unwrap();
}

#[arbour::test(start_paused = false)]
async fn without_a_server_behind_it_the_client_is_closed_and_the_proxy_goes_on() {
    let outcome = task_group(async |group| {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = nobody.local_address();
        nobody.close();
        let here = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = here.local_address();
        group.spawn(proxy(here, upstream));
        for _ in 0..3 {
            let client = TcpStream::connect(address).await.unwrap();
            let closed = fail_after(Duration::from_secs(30), client.receive(64)).await.unwrap();
            assert!(matches!(closed, Ok(None) | Err(StreamError::Broken(_))), "{closed:?}");
        }
        group.cancel("enough");
    });
    outcome.await.unwrap();
}

#[arbour::test]
async fn a_server_that_takes_nothing_and_says_nothing_is_given_up() {
    let (mut client, here) = byte_pipe(4);
    let (there, _deaf) = byte_pipe(4);
    let begin = Instant::now();
    let sends = async { while client.send(b"is anybody there?").await.is_ok() {} };
    let (relayed, ()) = arbour::join!(relay(here, there), sends);
    assert!(matches!(relayed, Err(StreamError::TooSlow(TooSlow::Idle(IDLE)))), "{relayed:?}");
    assert_eq!(begin.elapsed(), IDLE);
}
