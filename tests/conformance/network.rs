//! A network that the tests make up: names with addresses, and addresses that answer when they are told to.

use arbour::transports::tcp::Dial;
use arbour::transports::{Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A resolver that knows the same addresses of each name.
#[derive(Debug)]
pub(crate) struct Known(pub(crate) Vec<&'static str>);

impl Resolve for Known {
    fn resolve<'a>(&'a self, _: &'a str, port: u16) -> Resolving<'a> {
        let addresses = self.0.iter().map(|address| SocketAddr::new(address.parse().unwrap(), port));
        let addresses = addresses.collect();
        Box::pin(async { Ok(addresses) })
    }
}

/// How an address answers a dial.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// Connected.
    Yes,
    /// Refused.
    No,
    /// The machine has no such sockets.
    NoSuchFamily,
}

/// Addresses, when they answer, and what they answer; the others never do.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    answers: Vec<(IpAddr, Duration, Answer)>,
    begin: Instant,
    log: Arc<Mutex<Vec<(Duration, String)>>>,
    /// One clone for each socket that is open.
    open: Arc<()>,
}

/// A connection of this network.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) address: IpAddr,
    _open: Arc<()>,
}

impl Network {
    pub(crate) fn new(answers: &[(&str, Duration, Answer)]) -> Self {
        let answers =
            answers.iter().map(|(address, after, answer)| (address.parse().unwrap(), *after, *answer));
        let (answers, log) = (answers.collect(), Arc::default());
        Self { answers, begin: Instant::now(), log, open: Arc::default() }
    }

    /// Which addresses were dialled, and when.
    pub(crate) fn dialled(&self) -> Vec<(Duration, String)> {
        self.log.lock().unwrap().clone()
    }

    /// How many sockets are open.
    pub(crate) fn open(&self) -> usize {
        Arc::strong_count(&self.open) - Arc::strong_count(&self.log)
    }

    pub(crate) fn time(&self) -> Duration {
        self.begin.elapsed()
    }
}

impl Dial for Network {
    type Stream = Line;

    async fn dial(&self, address: SocketAddr) -> io::Result<Line> {
        let address = address.ip();
        self.log.lock().unwrap().push((self.time(), address.to_string()));
        let line = Line { address, _open: Arc::clone(&self.open) };
        let Some((_, after, answer)) = self.answers.iter().find(|(of, ..)| *of == address) else {
            return std::future::pending().await;
        };
        sleep(*after).await;
        match answer {
            Answer::Yes => Ok(line),
            Answer::No => Err(io::ErrorKind::ConnectionRefused.into()),
            Answer::NoSuchFamily => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}
