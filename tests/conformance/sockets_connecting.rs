//! Ways to connect: what names a target, who looks names up, which address is tried when.

use crate::network::{Answer, Known, Line, Network};
use crate::support::MS;
use arbour::transports::attributes::RemoteAddress;
use arbour::transports::tcp::{KeepAlive, TcpConnect, TcpListen, TcpListener};
use arbour::transports::{
    AttributesExt, Connect, ConnectError, IntoConnect, NotConnected, lookup, reverse_lookup,
};
use arbour::{CancelScope, move_on_after};
use std::time::Duration;
use tokio::time::Instant;

use Answer::{No, NoSuchFamily, Yes};

/// A way into a made-up network, by a name with the addresses that answer there.
fn way(network: &Network, addresses: &[&'static str]) -> TcpConnect<Network> {
    let connect = TcpConnect::to("made-up.test", 80).unwrap();
    connect.resolver(Known(addresses.to_vec())).dial(network.clone())
}

fn at(millis: u32, address: &str) -> (Duration, String) {
    (MS * millis, address.to_owned())
}

/// Connects, and looks that nothing but the winner is open.
async fn connected(network: &Network, way: TcpConnect<Network>) -> Result<Line, ConnectError> {
    let outcome = way.connect().await;
    drop(way);
    assert_eq!(network.open(), usize::from(outcome.is_ok()));
    outcome
}

mod trio_highlevel_open_tcp_stream {
    use super::*;

    #[arbour::test]
    async fn one_host_quick_success() {
        let network = Network::new(&[("192.0.2.1", MS * 123, Yes)]);
        let line = connected(&network, way(&network, &["192.0.2.1"])).await.unwrap();
        assert_eq!((line.address.to_string().as_str(), network.time()), ("192.0.2.1", MS * 123));
    }

    #[arbour::test]
    async fn one_host_slow_success() {
        let network = Network::new(&[("192.0.2.1", MS * 100_000, Yes)]);
        connected(&network, way(&network, &["192.0.2.1"])).await.unwrap();
        assert_eq!(network.dialled(), [at(0, "192.0.2.1")]);
        assert_eq!(network.time(), MS * 100_000);
    }

    #[arbour::test]
    async fn one_host_quick_fail() {
        let network = Network::new(&[("192.0.2.1", MS * 82, No)]);
        let error = connected(&network, way(&network, &["192.0.2.1"])).await.unwrap_err();
        assert_eq!(network.time(), MS * 82);
        let expected = "cannot connect to tcp:made-up.test:80: 192.0.2.1:80: connection refused";
        assert_eq!(error.to_string(), expected);
    }

    /// The system refuses the time of silence after it has made the connection.
    #[arbour::test]
    async fn one_host_failed_after_connect() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_address();
        let connect = TcpConnect::to(address.ip(), address.port()).unwrap();
        let error = connect.keep_alive(KeepAlive::after(Duration::ZERO)).connect().await.unwrap_err();
        assert!(matches!(&error.why, NotConnected::AllFailed(failures) if failures.len() == 1), "{error}");
        let abandoned = listener.accept().await.unwrap();
        assert!(abandoned.receive(1).await.unwrap().is_none(), "it was closed");
    }

    #[arbour::test]
    async fn basic_fallthrough() {
        let network = Network::new(&[
            ("192.0.2.1", MS * 1000, Yes),
            ("192.0.2.2", MS * 1000, Yes),
            ("192.0.2.3", MS * 200, Yes),
        ]);
        let way = way(&network, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        let line = connected(&network, way).await.unwrap();
        assert_eq!(
            (line.address.to_string().as_str(), network.time()),
            ("192.0.2.3", MS * (250 + 250 + 200))
        );
        assert_eq!(network.dialled(), [at(0, "192.0.2.1"), at(250, "192.0.2.2"), at(500, "192.0.2.3")]);
    }

    #[arbour::test]
    async fn early_success() {
        let network = Network::new(&[("192.0.2.1", MS * 1000, Yes), ("192.0.2.2", MS * 100, Yes)]);
        let way = way(&network, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        let line = connected(&network, way).await.unwrap();
        assert_eq!((line.address.to_string().as_str(), network.time()), ("192.0.2.2", MS * (250 + 100)));
        assert_eq!(network.dialled(), [at(0, "192.0.2.1"), at(250, "192.0.2.2")]);
    }

    #[arbour::test]
    async fn custom_delay() {
        let network = Network::new(&[("192.0.2.3", MS, Yes)]);
        let way = way(&network, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]).attempt_delay(MS * 450);
        connected(&network, way).await.unwrap();
        assert_eq!(network.dialled(), [at(0, "192.0.2.1"), at(450, "192.0.2.2"), at(900, "192.0.2.3")]);
    }

    #[arbour::test]
    async fn custom_errors_expedite() {
        let network = Network::new(&[
            ("192.0.2.1", MS * 100, No),
            ("192.0.2.2", MS * 200, No),
            ("192.0.2.3", MS * 10_000, Yes),
            ("192.0.2.4", MS * 250, Yes),
        ]);
        let way = way(&network, &["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
        connected(&network, way).await.unwrap();
        assert_eq!(
            network.dialled(),
            [at(0, "192.0.2.1"), at(100, "192.0.2.2"), at(300, "192.0.2.3"), at(550, "192.0.2.4")]
        );
        assert_eq!(network.time(), MS * 800);
    }

    #[arbour::test]
    async fn all_fail() {
        let network = Network::new(&[
            ("192.0.2.1", MS * 100, No),
            ("192.0.2.2", MS * 200, No),
            ("192.0.2.3", MS * 200, No),
        ]);
        let way = way(&network, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        let error = connected(&network, way).await.unwrap_err();
        assert_eq!(network.time(), MS * 500);
        assert_eq!(error.target, "tcp:made-up.test:80");
        let NotConnected::AllFailed(failures) = error.why else { panic!("{error}") };
        let failed: Vec<String> = failures.iter().map(|(address, _)| address.ip().to_string()).collect();
        assert_eq!(failed, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    }

    /// The families take turns to the end, as in RFC 8305, and not for the first two alone.
    #[arbour::test]
    async fn does_reorder() {
        let network = Network::new(&[("2001:db8::1", MS * 10, Yes)]);
        let way = way(&network, &["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"]);
        connected(&network, way).await.unwrap();
        assert_eq!(network.dialled(), [at(0, "192.0.2.1"), at(250, "2001:db8::1")]);
    }

    #[arbour::test]
    async fn handles_no_ipv6() {
        let network = Network::new(&[
            ("2001:db8::1", Duration::ZERO, NoSuchFamily),
            ("192.0.2.1", MS * 10_000, Yes),
            ("2001:db8::2", Duration::ZERO, NoSuchFamily),
            ("192.0.2.2", MS * 100, Yes),
        ]);
        let way = way(&network, &["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"]);
        let line = connected(&network, way).await.unwrap();
        assert_eq!((line.address.to_string().as_str(), network.time()), ("192.0.2.2", MS * (250 + 100)));
    }

    #[arbour::test]
    async fn no_hosts() {
        let network = Network::new(&[]);
        let error = connected(&network, way(&network, &[])).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot connect to tcp:made-up.test:80: its name has no address");
    }

    #[arbour::test]
    async fn cancel() {
        let network = Network::new(&[("192.0.2.1", MS * 10_000, Yes), ("192.0.2.2", MS * 10_000, No)]);
        let way = way(&network, &["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
        let outcome = move_on_after(MS * 700, way.connect()).await;
        drop(way);
        assert!(outcome.is_err(), "nothing but the cancellation is told");
        assert_eq!((network.dialled().len(), network.open()), (3, 0));
    }
}

/// In a cancelled scope no name is looked up and nothing is dialled.
#[arbour::test]
async fn a_connect_in_a_cancelled_scope_does_not_begin() {
    let network = Network::new(&[("192.0.2.1", Duration::ZERO, Yes)]);
    let scope = CancelScope::new();
    scope.handle().cancel("before it begins");
    assert!(scope.run(way(&network, &["192.0.2.1"]).connect()).await.is_err());
    assert_eq!(network.dialled(), []);
}

mod anyio_sockets {
    use super::*;

    #[arbour::test]
    async fn asconnectable_pass_connectable() {
        let network = Network::new(&[("192.0.2.1", Duration::ZERO, Yes)]);
        let connect = way(&network, &["192.0.2.1"]).into_connect().unwrap();
        assert_eq!(connect.connect().await.unwrap().address.to_string(), "192.0.2.1");
    }

    #[arbour::test(start_paused = false)]
    async fn asconnectable_tcp() {
        let listener = TcpListen::new().bind_everywhere(0).unwrap();
        let port = listener.attribute::<arbour::transports::attributes::LocalAddress>().unwrap().port();
        for (host, display) in
            [("localhost", "tcp:localhost"), ("127.0.0.1", "tcp:127.0.0.1"), ("::1", "tcp:[::1]")]
        {
            let connect = (host, port).into_connect().unwrap();
            assert_eq!(connect.to_string(), format!("{display}:{port}"));
            let stream = connect.connect().await.unwrap();
            assert_eq!(stream.attribute::<RemoteAddress>().unwrap().port(), port);
        }
        let refused = ("two words", 80).into_connect().unwrap_err();
        assert_eq!(refused.to_string(), "`two words` is no host name: it contains ' '");
    }

    /// The letter ß is one of its own in IDNA 2008, and was ss in IDNA 2003.
    #[arbour::test]
    async fn getaddrinfo() {
        #[derive(Debug)]
        struct Heard;
        impl arbour::transports::Resolve for Heard {
            fn resolve<'a>(&'a self, name: &'a str, _: u16) -> arbour::transports::Resolving<'a> {
                Box::pin(async move { Err(std::io::Error::other(format!("asked for {name}"))) })
            }
        }
        let connect = TcpConnect::to("faß.de", 80).unwrap().resolver(Heard);
        assert_eq!(connect.host().as_str(), "faß.de");
        let error = connect.connect().await.unwrap_err();
        let expected =
            "cannot connect to tcp:faß.de:80: its name cannot be resolved: asked for xn--fa-hia.de";
        assert_eq!(error.to_string(), expected);
        let found = lookup("localhost", 80).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 80), "{found:?}");
    }

    #[arbour::test]
    async fn getaddrinfo_ipv6addr() {
        let before = Instant::now();
        assert_eq!(lookup("::1", 0).await.unwrap(), ["[::1]:0".parse().unwrap()]);
        assert_eq!(lookup("[2001:db8::1]", 443).await.unwrap(), ["[2001:db8::1]:443".parse().unwrap()]);
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    /// What this machine calls itself is its own affair; that it answers with something is not.
    #[arbour::test(start_paused = false)]
    async fn getnameinfo() {
        let found = reverse_lookup("127.0.0.1:6666".parse().unwrap()).await.unwrap();
        assert!(!found.host.is_empty());
        let listed = std::fs::read_to_string("/etc/services").unwrap_or_default();
        let listed = listed.lines().find(|line| line.split_whitespace().nth(1) == Some("6666/tcp"));
        let service = listed.and_then(|line| line.split_whitespace().next()).unwrap_or("6666");
        assert_eq!(found.service, service);
    }
}
