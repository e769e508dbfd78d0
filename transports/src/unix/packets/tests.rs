//! Who is at the other end of a stream of packets.

use super::*;
use crate::unix::UnixPacketListener;
use crate::{AttributesExt, Listener};
use arbour::testing::block_on;

#[test]
fn the_peer_of_a_stream_of_packets_is_known_at_both_ends() {
    let path = std::env::temp_dir().join(format!("arbour-packet-peer-{}", std::process::id()));
    block_on(async {
        let mut listener = UnixPacketListener::bind(path).unwrap();
        let client = UnixPackets::connect(listener.local_address()).await.unwrap();
        let accepted = Listener::accept(&mut listener).await.unwrap();
        let peer = accepted.peer().to_string();
        let server = accepted.establish().await.unwrap();
        for end in [&client, &server] {
            let credentials = end.attribute::<PeerCredentials>().unwrap();
            assert_eq!(credentials.pid, Some(std::process::id().cast_signed()));
            assert_eq!(credentials.to_string(), peer);
        }
    });
}
