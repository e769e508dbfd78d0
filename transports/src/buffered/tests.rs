//! How much memory is kept with what was received.

use super::*;
use crate::{ByteSendExt, byte_pipe};
use arbour::testing::block_on;
use std::collections::BTreeSet;

#[test]
fn small_pieces_that_are_kept_share_their_blocks() {
    block_on(async {
        let (mut client, server) = byte_pipe(64);
        let mut server = Buffered::new(server);
        let mut kept = Vec::new();
        for _ in 0..1000 {
            client.send(b"12345").await.unwrap();
            kept.push(server.receive_exactly(5).await.unwrap());
        }
        // Pieces of one block stand one behind the other.
        let begins: BTreeSet<usize> = kept.iter().map(|piece| piece.as_ptr().addr()).collect();
        let blocks = begins.iter().filter(|begin| !begins.contains(&(**begin - 5))).count();
        assert!(blocks <= 2, "5,000 bytes are kept in {blocks} blocks");
    });
}
