//! What a target keeps on its way to whoever dials.

use super::*;
use crate::tcp::Dial;
use arbour::testing::block_on;
use std::io;
use std::sync::{Arc, Mutex};

/// Reaches nobody, and notes whom it was to reach.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<Vec<SocketAddr>>>);

impl Dial for Noting {
    type Stream = ();

    async fn dial(&self, address: SocketAddr) -> io::Result<()> {
        self.0.lock().unwrap().push(address);
        Ok(())
    }
}

#[test]
fn an_address_keeps_its_scope() {
    block_on(async {
        let address: SocketAddr = "[fe80::1%2]:80".parse().unwrap();
        let hosts = ["fe80::1%2", "[fe80::1%2]"].map(|host| host.parse::<Host>().unwrap());
        let by_host = hosts.map(|host| TcpConnect::to(host, 80).unwrap());
        for connect in by_host.into_iter().chain([address.into_connect().unwrap()]) {
            assert_eq!(connect.to_string(), "tcp:[fe80::1%2]:80");
            assert_eq!(connect.host().address(), Some(address.ip()));
            let dialled = Noting::default();
            connect.dial(dialled.clone()).connect().await.unwrap();
            assert_eq!(*dialled.0.lock().unwrap(), [address]);
        }
        let connect = address.into_connect().unwrap();
        assert_eq!(connect.host_name(), Some("fe80::1"), "a certificate knows no scopes");
    });
}
