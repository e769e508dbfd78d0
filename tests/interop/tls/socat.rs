//! `socat` with OpenSSL, on either side.

use super::{HOST, Trust, accepted, connected, line, listening, rest};
use crate::peer::Peer;
use arbour::transports::ByteSendExt;

#[arbour::test(start_paused = false)]
async fn it_connects() {
    let trust = Trust::new();
    let (listener, address) = listening().await;
    let root = trust.root();
    let target = format!("OPENSSL:{address},cafile={root},commonname={HOST}");
    let mut socat = Peer::start("socat", ["-", &target]);
    let mut stream = accepted(&listener, &trust.on_server().build().unwrap()).await.unwrap();
    socat.send("hello\n").await;
    assert_eq!(line(&mut stream).await, "hello\n");
    stream.send(b"olleh\n").await.unwrap();
    socat.until("olleh").await;
    socat.end_input();
    assert_eq!(rest(&mut stream).await.unwrap(), "", "it says goodbye");
    drop(stream);
    assert!(socat.end().await.1);
}

#[arbour::test(start_paused = false)]
async fn it_accepts() {
    let trust = Trust::new();
    let (certificate, key) = (trust.certificate(), trust.key());
    let listen = format!("OPENSSL-LISTEN:0,bind=127.0.0.1,cert={certificate},key={key},verify=0");
    let mut socat = Peer::start("socat", ["-d", "-d", &listen, "EXEC:cat"]);
    let port = socat.port("listening on").await;
    let mut stream = connected(trust.on_client(), port).await.unwrap();
    stream.send(b"hello\n").await.unwrap();
    assert_eq!(line(&mut stream).await, "hello\n");
    stream.send_eof().await.unwrap();
    assert_eq!(rest(&mut stream).await.unwrap(), "");
}
