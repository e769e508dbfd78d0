//! A line to a server that fails as a test says, each direction by itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// Whither bytes go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum To {
    Server,
    Client,
}

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flow {
    Pass,
    /// They come so much later.
    Delay(Duration),
    /// They are lost, and the connection stays.
    Drop,
    /// They come when the flow is another one.
    Hold,
    /// After so many, counted over all connections, the connection is closed, and the next ones pass.
    Cut(usize),
}

/// The line. Dropped, it accepts nothing more.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    line: Arc<Line>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Line {
    server: u16,
    flows: [watch::Sender<Flow>; 2],
    /// What is written instead of what, on the way to the server; both are of one length.
    instead: Mutex<Vec<(String, String)>>,
    counts: Mutex<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: usize,
    pub(crate) to_server: usize,
    pub(crate) to_client: usize,
}

impl Proxy {
    /// A good line to the server on this port.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let flows = [(); 2].map(|()| watch::Sender::new(Flow::Pass));
        let line = Arc::new(Line { server, flows, instead: Mutex::default(), counts: Mutex::default() });
        let accepting = tokio::spawn(Arc::clone(&line).accept(listener));
        Self { port, line, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn set(&self, to: To, flow: Flow) {
        self.line.flows[to as usize].send_replace(flow);
    }

    pub(crate) fn heal(&self) {
        self.set(To::Server, Flow::Pass);
        self.set(To::Client, Flow::Pass);
    }

    pub(crate) fn write_instead(&self, what: &str, instead: &str) {
        assert_eq!(what.len(), instead.len());
        self.line.instead.lock().unwrap().push((what.to_owned(), instead.to_owned()));
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.line.counts.lock().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Line {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            self.counts.lock().unwrap().connections += 1;
            tokio::spawn(Arc::clone(&self).carry(client));
        }
    }

    /// Until one side closes or the line is cut: then both are closed.
    async fn carry(self: Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)).await else { return };
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::select! {
            biased;
            () = self.pump(from_client, to_server, To::Server) => {}
            () = self.pump(from_server, to_client, To::Client) => {}
        }
    }

    async fn pump(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, direction: To) {
        let mut flow = self.flows[direction as usize].subscribe();
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let now = *flow.borrow_and_update();
            let bytes = &mut buffer[..count];
            match now {
                Flow::Drop => continue,
                Flow::Pass => {}
                Flow::Delay(by) => sleep(by).await,
                Flow::Hold => drop(flow.changed().await),
                Flow::Cut(left) if left < count => {
                    self.flows[direction as usize].send_replace(Flow::Pass);
                    let _ = to.write_all(&bytes[..left]).await;
                    return;
                }
                Flow::Cut(left) => drop(self.flows[direction as usize].send_replace(Flow::Cut(left - count))),
            }
            self.rewrite(bytes, direction);
            if to.write_all(bytes).await.is_err() {
                return;
            }
        }
    }

    fn rewrite(&self, bytes: &mut [u8], direction: To) {
        let mut counts = self.counts.lock().unwrap();
        match direction {
            To::Server => counts.to_server += bytes.len(),
            To::Client => counts.to_client += bytes.len(),
        }
        for (what, instead) in self.instead.lock().unwrap().iter().filter(|_| direction == To::Server) {
            for start in 0..=bytes.len().saturating_sub(what.len()) {
                if bytes[start..].starts_with(what.as_bytes()) {
                    bytes[start..start + what.len()].copy_from_slice(instead.as_bytes());
                }
            }
        }
    }
}
