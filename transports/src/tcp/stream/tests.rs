//! A connection of which the system knows no more.

use super::*;
use crate::AttributesExt;
use crate::tcp::TcpListener;
use arbour::testing::block_on;
use rustix::net::sockopt;
use std::time::Duration;

#[test]
fn who_reset_a_connection_is_still_known() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = std::net::TcpStream::connect(listener.local_address()).unwrap();
        let (peer, server) = (client.local_addr().unwrap(), listener.accept().await.unwrap());
        sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
        drop(client);
        assert!(matches!(server.receive(64).await, Err(StreamError::Broken(_))));
        assert_eq!(server.require::<RemoteAddress>().unwrap(), peer);

        server.close();
        assert_eq!(server.attribute::<RemoteAddress>(), Some(peer));
        assert_eq!(server.attribute::<LocalAddress>(), Some(listener.local_address()));
        assert!(server.attribute::<RawDescriptor>().is_none());
        let (receive, send) = server.into_split();
        assert_eq!(receive.attribute::<RemoteAddress>(), Some(peer));
        assert_eq!(send.attribute::<RemoteAddress>(), Some(peer));
    });
}
