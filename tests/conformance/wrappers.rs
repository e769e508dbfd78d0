//! Streams made of streams: buffered, stapled, text.

use crate::support::soon;
use arbour::stream::{ObjectReceive, ObjectSend, ObjectStream, TrySend, memory_stream};
use arbour::transports::{
    Attribute, Attributes, AttributesExt, Buffered, ByteReceiveExt, ByteSendExt, Connect, Demand, Encoding,
    FromChunks, Listener, OnBadBytes, ReceiveError, Stapled, StapledError, StapledObjects, StreamError, Text,
    TextError, Wanted, chunks, memory_listener, one_way_pipe,
};
use bytes::Bytes;

/// An object stream of bytes that gives these, then ends, as a buffered byte stream.
async fn buffered_objects(
    messages: &[&'static str],
) -> Buffered<FromChunks<arbour::stream::ReceiveStream<Bytes>>> {
    let (tx, rx) = memory_stream(messages.len());
    for message in messages {
        tx.send(Bytes::from_static(message.as_bytes())).await.unwrap();
    }
    Buffered::new(FromChunks::new(rx))
}

mod anyio_buffered {
    use super::*;

    #[arbour::test]
    async fn receive_skips_empty_messages() {
        let mut stream = buffered_objects(&["", "abcdef", "", "g", ""]).await;
        assert_eq!(stream.receive(4).await.unwrap().unwrap(), "abcd");
        assert_eq!(stream.receive(4).await.unwrap().unwrap(), "ef");
        assert_eq!(stream.receive(4).await.unwrap().unwrap(), "g");
        assert_eq!(stream.receive(4).await.unwrap(), None);
        assert_eq!(stream.receive(4).await.unwrap(), None);
    }

    #[arbour::test]
    async fn receive_exactly() {
        let mut stream = buffered_objects(&["abcd", "efgh"]).await;
        assert_eq!(stream.receive_exactly(8).await.unwrap(), "abcdefgh");
        assert_eq!(stream.receive_exactly(0).await.unwrap(), "");
        let refused = stream.receive_exactly(1).await.unwrap_err();
        let incomplete =
            matches!(refused, ReceiveError::Incomplete { received: 0, wanted: Wanted::Bytes(1), .. });
        assert!(incomplete, "{refused:?}");
    }

    #[arbour::test]
    async fn receive_until() {
        let mut stream = buffered_objects(&["abcd", "efgh"]).await;
        assert_eq!(stream.receive_until(b"de", 10).await.unwrap(), "abc");
        assert_eq!(stream.buffer(), b"fgh");
        assert_eq!(stream.receive_until(b"h", 10).await.unwrap(), "fg");
        assert_eq!(stream.buffer(), b"");
    }

    #[arbour::test]
    async fn receive_until_incomplete() {
        let mut stream = buffered_objects(&["abcd"]).await;
        let refused = stream.receive_until(b"de", 10).await.unwrap_err();
        let incomplete =
            matches!(refused, ReceiveError::Incomplete { received: 4, wanted: Wanted::Delimiter, .. });
        assert!(incomplete, "{refused:?}");
        assert_eq!(stream.buffer(), b"abcd");
        let refused = stream.receive_until(b"x", 2).await.unwrap_err();
        assert!(matches!(refused, ReceiveError::TooLong { max: 2 }), "{refused:?}");
        assert_eq!(stream.receive_exactly(4).await.unwrap(), "abcd");
    }

    #[arbour::test]
    async fn buffered_connectable() {
        let (mut listener, connect) = memory_listener("memory:echo", 64);
        let connect = connect.map(Buffered::new);
        assert_eq!(connect.to_string(), "memory:echo");
        let (client, accepted) = soon(async { tokio::join!(connect.connect(), listener.accept()) }).await;
        let (mut client, mut server) = (client.unwrap(), accepted.unwrap().establish().await.unwrap());
        client.send(b"ping").await.unwrap();
        assert_eq!(server.receive(9).await.unwrap().unwrap(), "ping");
        server.send(b"pong\n").await.unwrap();
        assert_eq!(client.receive_until(b"\n", 9).await.unwrap(), "pong");
    }
}

mod anyio_stapled {
    use super::*;

    #[arbour::test]
    async fn stapledbytestream_aclose() {
        let ((tx, mut peer_rx), (mut peer_tx, rx)) = (one_way_pipe(8), one_way_pipe(8));
        let mut stream = Stapled::new(tx, rx);
        stream.send(b"before").await.unwrap();
        stream.close();
        assert!(matches!(stream.receive(1).await, Err(StreamError::Closed)));
        assert!(matches!(stream.send(b"x").await, Err(StreamError::Closed)));
        // Both halves are closed: the peer reads what was sent and then the end, and cannot send.
        assert_eq!(peer_rx.receive(9).await.unwrap().unwrap(), "before");
        assert_eq!(peer_rx.receive(9).await.unwrap(), None);
        assert!(matches!(peer_tx.send(b"x").await, Err(StreamError::Broken(_))));
    }

    /// A half that can only send and wait.
    struct OnlySends;

    impl ObjectSend<u8> for OnlySends {
        type Error = std::convert::Infallible;

        async fn send(&mut self, _: u8) -> Result<(), Self::Error> {
            Ok(())
        }
    }

    /// Whether a stream can try to send: the method of the type itself goes before that of the trait.
    struct Can<T>(std::marker::PhantomData<T>);

    impl<T: TrySend<u8>> Can<T> {
        const TRY_SEND: bool = true;
    }

    trait Cannot {
        const TRY_SEND: bool = false;
    }

    impl<T> Cannot for Can<T> {}

    /// Where the sending half cannot, it does not compile.
    #[arbour::test]
    async fn stapledobjectstream_send_nowait_not_implemented() {
        type Half = arbour::stream::ReceiveStream<u8>;
        let (can, cannot) = (
            Can::<StapledObjects<arbour::stream::SendStream<u8>, Half>>::TRY_SEND,
            Can::<StapledObjects<OnlySends, Half>>::TRY_SEND,
        );
        assert!(can && !cannot);

        let (tx, rx) = memory_stream(1);
        let mut stream = StapledObjects::new(tx, rx);
        stream.try_send(1).unwrap();
        assert!(matches!(stream.try_send(2), Err(StapledError::Half(_))), "there is no room");
        ObjectStream::<u8>::send_eof(&mut stream).await.unwrap();
        assert!(matches!(stream.try_send(3), Err(StapledError::Ended { item: 3 })));
        assert_eq!(stream.recv().await.unwrap(), Some(1));
        assert_eq!(stream.recv().await.unwrap(), None);
    }
}

mod anyio_text {
    use super::*;

    #[arbour::test]
    async fn receive() {
        let (mut tx, rx) = one_way_pipe(64);
        let mut text = Text::new(rx);
        tx.send(b"\xc3\xa5\xc3\xa4\xc3").await.unwrap();
        assert_eq!(text.recv().await.unwrap().unwrap(), "åä");
        tx.send(b"\xb6").await.unwrap();
        assert_eq!(text.recv().await.unwrap().unwrap(), "ö");
    }

    #[arbour::test]
    async fn send() {
        let (tx, mut rx) = one_way_pipe(64);
        let mut text = Text::new(tx);
        text.send("åäö").await.unwrap();
        assert_eq!(rx.receive(64).await.unwrap().unwrap(), "åäö".as_bytes());
    }

    #[arbour::test]
    async fn receive_encoding_error() {
        let (mut tx, rx) = one_way_pipe(64);
        tx.send(b"\xe5\xe4\xf6").await.unwrap();
        drop(tx);
        let mut text = Text::with_encoding(rx, Encoding::Utf8, OnBadBytes::Replace);
        assert_eq!(text.recv().await.unwrap().unwrap(), "\u{fffd}".repeat(3));
        assert_eq!(text.recv().await.unwrap(), None);
        // Refused instead, the bytes are named, and what follows is received.
        let (mut tx, rx) = one_way_pipe(64);
        tx.send(b"a\xffb").await.unwrap();
        let mut text = Text::new(rx);
        assert_eq!(text.recv().await.unwrap().unwrap(), "a");
        let refused = text.recv().await.unwrap_err();
        assert!(matches!(&refused, TextError::Bad(bad) if bad.bytes == [0xff][..]), "{refused:?}");
        assert_eq!(text.recv().await.unwrap().unwrap(), "b");
    }

    #[arbour::test]
    async fn send_bom_emitted_only_once() {
        for (encoding, wire) in [
            (Encoding::Utf16, &[0xff, 0xfe, b'a', 0, b'b', 0][..]),
            (Encoding::Utf8Mark, &[0xef, 0xbb, 0xbf, b'a', b'b'][..]),
            (Encoding::Utf16Be, &[0, b'a', 0, b'b'][..]),
        ] {
            let (tx, rx) = one_way_pipe(64);
            let mut text = Text::with_encoding(tx, encoding, OnBadBytes::Refuse);
            text.send("a").await.unwrap();
            text.send("b").await.unwrap();
            assert_eq!(Buffered::new(rx).receive_exactly(wire.len()).await.unwrap(), wire, "{encoding:?}");
        }
    }

    struct Origin;

    impl Attribute for Origin {
        type Value = &'static str;
        const NAME: &'static str = "origin";
    }

    struct Volume;

    impl Attribute for Volume {
        type Value = u8;
        const NAME: &'static str = "volume";
    }

    /// A half with an origin, and the sending one with a volume, too.
    struct Marked<S>(S, &'static str, Option<u8>);

    impl<S> Attributes for Marked<S> {
        fn provide(&self, demand: &mut Demand<'_>) {
            demand.give::<Origin>(|| self.1).give_some::<Volume>(|| self.2);
        }
    }

    impl<S: tokio::io::AsyncRead + Unpin> tokio::io::AsyncRead for Marked<S> {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            to: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::pin::Pin::new(&mut self.0).poll_read(cx, to)
        }
    }

    impl<S: tokio::io::AsyncWrite + Unpin> tokio::io::AsyncWrite for Marked<S> {
        fn poll_write(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            from: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            std::pin::Pin::new(&mut self.0).poll_write(cx, from)
        }

        fn poll_flush(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::pin::Pin::new(&mut self.0).poll_flush(cx)
        }

        fn poll_shutdown(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::pin::Pin::new(&mut self.0).poll_shutdown(cx)
        }
    }

    #[arbour::test]
    async fn bidirectional_stream() {
        let ((tx, mut peer_rx), (mut peer_tx, rx)) = (one_way_pipe(64), one_way_pipe(64));
        let (tx, rx) =
            (Marked(tx, "of the sending half", Some(11)), Marked(rx, "of the receiving half", None));
        let mut text = Text::new(Stapled::new(tx, rx));
        peer_tx.send(b"\xc3\xa5\xc3\xa4\xc3").await.unwrap();
        assert_eq!(text.recv().await.unwrap().unwrap(), "åä");
        peer_tx.send(b"\xb6").await.unwrap();
        assert_eq!(text.recv().await.unwrap().unwrap(), "ö");
        text.send("åäö").await.unwrap();
        assert_eq!(peer_rx.receive(64).await.unwrap().unwrap(), "åäö".as_bytes());
        // Of both halves; where both have one, the receiving half's.
        assert_eq!(text.attribute::<Origin>(), Some("of the receiving half"));
        assert_eq!(text.attribute::<Volume>(), Some(11));
        ObjectStream::<&str, String>::send_eof(&mut text).await.unwrap();
        assert_eq!(peer_rx.receive(64).await.unwrap(), None);
        let mut lines = chunks(peer_tx);
        lines.send(Bytes::from("!")).await.unwrap();
        assert_eq!(text.recv().await.unwrap().unwrap(), "!");
    }
}
