//! AnyIO from PyPI, whose streams ours are after, on either side; both ways out of TLS, too.

use super::{HOST, Trust, accepted, connected, line, listening, rest};
use crate::peer::{Peer, patiently};
use arbour::transports::tls::Unwrapped;
use arbour::transports::tls::attributes::PeerNames;
use arbour::transports::{AttributesExt, ByteReceiveExt, ByteSendExt};

#[arbour::test(start_paused = false)]
async fn its_client_goes_in_and_out_of_tls() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let args = [address.port().to_string(), trust.root(), HOST.to_owned()];
    let client = Peer::python("anyio_client.py", args);

    let mut plain = patiently(listener.accept()).await.unwrap();
    assert_eq!(patiently(ByteReceiveExt::receive(&mut plain, 8)).await.unwrap().unwrap(), "STARTTLS");
    ByteSendExt::send(&mut plain, b"go on").await.unwrap();
    let config = trust.on_server().build().unwrap();
    let mut stream = patiently(config.upgrade(plain, bytes::Bytes::new())).await.unwrap();
    assert_eq!(line(&mut stream).await, "secret\n");
    stream.send(b"heard\n").await.unwrap();

    let Unwrapped { mut stream, surplus, unread, .. } = patiently(stream.unwrap()).await.unwrap();
    assert!(unread.is_empty());
    let mut plain = surplus.to_vec();
    while let Some(more) = patiently(ByteReceiveExt::receive(&mut stream, 64)).await.unwrap() {
        plain.extend_from_slice(&more);
    }
    assert_eq!(plain, b"in the clear");
    stream.close();
    let (said, content) = client.end().await;
    assert!(content, "{said}");
}

#[arbour::test(start_paused = false)]
async fn its_client_hears_a_missing_goodbye() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let args = [address.port().to_string(), trust.root(), HOST.to_owned(), "cut".to_owned()];
    let mut client = Peer::python("anyio_client.py", args);
    let stream = accepted(&listener, &trust.on_server().build().unwrap()).await.unwrap();
    client.until("shaken").await;
    stream.wrapped().close();
    client.until("BrokenResourceError").await;
}

#[arbour::test(start_paused = false)]
async fn its_server_sees_who_we_are_and_ends_in_good_order() {
    let trust = Trust::new();
    let args = [trust.certificate(), trust.key(), trust.root()];
    let mut server = Peer::python("anyio_server.py", args);
    let port = server.port("listening").await;
    let client = trust.on_client().alpn(["echo"]).identity(trust.ada.identity());
    let mut stream = connected(client, port).await.unwrap();
    assert_eq!(stream.attribute::<PeerNames>().unwrap().dns, [HOST]);
    assert_eq!(server.until("agreed").await, "agreed TLSv1.3 echo ada");
    stream.send(b"hello\n").await.unwrap();
    assert_eq!(line(&mut stream).await, "hello\n");
    stream.send(b"end\n").await.unwrap();
    assert_eq!(rest(&mut stream).await.unwrap(), "", "it says goodbye, and waits for ours");
    patiently(stream.close()).await.unwrap();
    server.until("ended in good order").await;
}
