//! `socat` at the other end of plain sockets.

use crate::peer::{Peer, patiently};
use arbour::transports::tcp::{TcpListener, TcpStream};

#[arbour::test(start_paused = false)]
async fn socat_connects_by_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut socat = Peer::start("socat", ["-", &format!("TCP:{}", listener.local_address())]);
    let stream = patiently(listener.accept()).await.unwrap();
    socat.send("hello\n").await;
    assert_eq!(patiently(stream.receive(64)).await.unwrap().unwrap(), "hello\n");
    stream.send(b"olleh\n").await.unwrap();
    socat.until("olleh").await;
    socat.end_input();
    assert!(
        patiently(stream.receive(64)).await.unwrap().is_none(),
        "its input ended, and so did its sending"
    );
    stream.send(b"after the end\n").await.unwrap();
    stream.close();
    let (said, content) = socat.end().await;
    assert!(content && said.ends_with("after the end\n"), "{said}");
}

#[arbour::test(start_paused = false)]
async fn socat_accepts_by_tcp() {
    let mut socat = Peer::start("socat", ["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", "EXEC:cat"]);
    let port = socat.port("listening on").await;
    let stream = TcpStream::connect(([127, 0, 0, 1], port).into()).await.unwrap();
    stream.send(b"hello").await.unwrap();
    assert_eq!(patiently(stream.receive(64)).await.unwrap().unwrap(), "hello");
    stream.send_eof().await.unwrap();
    assert!(patiently(stream.receive(64)).await.unwrap().is_none());
}
