//! Python's own TLS in its own loop: `ssl` and `asyncio`, on either side.

use super::{HOST, Trust, accepted, as_openssl_says, connected, line, listening, rest};
use crate::peer::{Peer, patiently};
use arbour::transports::ByteSendExt;

#[arbour::test(start_paused = false)]
async fn asyncio_connects() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let [certificate, key] = trust.ada();
    let args = [address.port().to_string(), trust.root(), HOST.to_owned(), certificate, key];
    let mut client = Peer::python("asyncio_client.py", args);
    let config = trust.on_server_asking().alpn(["echo"]).build().unwrap();
    let mut stream = accepted(&listener, &config).await.unwrap();
    let (version, suite, alpn) = as_openssl_says(&stream).await;
    assert_eq!(client.until("agreed").await, format!("agreed {version} {suite} {alpn} server.example"));
    assert_eq!(line(&mut stream).await, "hello\n");
    stream.send(b"olleh\n").await.unwrap();
    client.until("received olleh").await;
    assert_eq!(rest(&mut stream).await.unwrap(), "", "it says goodbye");
    drop(stream);
    let (said, content) = client.end().await;
    assert!(content, "{said}");
}

#[arbour::test(start_paused = false)]
async fn asyncio_accepts() {
    let trust = Trust::new();
    let args = [trust.certificate(), trust.key(), trust.root()];
    let mut server = Peer::python("asyncio_server.py", args);
    let port = server.port("listening").await;
    let client = trust.on_client().alpn(["echo"]).identity(trust.ada.identity());
    let mut stream = connected(client, port).await.unwrap();
    let (version, suite, alpn) = as_openssl_says(&stream).await;
    assert_eq!(server.until("agreed").await, format!("agreed {version} {suite} {alpn} ada"));
    stream.send(b"hello\n").await.unwrap();
    assert_eq!(line(&mut stream).await, "hello\n");
    patiently(stream.close()).await.unwrap();
    server.until("ended in good order").await;
}
