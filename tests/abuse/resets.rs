//! Connections that are reset, at whatever point.

use arbour::stream::{ObjectReceive, ObjectSend};
use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::transports::{
    BytePipe, ByteReceiveExt, ByteSendExt, Connect, StreamError, length_delimited, memory_listener,
};
use arbour::{Failure, fail_after, serve, task_group};
use rustix::net::sockopt::set_socket_linger;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

async fn echo(stream: TcpStream) -> Result<(), Failure> {
    while let Some(bytes) = stream.receive(1024).await? {
        stream.send(&bytes).await?;
    }
    Ok(())
}

/// Connects, sends so many bytes, and resets the connection instead of closing it.
fn reset_after(address: SocketAddr, bytes: usize) {
    let mut client = std::net::TcpStream::connect(address).unwrap();
    set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
    client.write_all(&vec![b'x'; bytes]).unwrap();
}

#[arbour::test(start_paused = false)]
async fn two_hundred_resets_reach_nobody_but_their_own_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_address();
    let server = serve(listener, echo);
    let handle = server.handle();
    let outcome = task_group(async |group| {
        group.spawn(server.run());
        let steady = TcpStream::connect(address).await.unwrap();
        for bytes in 0..200 {
            reset_after(address, bytes * 7);
            steady.send(b"still here").await.unwrap();
            let answer = fail_after(Duration::from_secs(30), steady.receive(64)).await.unwrap();
            assert_eq!(answer.unwrap().unwrap(), "still here");
        }
        steady.close();
        group.scope().drain();
    });
    outcome.await.unwrap();
    let told = handle.statistics();
    // One that was reset in the backlog may never have been accepted.
    assert!((told.open, told.cut, told.refused) == (0, 0, 0) && told.accepted <= 201, "{told:?}");
    assert_eq!(told.served + told.failed, told.accepted);
}

/// What was on its way is lost; whoever waits is told, on both sides.
#[arbour::test]
async fn a_reset_in_the_middle_of_a_frame_is_told_as_that_and_not_as_an_end() {
    for sent in 0..8 {
        let outcome = task_group(async |group| {
            let (listener, connect) = memory_listener("memory:server", 64);
            let handler = async |stream: BytePipe| {
                let mut stream = length_delimited(stream);
                while let Some(frame) = stream.recv().await? {
                    stream.send(frame).await?;
                }
                Ok::<_, Failure>(())
            };
            let server = serve(listener, handler);
            let handle = server.handle();
            group.spawn(server.run());
            let mut client = connect.connect().await.unwrap();
            client.send(&[0, 0, 0, 4, 1, 2, 3, 4][..sent]).await.unwrap();
            client.reset();
            assert!(matches!(client.receive(64).await, Err(StreamError::Broken(_))));
            tokio::time::sleep(Duration::from_secs(1)).await;
            let told = handle.statistics();
            assert_eq!((told.failed, told.served, told.open), (1, 0, 0), "after {sent} bytes");
            group.cancel("enough");
        });
        outcome.await.unwrap();
    }
}
